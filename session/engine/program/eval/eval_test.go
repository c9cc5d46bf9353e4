package eval_test

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"gtrace/events"
	"gtrace/events/secret"
	"gtrace/session/engine"
	"gtrace/session/engine/program"
	"gtrace/session/engine/program/eval"
)

// variables are what the program has, in Go.
const variables = `
type point struct {
	X, Y int
	next *point
	name string
}

type celsius float64

var (
	zero, i, j = 0, 7, -3
	i8         = int8(-128)
	u8, high   = uint8(250), ^uint64(0)
	f, f32     = 1.5, float32(0.1)
	nan        = math.NaN()
	c          = complex(1, -2)
	warm       = celsius(36.6)
	yes, no    = true, false
	s, empty   = "hello", ""
	list       = []int{10, 20, 30}
	bytes      = []byte("raw")
	array      = [3]string{"a", "b", "c"}
	grid       = [2][2]int{{1, 2}, {3, 4}}
	ages       = map[string]int{"ann": 30, "bob": 40}
	names      = map[int]string{-1: "minus"}
	p          = &point{1, 2, &point{X: 3, Y: 4, name: "far"}, "near"}
	origin     point
	nothing    *point
	held       any = 5
	other      any = &origin
	failed     error
	none       []int
	to         = &array
	words      = []string{"run", "--password", "hunter2"}
)
`

// sameAsGo are expressions that have the same value here and in the program.
var sameAsGo = []string{
	"i", "-i", "^i", "+j", "i + j*2", "i / j", "i % j", "j / i", "j % i", "i &^ 5", "i | 8", "i ^ 3", "i & 3",
	"i << 3", "1 << i", "1 << i == 128", "1 << u8 >> u8", "j >> 1", "uint8(j) >> 1", "i8 - 1", "-i8", "u8 + 10", "^u8", "u8 * u8", "high + 1", "high / 3", "i << u8",
	"f * 2", "f32", "f32 + 0.2", "f / 0.3", "-f", "f > 1", "f32 == 0.1", "warm * 2",
	"nan == nan", "nan != nan", "nan < f", "nan >= f", "c == c", "c != c",
	"int(f)", "float64(i) / 2", "uint8(i + 300)", "int8(u8)", "float32(f)", "uint64(j)", "celsius(i)", "float64(warm)",
	"i == 7", "i != j", "i < j", "j <= -3", "u8 > 249", "high > 5", "i >= 8", "i == 0x7",
	"yes", "!yes", "yes && no", "yes || no", "no && 1/zero == 1", "yes || list[9] == 1", "yes != no",
	"s", "s == \"hello\"", "s < \"help\"", "s > empty", "s != \"hello!\"", "len(s)", "s[1]", "s[1] == 'e'", "s[1] + 1", "s[1:3]", "s[:2]", "s[3:]", "empty == \"\"",
	"\"const\"", "\"abc\"[1:]", "len(\"four\")", "string(bytes)", "string(bytes) == \"raw\"",
	"list[2]", "list[i-6]", "len(list)", "cap(list)", "len(list[1:])", "list[1:][1]", "len(none)", "none == nil", "list != nil",
	"array[1]", "len(array)", "grid[1][0]", "to[2]", "len(to)", "(*to)[0]",
	"ages[\"ann\"]", "ages[\"nobody\"]", "len(ages)", "names[j+2]", "ages == nil",
	"words[2]", "p.X", "p.next.Y", "p.next.name", "(*p).name", "p.next.next == nil", "p != nothing", "origin.X == 0", "p.X + p.next.X*10",
	"held.(int)", "held.(int) + 1", "other.(*point).X", "other.(*point) == nil", "failed == nil", "held != nil",
}

// others have errors in the program, too, or cannot be told from outside.
var others = map[string]string{
	"i / zero":           "division by zero",
	"i % zero":           "division by zero",
	"i << j":             "shift by a negative number",
	"list[3]":            "list has 3 elements, and none with index 3",
	"list[j]":            "list has 3 elements, and none with index -3",
	"list[2:1+zero]":     "2:1 is outside the 3 elements of list",
	"nothing.X":          "nothing is nil",
	"p.next.next.X":      "p.next.next is nil",
	"held.(string)":      "held is a int",
	"failed.(*point)":    "failed is nil",
	"lost[1] == \"b\"":   "cannot be read",
	"held == other || 1": "mismatched types",
	"i + s":              "mismatched types",
	"nope":               "undefined: nope",
	"p.z":                "p.z undefined",
	"list == list":       "slice can only be compared to nil",
	"append(list, 1)":    "append",
	"origin == origin":   "cannot be compared",
	"array[0:1]":         "a piece of a [3]string cannot be made",
	"other.(error)":      "not an interface",
}

// parts are what expressions have inside.
var parts = map[string]string{
	"p":        "p.X=1 p.Y=2 p.next=&main.point{X:3, Y:4, next:nil, name:\"far\"} p.name=\"near\"",
	"list":     "list[0]=10 list[1]=20 list[2]=30",
	"to":       "(*to)[0]=\"a\" (*to)[1]=\"b\" (*to)[2]=\"c\"",
	"ages":     "ages[\"ann\"]=30 ages[\"bob\"]=40",
	"grid":     "grid[0]=[2]int{1, 2} grid[1]=[2]int{3, 4}",
	"i":        "has no parts",
	"held":     "has no parts",
	"none":     "",
	"list[1:]": "list[1:][0]=20 list[1:][1]=30",
}

