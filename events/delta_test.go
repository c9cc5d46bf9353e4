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
		{`main.T{At:2026-11-21T07:27:00.5Z, IP:::1, N:1}`, `main.T{At:2026-11-21T07:28:00.5Z, IP:::1, N:2}`, `.At=2026-11-21T07:28:00.5Z .N=2`},
		{`main.T{C:chan struct {}(len 0, cap 1), P:(*struct { A int "json:\"}\"" })(0x1), N:1}`, `main.T{C:chan struct {}(len 1, cap 1), P:(*struct { A int "json:\"}\"" })(0x1), N:1}`, `.C=chan struct {}(len 1, cap 1)`},
		{`struct { A int; B struct { C int } }{A:1, B:struct { C int }{C:1}}`, `struct { A int; B struct { C int } }{A:1, B:struct { C int }{C:2}}`, `.B.C=2`},
		{`main.T{S:<unreadable: slice of length 5, capacity 3>, N:1}`, `main.T{S:<unreadable: slice of length 5, capacity 3>, N:2}`, `.N=2`},
		{`main.Set{true:1, false:2}`, `main.Set{true:1, false:3}`, `[false]=3`},
		{`main.Set{1:main.T{A:1}}`, `main.Set{1:main.T{A:2}}`, `[1].A=2`},
		{`[]time.Time{2026-11-21T07:27:00Z}`, `[]time.Time{2026-11-21T07:28:00Z}`, `[0]=2026-11-21T07:28:00Z`},
		// Something was left out of both.
		{`main.T{A:1, B:2, …+5}`, `main.T{A:1, B:3, …+5}`, `.B=3`},
		{`[]int{1, 2, …+4}`, `[]int{1, 3, …+4}`, `[1]=3`},
		{`main.T{L:[]int{1, 2, …+4}, N:1}`, `main.T{L:[]int{1, 2, …+5}, N:1}`, `.L=[]int{1, 2, …+5}`},
		{`main.T{M:map[int]int{1:1, 2:2, …+4}, N:1}`, `main.T{M:map[int]int{1:1, 3:3, …+4}, N:2}`, `.M=map[int]int{1:1, 3:3, …+4} .N=2`},
		{`map[int]int{1:1, 2:2, …+4}`, `map[int]int{1:1, 2:3, …+4}`, `[2]=3`},
		{`main.T{A:1, B:…}`, `main.T{A:2, B:…}`, `.A=2`},
		// Many of a large value.
		{many(1, 6, 40), many(2, 6, 40), `.F0=2 .F1=2 .F2=2 .F3=2 .F4=2 .F5=2`},
		{many(1, 20, 200), many(2, 20, 200), fieldsTo(16, 2) + ` …+4=`},
		// The whole.
		{`1`, `2`, ``},
		{`"a"`, `"b"`, ``},
		{`nil`, `&main.T{A:1}`, ``},
		{`main.A{X:1}`, `main.B{X:1}`, ``},
		{`[]int{1, 2, 3, 4, 5, 6}`, `[]int{9, 9, 9, 9, 9, 6}`, ``},
		{`[]int{1, 2, …+4}`, `[]int{1, 2, …+5}`, ``},
		{`map[int]int{1:1, …+4}`, `map[int]int{2:1, …+4}`, ``},
		{many(1, 6, 6), many(2, 6, 6), ``},
		{`struct { A int }{A:1`, `struct { A int }{A:2`, ``},
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

// many returns the text of a struct of n fields, of which the first ones have a value.
func many(value, first, n int) string {
	var b strings.Builder
	for i := range n {
		v := value
		if i >= first {
			v = 0
		}
		fmt.Fprintf(&b, ", F%d:%d", i, v)
	}
	return "&main.T{" + b.String()[2:] + "}"
}

func fieldsTo(n, value int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(".F%d=%d", i, value))
	}
	return strings.Join(list, " ")
}

// FuzzDelta looks for texts that take apart what is not there.
func FuzzDelta(f *testing.F) {
	f.Add(`main.T{A:1, B:"x"}`, `main.T{A:1, B:"y"}`)
	f.Add(`struct { A chan int }{A:chan int(len 1, cap 2), …+3}`, `struct { A chan int }{A:nil, …+3}`)
	f.Add(`main.T{A: }`, `main.T{A:}`)
	f.Add(`map[string][]int{"a":[]int{1}}`, `map[string][]int{"a":[]int{1, 2}}`)
	f.Fuzz(func(t *testing.T, before, now string) {
		parts := Delta(before, now)
		if before == now && parts != nil {
			t.Errorf("%q differs from itself: %v", now, parts)
		}
		for _, p := range parts {
			zero := p.Value == "0" || strings.HasSuffix(p.Value, "{}") // a field that is left out
			if p.Path == "" || !p.Gone && !zero && !strings.Contains(now, p.Value) {
				t.Errorf("%q → %q: %v", before, now, p)
			}
		}
	})
}
