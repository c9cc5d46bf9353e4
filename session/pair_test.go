package session

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gtrace/session/engine/enginetest"
)

func TestPairing(t *testing.T) {
	runStage(t, []stageTest{
		{"nested calls", `
			g1 enter main.a 10 n=1
			g1 enter main.b 20
			g1 return main.b 20
			g1 enter main.b 20
			g1 return main.b 20
			g1 return main.a 10 ~r0=2`, `
			call g1 #1 depth=0 main.a(n="1")
			call g1 #2 parent=1 depth=1 main.b
			return g1 #2 parent=1 depth=1 main.b
			call g1 #3 parent=1 depth=1 main.b
			return g1 #3 parent=1 depth=1 main.b
			return g1 #1 depth=0 main.a -> (~r0="2")`},
		{"writes, in a call, in what it calls, and in none", `
			g1 write main.init main.total 0 1 5
			g1 enter main.a 10
			g1 write main.a main.total 1 2 10
			g1 enter main.b 20
			g1 write main.helper main.total 2 3 40
			g2 write main.helper main.total 3 4 40
			g1 write main.c main.total 4 5 0
			g1 return main.b 20
			g1 write main.a main.total 5 6 10
			g1 return main.a 10`, `
			write g1 depth=0 main.init watch=(main.total:int=1 old=0)
			call g1 #1 depth=0 main.a
			write g1 #1 depth=0 main.a watch=(main.total:int=2 old=1)
			call g1 #2 parent=1 depth=1 main.b
			write g1 #2 parent=1 depth=1 main.helper watch=(main.total:int=3 old=2)
			write g2 depth=0 main.helper watch=(main.total:int=4 old=3)
			write g1 #2 parent=1 depth=1 main.c watch=(main.total:int=5 old=4)
			return g1 #2 parent=1 depth=1 main.b
			write g1 #1 depth=0 main.a watch=(main.total:int=6 old=5)
			return g1 #1 depth=0 main.a`},
		{"a write shows that deeper calls are over", `
			g1 enter main.a 10
			g1 enter main.b 20
			g1 write main.a main.total 1 2 10`, `
			call g1 #1 depth=0 main.a
			call g1 #2 parent=1 depth=1 main.b
			lost count=1 why="the end of main.b was not seen"
			return g1 #2 parent=1 depth=1 main.b
			write g1 #1 depth=0 main.a watch=(main.total:int=2 old=1)`},
		{"recursion", `
			g1 enter main.f 10
			g1 enter main.f 20
			g1 enter main.f 30
			g1 return main.f 30
			g1 return main.f 20
			g1 return main.f 10`, `
			call g1 #1 depth=0 main.f
			call g1 #2 parent=1 depth=1 main.f
			call g1 #3 parent=2 depth=2 main.f
			return g1 #3 parent=2 depth=2 main.f
			return g1 #2 parent=1 depth=1 main.f
			return g1 #1 depth=0 main.f`},
		{"goroutines do not mix", `
			g1 enter main.a 10
			g2 enter main.a 10
			g1 return main.a 10
			g2 return main.a 10`, `
			call g1 #1 depth=0 main.a
			call g2 #2 depth=0 main.a
			return g1 #1 depth=0 main.a
			return g2 #2 depth=0 main.a`},
		{"system stacks are told apart by thread", `
			g0 enter main.a 10 thread=1
			g0 enter main.a 10 thread=2
			g0 return main.a 10 thread=1
			g0 return main.a 10 thread=2`, `
			call #1 depth=0 main.a
			call #2 depth=0 main.a
			return #1 depth=0 main.a
			return #2 depth=0 main.a`},
		{"a duration leaves out what was held", `
			g1 enter main.a 10 t=1ms held=2ms
			g1 enter main.b 20 t=4ms held=3ms
			g1 return main.b 20 t=9ms held=3500us
			g1 return main.a 10 t=20ms held=12ms`, `
			call t=1ms g1 #1 depth=0 main.a
			call t=4ms g1 #2 parent=1 depth=1 main.b
			return t=9ms g1 #2 parent=1 depth=1 main.b duration=4500us
			return t=20ms g1 #1 depth=0 main.a duration=9ms`},
		{"a duration is never negative", `
			g1 enter main.a 10 t=1ms
			g1 return main.a 10 t=2ms held=9ms`, `
			call t=1ms g1 #1 depth=0 main.a
			return t=2ms g1 #1 depth=0 main.a duration=0s`},
		{"a restarted function is one call", `
			g1 enter main.a 10
			g1 enter main.a 10
			g1 return main.a 10`, `
			call g1 #1 depth=0 main.a
			return g1 #1 depth=0 main.a`},
		{"a loop to the first instruction is one call", `
			g1 enter main.a 10
			g1 enter main.b 20
			g1 return main.b 20
			g1 enter main.a 10
			g1 return main.a 10`, `
			call g1 #1 depth=0 main.a
			call g1 #2 parent=1 depth=1 main.b
			return g1 #2 parent=1 depth=1 main.b
			return g1 #1 depth=0 main.a`},
		{"lost", `
			g1 enter main.a 10
			lost 3 "buffer full"
			g1 return main.a 10`, `
			call g1 #1 depth=0 main.a
			lost count=3 why="buffer full"
			return g1 #1 depth=0 main.a`},
		{"places and callers", `
			g1 enter main.a 10 line=3 caller=main.main:44 stack=main.a:3,main.main:44
			g1 return main.a 10 line=5`, `
			call g1 #1 depth=0 main.a @main.go:3 caller=main.main@main.go:44 stack=(main.a@main.go:3, main.main@main.go:44)
			return g1 #1 depth=0 main.a @main.go:5`},
	})
}

