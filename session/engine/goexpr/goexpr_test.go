package goexpr

import (
	"errors"
	"go/ast"
	"go/constant"
	"go/types"
	"strings"
	"testing"

	"gtrace/diag"
)

func TestMistakes(t *testing.T) {
	for _, tt := range []struct{ expr, marked, reason string }{
		{"", "", "empty"},
		{"n >", "", "something is missing at the end"},
		{"n = 3", "=", "to compare, write =="},
		{"n > 3 and m < 2", "and", "written &&"},
		{"n > 3 or m < 2", "or", "written ||"},
		{"name == 'ann'", "'", `a string is written "…"`},
		{"u.Name() == 3", "u", "no function can be called"},
		{"len(a, b)", "len", "no function can be called"},
		{"<-c", "<", "would be received"},
		{"&x", "&", "the address of something cannot be taken"},
		{"func() bool { return true }()", "func", "no function can be called"},
		{"[]int{1}[0] == 1", "[", "new values cannot be made"},
		{"xs[1:2:3]", "xs", "a slice with a capacity"},
		{"n > 1e99999999", "1e99999999", "no number of the target is as large"},
		{"v.(type)", "v", "only be used in a switch"},
		{"naïve == größe &&& x", "&", ""},
	} {
		_, err := Parse(tt.expr)
		e, ok := errors.AsType[*diag.Error](err)
		if !ok || !strings.Contains(e.Reason, tt.reason) {
			t.Errorf("%s: %v", tt.expr, err)
			continue
		}
		runes := []rune(tt.expr)
		if got := string(runes[e.Offset:min(len(runes), e.Offset+e.Length)]); got != tt.marked {
			t.Errorf("%s: %q is marked, not %q", tt.expr, got, tt.marked)
		}
	}
}

// names are what the tests know of a target.
func names() *types.Package {
	pkg := types.NewPackage("target", "target")
	for name, t := range map[string]types.Type{
		"n": types.Typ[types.Int], "s": types.Typ[types.String], "ok": types.Typ[types.Bool],
		"m": types.NewMap(types.Typ[types.String], types.NewSlice(types.Typ[types.Uint8])),
		"u": types.NewPointer(types.NewStruct([]*types.Var{
			types.NewField(0, pkg, "name", types.Typ[types.String], false),
		}, nil)),
		"store.limit": types.Typ[types.Int8],
	} {
		pkg.Scope().Insert(types.NewVar(0, pkg, name, t))
	}
	pkg.Scope().Insert(types.NewConst(0, pkg, "two", types.Typ[types.Int], constant.MakeInt64(2)))
	return pkg
}

func qualified(x *Expr) *Expr {
	x.Qualify(func(pkg, name string) bool { return pkg == "store" && name == "limit" })
	return x
}

func TestCheck(t *testing.T) {
	for expr, want := range map[string]string{
		"n > 3 && ok":           "true",
		"u.name == s":           "true",
		"m[s][n] < 3":           "true",
		"store.limit > -4":      "true",
		"two*3 == 6":            "true",
		"(*u).name[1:] == \"\"": "true",
		"n":                     "neither true nor false",
		"x":                     "undefined: x",
		"store.other":           "undefined: store",
		"u.nme":                 "u.nme undefined",
		"n == s":                "mismatched types",
		"store.limit > 300":     "300",
		"n > \"3\"":             "mismatched types",
		"int":                   "int is not a value",
	} {
		x, err := Parse(expr)
		if err != nil {
			t.Fatal(err)
		}
		info, err := qualified(x).Check(names())
		if err == nil {
			err = x.IsCondition(info.Types[x.Node].Type)
		}
		if err == nil && want != "true" || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", expr, err, want)
		}
	}
}

func TestNames(t *testing.T) {
	x, err := Parse(`a.b.c[d.e] + len(f) > (*g).h[i:j] && k.(l)`)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	x.Names(func(id *ast.Ident) { got = append(got, id.Name) })
	if s := strings.Join(got, " "); s != "a d len f g i j k l" {
		t.Error(s)
	}
}

// FuzzCheck demands that every text is taken or refused with a place in it.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		"n > 3", "u.name == \"x\" || m[s][n] < 1<<3", "store.limit", "len(s[1:n])", "*u", "-n ^ +n", "v.(int)", "n.(*",
		"f(x)", "'", "\"", "n\n> 3", "ä == 3", "((((", "/*", "n // 3", "m[", "u.", ".", "int8(n) << 9", "s + s", "nil == u", "1e999999999 > n", "0x1p-999999 * n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x, err := Parse(text)
		if err == nil {
			var info *types.Info
			if info, err = qualified(x).Check(names()); err == nil {
				_ = x.IsCondition(info.Types[x.Node].Type)
				ast.Inspect(x.Node, func(n ast.Node) bool {
					if n != nil {
						x.Source(n)
					}
					return true
				})
				return
			}
		}
		e, ok := errors.AsType[*diag.Error](err)
		if !ok || e.Offset < 0 || e.Offset > len([]rune(e.Expr)) || e.Length < 1 || e.Reason == "" {
			t.Fatalf("%q: %v", text, err)
		}
		_ = e.Error()
	})
}
