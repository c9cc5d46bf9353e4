package source

import (
	"fmt"
	"strings"
	"testing"
)

func TestAssignments(t *testing.T) {
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
	}
	var u,
		v int
	return x, nil
}
`)
	var got strings.Builder
	for _, a := range f.Assignments(3) {
		fmt.Fprintf(&got, "%s %d-%d", a.Name, a.First, a.Last)
		for _, flag := range []struct {
			set  bool
			name string
		}{{a.Part, "part:" + a.Field}, {a.From != "", "from:" + a.From}, {a.Keeps, "keeps"}, {a.Rises, "rises"}, {a.Anywhere, "anywhere"}} {
			if flag.set {
				got.WriteString(" " + flag.name)
			}
		}
		got.WriteString("\n")
	}
	const want = `x 4-4 from:a
y 4-4
x 5-5 from:y
y 5-5 from:x
s 6-6 keeps
s 7-7 keeps
s 8-8
s 9-9 part:
p 9-9 part:q
i 10-10 rises
i 10-10
i 10-10
x 11-11
k 13-13
v 13-13
y 16-18
err 0-0 anywhere
t 21-21
t 20-20
z 0-0 part:w anywhere
u 24-25
v 24-25
r 26-26
err 26-26
`
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
	if list := f.Assignments(4); list != nil {
		t.Errorf("no function begins on line 4, but it has %v", list)
	}
}