// A live is a running program: its memory is where its variables are.
type live struct {
	*os.File
	im   *program.Image
	says map[string]string // what it makes of the expressions itself
}

func (l *live) ReadMemory(buf []byte, addr uint64) (int, error) { return l.ReadAt(buf, int64(addr)) }

func (l *live) Variable(int) (eval.Found, error) { return eval.Found{}, errors.New("it has no frame") }

func (l *live) scope(pkg, name string) (eval.Variable, bool) {
	if name == "lost" && pkg == "" { // where nothing is
		v, ok := l.im.Global("main", "array")
		v.Addr = 1 << 20
		return v, ok
	}
	if pkg == "" {
		pkg = "main"
	}
	return l.im.Global(pkg, name)
}

// start builds a program that has the variables and prints what the expressions are,
// and runs it until it has.
func start(t *testing.T, flags ...string) *live {
	t.Helper()
	dir := t.TempDir()
	var text strings.Builder
	text.WriteString("package main\n\nimport (\n\"fmt\"\n\"math\"\n\"os\"\n)\n" + variables + "\nfunc main() {\n")
	for _, expr := range sameAsGo {
		fmt.Fprintf(&text, "\tshow(%s)\n", expr)
	}
	text.WriteString("\tfmt.Println(\"ready\")\n\t_, _ = os.Stdin.Read(make([]byte, 1))\n}\n" + `
func show(v any) {
	if s, ok := v.(string); ok {
		v = fmt.Sprintf("%q", s)
	}
	fmt.Println(v)
}
`)
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	prog := filepath.Join(dir, "prog")
	build := exec.Command("go", append(append([]string{"build", "-o", prog}, flags...), "main.go")...)
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	cmd := exec.Command(prog)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	l := &live{says: map[string]string{}}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(out)
	for _, expr := range sameAsGo {
		lines.Scan()
		l.says[expr] = lines.Text()
	}
	if !lines.Scan() || lines.Text() != "ready" {
		t.Fatalf("the program is not ready, but says %q", lines.Text())
	}
	if l.File, err = os.Open(fmt.Sprintf("/proc/%d/mem", cmd.Process.Pid)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if l.im, err = program.Open(prog); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.im.Close() })
	return l
}

// value compiles and evaluates an expression.
func (l *live) value(expr string, lim ...engine.Limits) (events.Value, error) {
	p, err := l.im.Compile(engine.Watch{Expr: expr}, l.scope)
	if err != nil {
		return events.Value{}, err
	}
	return p.Value(l, append(lim, engine.Limits{})[0])
}

// TestExpressions evaluates expressions in the memory of a program, and compares what
// comes out with what the program makes of them itself.
func TestExpressions(t *testing.T) {
	for name, flags := range map[string][]string{"optimised": nil, "debug": {"-gcflags=all=-N -l"}} {
		t.Run(name, func(t *testing.T) {
			l := start(t, flags...)
			for _, expr := range sameAsGo {
				got, err := l.value(expr)
				if err != nil || got.Value != l.says[expr] || got.Name != expr {
					t.Errorf("%s: %s is %s, %v; it is %s", expr, got.Name, got.Value, err, l.says[expr])
				}
				p, err := l.im.Compile(engine.Watch{Expr: "(" + expr + ") == (" + expr + ")"}, l.scope)
				if err != nil {
					t.Errorf("%s: it cannot be compared: %v", expr, err)
				} else if same, err := p.Bool(l); err != nil || !same && expr != "nan" {
					t.Errorf("%s: it is not the same as itself: %v", expr, err)
				}
			}
			for expr, want := range others {
				if got, err := l.value(expr); err == nil || !strings.Contains(err.Error(), want) {
					t.Errorf("%s: %s, %v; want %s", expr, got.Value, err, want)
				}
			}
			hide, err := secret.New()
			if err != nil {
				t.Fatal(err)
			}
			for expr, want := range map[string]string{
				"words[0][:1]": `"r"`, "words[1]": `"--password"`, "words[2]": secret.Hidden, "words[2][:3]": secret.Hidden,
				"words[2][0]": secret.Hidden, "words[1:][1][3:]": secret.Hidden,
			} {
				if got, err := l.value(expr, engine.Limits{Hide: hide}); err != nil || got.Value != want {
					t.Errorf("%s: %s, %v; want %s", expr, got.Value, err, want)
				}
			}
			for expr, want := range parts {
				if got := l.parts(expr); !strings.Contains(got, want) || want == "" && got != "" {
					t.Errorf("parts of %s: %s, want %s", expr, got, want)
				}
			}
		})
	}
}

// parts returns the parts of an expression, or why it has none.
func (l *live) parts(expr string) string {
	p, err := l.im.Compile(engine.Watch{Expr: expr, Parts: true}, l.scope)
	if err != nil {
		return err.Error()
	}
	list, err := p.Parts(l, engine.Limits{})
	if err != nil {
		return err.Error()
	}
	var words []string
	for _, v := range list {
		words = append(words, v.Name+"="+v.Value)
	}
	return strings.Join(words, " ")
}
