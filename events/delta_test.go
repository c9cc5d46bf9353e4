package events

import (
	"fmt"
	"strings"
	"testing"
)

func TestDelta(t *testing.T) {
	var fields strings.Builder
	for i := range 100 {
		fmt.Fprintf(&fields, "A%d:1, ", i)
	}
	long := "main.T{" + fields.String() + "B:%d}"
	for _, tt := range []struct{ before, now, want string }{
		{`main.T{A:1, B:2}`, `main.T{A:1, B:3}`, `.B=3`},
		{`&main.T{A:1, In:main.U{X:"a"}}`, `&main.T{A:1, In:main.U{X:"b, }"}}`, `.In.X="b, }"`},
		{`map[string]int{"a":1}`, `map[string]int{"a":1, "b":2}`, `["b"]=2`},
		{`map[string]int{"a":1, "b":2}`, `map[string]int{"b":3}`, `["b"]=3 ["a"] gone`},
		{`map[main.K]int{main.K{X:1}:1}`, `map[main.K]int{main.K{X:1}:2}`, `[main.K{X:1}]=2`},
		{`[]int{1, 2, 3}`, `[]int{1, 5, 3}`, `[1]=5`},
		{`[]int{1}`, `[]int{1, 2}`, `[1]=2`},
		{`[]string{"a"}`, `[]string{}`, `[0] gone`},
		{`[]*main.T{&main.T{A:1}, nil}`, `[]*main.T{&main.T{A:2}, nil}`, `[0].A=2`},
		{`main.T{P:(*main.T)(0xc000012345), Q:nil}`, `main.T{P:(*main.T)(0xc000012345), Q:(*main.T)(0x1)}`, `.Q=(*main.T)(0x1)`},
		{`main.T{E:nil}`, `main.T{E:&main.E{Code:1}}`, `.E=&main.E{Code:1}`},
		{fmt.Sprintf(long, 1), fmt.Sprintf(long, 2), `.B=2`},
		// The whole.
		{`1`, `2`, ``},
		{`"a"`, `"b"`, ``},
		{`nil`, `&main.T{A:1}`, ``},
		{`main.A{X:1}`, `main.B{X:1}`, ``},
		{`[]int{1, 2, 3, 4, 5, 6}`, `[]int{9, 9, 9, 9, 9, 6}`, ``},
		{`[]int{1, 2, …+4}`, `[]int{1, 3, …+4}`, ``},
		{`struct { A int }{A:1}`, `struct { A int }{A:2}`, ``},
		{`main.T{A:1`, `main.T{A:2`, ``},
	} {
		var got []string
		for _, p := range Delta(tt.before, tt.now) {
			if p.Gone {
				got = append(got, p.Path+" gone")
			} else {
				got = append(got, p.Path+"="+p.Value)
			}
		}
		if g := strings.Join(got, " "); g != tt.want {
			t.Errorf("%s\n→ %s\ngot  %q\nwant %q", tt.before, tt.now, g, tt.want)
		}
	}
}

// FuzzDelta looks for texts that take apart what is not there.
func FuzzDelta(f *testing.F) {
	f.Add(`main.T{A:1, B:"x"}`, `main.T{A:1, B:"y"}`)
	f.Add(`map[string][]int{"a":[]int{1}}`, `map[string][]int{"a":[]int{1, 2}}`)
	f.Fuzz(func(t *testing.T, before, now string) {
		parts := Delta(before, now)
		if before == now && parts != nil {
			t.Errorf("%q differs from itself: %v", now, parts)
		}
		for _, p := range parts {
			if p.Path == "" || !p.Gone && !strings.Contains(now, p.Value) {
				t.Errorf("%q → %q: %v", before, now, p)
			}
		}
	})
}
