package source

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestVariables(t *testing.T) {
	f := fileOf(`package p

func f(a, b int, s []int) (r int, err error) {
	x, y := a, b+1
	x, y = y, x
	s = append(s, x)
	s = s[:2]
	s = s[1:]
	s[0], p.q.r = 1, 2
	for i := 0; i < 3; i++ {
		x += i
	}
	for k, v := range s {
		_ = k + v
	}
	func() {
		y = 1
	}()
	defer func() { err = nil }()
	switch t := any(a).(type) {
	case int:
		use(&z.w, t)
	case string:
	}
	var u,
		v int
	w := point{}
	w.x = a
	w.y.z = 5
	c := x
	for d, e := range q.list() {
		e, c = q.of(d)
		for g = range q.list() {
		}
	}
	var g int
	h := 1; h = a
	return x, nil
}

var p, z point
`)
	var got []string
	for _, v := range f.Variables(3) {
		var b strings.Builder
		name := v.Name
		if v.Field != "" {
			name += "." + v.Field
		}
		fmt.Fprintf(&b, "%s@%d", name, v.Declared)
		if v.Anywhere {
			b.WriteString(" anywhere")
		}
		if v.Inside {
			b.WriteString(" inside")
		}
		for _, by := range v.By {
			fmt.Fprintf(&b, " %d-%d", by.First, by.Last)
			for _, flag := range []struct {
				set  bool
				name string
			}{
				{by.Part, "part"},
				{by.From != "", fmt.Sprintf("from:%s@%d", by.From, by.FromDeclared)},
				{by.Keeps, "keeps"},
				{by.Computes, "computes"},
				{by.Step != 0, fmt.Sprintf("step:%d", by.Step)},
				{by.Constant, fmt.Sprintf("=%d", by.Value)},
				{by.Again, "again"},
			} {
				if flag.set {
					b.WriteString("," + flag.name)
				}
			}
		}
		got = append(got, b.String()+"\n")
	}
	slices.Sort(got)
	const want = `a@3
b@3
c@30 30-30,from:x@4 32-32,again
d@31 31-31
e@31 31-31,again 32-32,again
err@3 anywhere 38-38
g@36 anywhere 36-36,=0
h@37 anywhere 37-37,=1
i@10 10-10,computes,step:1,=0
k@13 13-13,computes,step:1,=0
p.q@0 9-9,part
p@0
r@3 38-38
s@3 6-6,keeps 7-7,keeps 8-8 9-9,part
t@20 21-21 23-23
u@25 25-26,=0
v@13 13-13,computes,again
v@26 25-26,=0
w.x@27 27-27 28-28,from:a@3
w.y@27 27-27 29-29,part
w@27 27-27
x@4 4-4,from:a@3 5-5,from:y@4 11-11,computes,again
y@4 4-4,computes 5-5,from:x@4 16-18
z.w@0 inside
z@0 inside
`
	if text := strings.Join(got, ""); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	if list := f.Variables(4); list != nil {
		t.Errorf("no function begins on line 4, but it has %v", list)
	}
}

// TestReach follows x, by the lines that assign to it: 3 is the entry.
func TestReach(t *testing.T) {
	for _, tt := range []struct {
		name, body string
		line       int
		want       string
	}{
		{"a parameter", "use(x)", 4, "3"},
		{"assigned before", "x = 1\nuse(x)", 5, "4"},
		{"before the assignment", "x = 1\nuse(x)", 4, "3"},
		{"on one of two ways", "if c {\nx = 1\n}\nuse(x)", 7, "3 5"},
		{"on both", "if c {\nx = 1\n} else {\nx = 2\n}\nuse(x)", 9, "5 7"},
		{"another of the name", "if x := 1; c {\nuse(x)\n}\nuse(x)", 7, "3"},
		{"on a way that ends", "if c {\nx = 1\nreturn\n}\nuse(x)", 8, "3"},
		{"on a way that panics", "if c {\nx = 1\npanic(x)\n}\nuse(x)", 8, "3"},
		{"in a loop", "for c {\nuse(x)\nx++\n}\nuse(x)", 5, "3 6"},
		{"behind a loop", "for c {\nx = 1\n}\nuse(x)", 7, "3 5"},
		{"behind one that a break ends", "for {\nx = 1\nif c {\nbreak\n}\nx = 2\n}\nuse(x)", 11, "5"},
		{"where control goes on with the next round", "for c {\nif c {\nx = 1\ncontinue\n}\nx = 2\n}\nuse(x)", 11, "3 6 9"},
		{"out of two", "a:\nfor c {\nfor c {\nx = 1\nbreak a\n}\nx = 2\n}\nuse(x)", 12, "3 7 10"},
		{"in a range", "for x = range 3 {\nuse(x)\n}\nuse(x)", 5, "4"},
		{"behind a range", "for x = range 3 {\nuse(x)\n}\nuse(x)", 7, "3 4"},
		{"at the head of a loop", "for x = 0; x < 3; x++ {\nuse(x)\n}", 4, "3|4"},
		{"in one case", "switch {\ncase c:\nx = 1\ncase !c:\nx = 2\n}\nuse(x)", 10, "3 6 8"},
		{"in any case", "switch {\ncase c:\nx = 1\ndefault:\nx = 2\n}\nuse(x)", 10, "6 8"},
		{"in the next case", "switch {\ncase c:\nx = 1\nfallthrough\ncase !c:\nuse(x)\n}", 9, "3 6"},
		{"in a select", "select {\ncase x = <-s:\nuse(x)\n}\nuse(x)", 8, "5"},
		{"by a goto", "again:\nuse(x)\nx = 1\ngoto again", 5, "3 6"},
		{"in a function called on the spot", "func() { x = 1 }()\nuse(x)", 5, "3 4"},
		{"at the end", "x = 1", 5, "4"},
		{"where control never comes", "return\nuse(x)", 5, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := fileOf("package p\n\nfunc f(x int, c bool) {\n" + tt.body + "\n}\n")
			var got []string
			for _, v := range f.Variables(3) {
				if v.Name != "x" || v.Declared != 3 {
					continue
				}
				for _, all := range v.Reach[tt.line] {
					var lines []string
					if all&1 != 0 {
						lines = append(lines, "3")
					}
					for n, by := range v.By {
						if all&(2<<n) != 0 {
							lines = append(lines, fmt.Sprint(by.First))
						}
					}
					got = append(got, strings.Join(lines, " "))
				}
			}
			if text := strings.Join(got, "|"); text != tt.want {
				t.Errorf("line %d is reached by %q, want %q", tt.line, text, tt.want)
			}
		})
	}
}
