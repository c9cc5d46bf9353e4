package source

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
)

func fileOf(text string) *File {
	return &File{isGo: true, text: text, lines: strings.Split(text, "\n")}
}

func TestLine(t *testing.T) {
	f := fileOf("package main\r\n\n\tvar x int\n")
	for n, want := range map[int]string{-1: "", 0: "", 1: "package main", 2: "", 3: "\tvar x int", 4: "", 5: ""} {
		if got := f.Line(n); got != want {
			t.Errorf("line %d: %q, want %q", n, got, want)
		}
	}
}

// TestDeclared has a comment with the last line of the declaration behind each
// line where that is not the line itself. Line 1 is that of f.
func TestDeclared(t *testing.T) {
	for _, body := range []string{
		"x := 1",
		"x := T{ // 4\n a: 1,\n}\nuse(x)",
		"x, err := g( // 3\n)",
		"x = T{\n}",
		"if v := g(); v {\n use(v)\n}",
		"if v := g( // 3\n); v {\n use(v)\n}",
		"if v := g(func() { // 4\n w := 1\n}); v {\n}",
		"if x {\n} else if v := g( // 4\n); v {\n}",
		"for i := 0; i < 10; i++ {\n use(i)\n}",
		"for i, j := 0, g( // 3\n); i < j; {\n}",
		"for k, v := range xs {\n use(k, v)\n}",
		"for k := range []int{ // 4\n 1,\n} {\n use(k)\n}",
		"for k = range []int{\n 1,\n} {\n}",
		"for range xs {\n x := T{ // 4\n }\n}",
		"switch x := y.(type) {\ncase int:\n use(x)\n}",
		"switch x := g( // 3\n).(type) {\ncase int,\n string:\n use(x)\n}",
		"switch x := g( // 3\n); x {\n}",
		"select {\ncase v := <-g( // 4\n):\n use(v)\ncase w, ok := <-c:\n}",
		"var x = T{ // 3\n}\nuse(x)",
		"var x, y int",
		"var (\n x = 1\n y = T{ // 5\n }\n z int\n)",
		"const (\n a = iota\n b\n)",
		"x := func() { // 4\n y := 1\n}",
		"x := func() { // 5\n y := T{ // 4\n }\n}\nx()",
		"go func() {\n x := T{ // 4\n }\n}()",
		"x, // 4\ny := 1, // 4\n g()",
		"a.b := T{ // 3\n}",
		"x := `// 3\n`",
		"//line other.go:100\nx := T{ // 4\n}",
		"L:\nx := T{ // 4\n}\ngoto L",
	} {
		text := "package p; func f() {\n" + body + "\n}\n"
		f := fileOf(text)
		for i, line := range f.lines {
			want := i + 1
			if _, last, ok := strings.Cut(line, "// "); ok && last[0] >= '0' && last[0] <= '9' {
				want, _ = strconv.Atoi(last)
			}
			if got := f.Declared(i + 1); got != want {
				t.Errorf("line %d: declared until %d, want %d, in\n%s", i+1, got, want, text)
			}
		}
	}
}

// TestDeclaredUnknown asks for what no parser can tell.
func TestDeclaredUnknown(t *testing.T) {
	const text = "package p\nvar x = T{\n}\n"
	broken, other := fileOf(text+"}"), fileOf(text)
	other.isGo = false
	for _, f := range []*File{broken, other, {}} {
		if got := f.Declared(2); got != 2 {
			t.Errorf("declared until %d", got)
		}
	}
	if got := fileOf(text).Declared(2); got != 3 {
		t.Errorf("declared until %d, want 3: the test tells nothing", got)
	}
}