func TestPairingWithGaps(t *testing.T) {
	runStage(t, []stageTest{
		{"running at the first hit", `
			g1 enter main.c 30 running=main.a@10,main.b@20
			g1 return main.c 30
			g1 return main.b 20 ~r0=1
			g1 return main.a 10`, `
			call g1 #3 parent=2 depth=2 main.c
			return g1 #3 parent=2 depth=2 main.c
			return g1 #2 parent=1 depth=1 main.b -> (~r0="1") partial
			return g1 #1 depth=0 main.a partial`},
		{"the first hit returns from what was running", `
			g1 return main.b 20 running=main.a@10,main.b@20
			g1 return main.a 10`, `
			return g1 #2 parent=1 depth=1 main.b partial
			return g1 #1 depth=0 main.a partial`},
		{"what runs is not what is entered", `
			g1 enter main.b 20 running=main.a@10,main.b@20
			g1 return main.b 20`, `
			call g1 #2 parent=1 depth=1 main.b
			return g1 #2 parent=1 depth=1 main.b`},
		{"a return without a call", `
			g1 return main.b 20
			g1 enter main.b 20
			g1 return main.a 10`, `
			return g1 #1 depth=0 main.b partial
			call g1 #2 depth=0 main.b
			lost count=1 why="the end of main.b was not seen"
			return g1 #2 depth=0 main.b
			return g1 #3 depth=0 main.a partial`},
		{"a partial return inside an open call", `
			g1 enter main.a 10
			g1 return main.b 20
			g1 return main.a 10`, `
			call g1 #1 depth=0 main.a
			return g1 #2 parent=1 depth=1 main.b partial
			return g1 #1 depth=0 main.a`},
		{"missing returns, noticed by an entry", `
			g1 enter main.a 10
			g1 enter main.b 20
			g1 enter main.c 30
			g1 enter main.d 20`, `
			call g1 #1 depth=0 main.a
			call g1 #2 parent=1 depth=1 main.b
			call g1 #3 parent=2 depth=2 main.c
			lost count=1 why="the end of main.c was not seen"
			return g1 #3 parent=2 depth=2 main.c
			lost count=1 why="the end of main.b was not seen"
			return g1 #2 parent=1 depth=1 main.b
			call g1 #4 parent=1 depth=1 main.d`},
		{"a missing return, noticed by a return", `
			g1 enter main.a 10
			g1 enter main.b 20
			g1 return main.a 10`, `
			call g1 #1 depth=0 main.a
			call g1 #2 parent=1 depth=1 main.b
			lost count=1 why="the end of main.b was not seen"
			return g1 #2 parent=1 depth=1 main.b
			return g1 #1 depth=0 main.a`},
		{"a missing return and the entry of its sibling", `
			g1 enter main.a 10
			g1 return main.b 10`, `
			call g1 #1 depth=0 main.a
			lost count=1 why="the end of main.a was not seen"
			return g1 #1 depth=0 main.a
			return g1 #2 depth=0 main.b partial`},
	})
}

// An assembly function without RET jumps to another, which returns in its place.
func TestTailCall(t *testing.T) {
	hits, fns, err := enginetest.Parse(`
		g1 enter main.jump 20
		g1 enter main.body 20
		g1 return main.body 20
		g1 enter main.jump 20
		g1 enter main.jump 20`)
	if err != nil {
		t.Fatal(err)
	}
	fns[0].File, fns[0].NoReturn = "jump.s", true
	p := newPairer(Config{}, nil, nil, nil)
	var got []string
	for i := range hits {
		for _, e := range p.add(&hits[i]) {
			got = append(got, short(e))
		}
	}
	want := []string{
		"call g1 #1 depth=0 main.jump",
		"return g1 #1 depth=0 main.jump",
		"call g1 #2 depth=0 main.body",
		"return g1 #2 depth=0 main.body",
		"call g1 #3 depth=0 main.jump",
		"return g1 #3 depth=0 main.jump",
		"call g1 #4 depth=0 main.jump",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// A goroutine is forgotten with its last open call.
func TestForget(t *testing.T) {
	hits, _, err := enginetest.Parse(`
		g1 enter main.a 10
		g2 enter main.a 10
		g2 raise panic boom 20
		g1 return main.a 10
		g2 unwind 5 recovered
		g3 raise panic boom 20
		g4 return main.a 10
		g5 unwind all`)
	if err != nil {
		t.Fatal(err)
	}
	p := newPairer(Config{}, nil, nil, nil)
	for i := range hits {
		p.add(&hits[i])
	}
	if len(p.routines) > 0 {
		t.Errorf("%d goroutines are kept", len(p.routines))
	}
}