func TestBlank(t *testing.T) {
	for line, want := range map[string]bool{
		"}":               true,
		"\t\t}":           true,
		"\t})":            true,
		")":               true,
		"},":              true,
		"}},":             true,
		"};":              true,
		"} )":             true,
		"]":               true,
		"}\r":             true,
		"} // end":        true,
		"} /* end */":     true,
		"} /* a */ /* b ": true,
		"}//":             true,
		"again:":          true,
		"\trows: // x":    true,
		"\tdefault:":      true,

		"":                 false,
		"\t":               false,
		"// }":             false,
		"/* } */":          false,
		",":                false,
		"}()":              false,
		"}(x)":             false,
		"})()":             false,
		"} else {":         false,
		"} else if x {":    false,
		"}, nil)":          false,
		"} /* a */ else {": false,
		"}; x()":           false,
		"x }":              false,
		"again: x()":       false,
		"default: x()":     false,
		"switch { // none": true,
		"switch x {":       false,
		"case x:":          false,
		"\tkey: value,":    false,
		"x := f()":         false,
		"{}":               false,
		"}.f()":            false,
		"} + 1":            false,
		"`}":               false,
		"}`)":              false,
		"return":           false,
	} {
		if got := fileOf("x()\n" + line + "\ny()").Blank(2); got != want {
			t.Errorf("%q is blank: %t, want %t", line, got, want)
		}
	}
	if new(File).Blank(1) {
		t.Error("a line that is unknown is blank")
	}
}

func TestStatement(t *testing.T) {
	file := fileOf(`package p
func f() {
	x := g(
		1,
		func() {
			y()
		},
	)
	if a &&
		b {
		z()
	}
	switch v := x.(type) {
	case int,
		string:
		z()
	default:
		select {
		case <-c:
			z()
		}
	}
	for i := range []int{
		1,
	} {
		z(i)
	}
	for a &&
		b {
		z()
	}
	return
}
`)
	want := map[int]int{24: 23, 25: 23, 29: 28, 4: 3, 5: 3, 7: 3, 8: 3, 10: 9, 14: 13, 15: 13, 17: 13, 19: 18}
	for line := range 35 {
		if got := file.Statement(line); got != cmp.Or(want[line], line) {
			t.Errorf("line %d is of the statement on line %d, want %d", line, got, cmp.Or(want[line], line))
		}
	}
}

func TestLeads(t *testing.T) {
	file := fileOf(`package p
func f() {
	for a {
		select {
		case <-b:
			x()
		case <-c:
		default:
			if d {
				y()
				break
			} else {
				continue
			}
			for e {
				break
			}
			var v int
			break
		}
		switch g {
		case 1:
			x()
			fallthrough
		case 2:
			break
		}
		x()
	}
}
`)
	want := map[int][]int{
		11: {10},
		13: {9},
		19: {15, 16, 17, 18},
		24: {23},
		26: {21, 22, 23, 24, 25},
	}
	for to, from := range want {
		var got []int
		for line := range 30 {
			if file.Leads(line, to) {
				got = append(got, line)
			}
		}
		if !slices.Equal(got, from) {
			t.Errorf("lines %v lead to line %d, want %v", got, to, from)
		}
	}
	if !file.Leads(3, 27) || !file.Leads(3, 16) {
		t.Error("only some lines lead to what is no jump, or to the first of a loop")
	}
}

// TestShared uses one file from many goroutines, for the race detector.
func TestShared(t *testing.T) {
	tr := newTree(t)
	tr.write("x.go: package p\nvar x = T{\n}")
	f := tr.finder(Program{})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if got := f.File(tr.at("x.go")).Declared(2); got != 3 {
				t.Errorf("declared until %d, want 3", got)
			}
		})
	}
	wg.Wait()
}

func FuzzDeclared(f *testing.F) {
	f.Add("package p\nfunc f() {\n\tx := T{\n\t}\n\tfor a, b := range xs {\n\t}\n}\n")
	f.Add("package p\nvar (\n\tx, y = `\r\n`,\n\tf()\n)")
	f.Add("//line x:-1\n}{)(")
	f.Fuzz(func(t *testing.T, text string) {
		file := fileOf(text)
		for i := range len(file.lines) + 2 {
			if last := file.Declared(i); last < i || last > max(i, len(file.lines)) {
				t.Errorf("line %d of %d: declared until %d", i, len(file.lines), last)
			}
			if file.Blank(i) && file.Line(i) == "" {
				t.Errorf("line %d is blank without a brace", i)
			}
		}
	})
}

func FuzzMod(f *testing.F) {
	f.Add("module \"a.b/c\"\nreplace (\n\tx v1 => ../y\n\tx => z v2\n)\n")
	f.Add("replace => \n) (\n(\nmodule")
	f.Fuzz(func(t *testing.T, text string) {
		_, replaced := parseMod(text, "/dir")
		for from, to := range replaced {
			if from == "" || to.path == "" {
				t.Errorf("%q is replaced by %q", from, to)
			}
		}
	})
}
