package session

import (
	"testing"

	"gtrace/events"
	"gtrace/session/engine"
)

func TestErrorResults(t *testing.T) {
	runStage(t, []stageTest{
		{"wrapped on its way", `
			g1 enter main.a 10 line=1
			g1 enter main.b 20
			g1 enter main.c 30
			g1 return main.c 30 line=33 err=no ids=1 type=*errors.errorString
			g1 return main.b 20 line=23 err="b: no" ids=2,1 type=*fmt.wrapError
			g1 return main.a 10 line=13 ~r0=0 ~r1=x err="a: b: no" ids=3,2,1 type=*fmt.wrapError`, `
			call g1 #1 depth=0 main.a @main.go:1
			call g1 #2 parent=1 depth=1 main.b @main.go:20
			call g1 #3 parent=2 depth=2 main.c @main.go:30
			exception g1 #3 parent=2 depth=2 main.c @main.go:33 !error(type=*errors.errorString value=no origin=main.c@main.go:33)
			return g1 #3 parent=2 depth=2 main.c @main.go:33 error=no
			exception g1 #2 parent=1 depth=1 main.b @main.go:23 !error(type=*fmt.wrapError value="b: no" origin=main.c@main.go:33)
			return g1 #2 parent=1 depth=1 main.b @main.go:23 error="b: no"
			exception g1 #1 depth=0 main.a @main.go:13 !error(type=*fmt.wrapError value="a: b: no" origin=main.c@main.go:33)
			return g1 #1 depth=0 main.a -> (~r0="0", ~r1=x!"a: b: no") @main.go:13 error="a: b: no"`},
		{"another error than the callee's", `
			g1 enter main.a 10 line=1
			g1 enter main.b 20
			g1 return main.b 20 line=23 err=no ids=1
			g1 return main.a 10 line=13 err=other ids=2`, `
			call g1 #1 depth=0 main.a @main.go:1
			call g1 #2 parent=1 depth=1 main.b @main.go:20
			exception g1 #2 parent=1 depth=1 main.b @main.go:23 !error(value=no origin=main.b@main.go:23)
			return g1 #2 parent=1 depth=1 main.b @main.go:23 error=no
			exception g1 #1 depth=0 main.a @main.go:13 !error(value=other origin=main.a@main.go:13)
			return g1 #1 depth=0 main.a @main.go:13 error=other`},
		{"a sentinel in trees of calls that have nothing in common", `
			g1 enter main.a 10 line=1
			g1 enter main.b 20
			g1 return main.b 20 line=23 err=EOF ids=1
			g1 return main.a 10 line=13
			g1 enter main.a 10 line=1
			g1 enter main.c 20
			g1 return main.c 20 line=33 err=EOF ids=1
			g1 return main.a 10 line=14 err=EOF ids=1`, `
			call g1 #1 depth=0 main.a @main.go:1
			call g1 #2 parent=1 depth=1 main.b @main.go:20
			exception g1 #2 parent=1 depth=1 main.b @main.go:23 !error(value=EOF origin=main.b@main.go:23)
			return g1 #2 parent=1 depth=1 main.b @main.go:23 error=EOF
			return g1 #1 depth=0 main.a @main.go:13
			call g1 #3 depth=0 main.a @main.go:1
			call g1 #4 parent=3 depth=1 main.c @main.go:30
			exception g1 #4 parent=3 depth=1 main.c @main.go:33 !error(value=EOF origin=main.c@main.go:33)
			return g1 #4 parent=3 depth=1 main.c @main.go:33 error=EOF
			exception g1 #3 depth=0 main.a @main.go:14 !error(value=EOF origin=main.c@main.go:33)
			return g1 #3 depth=0 main.a @main.go:14 error=EOF`},
		{"without a message, of a call that was running", `
			g1 return main.a 10 line=13 ids=1`, `
			exception g1 #1 depth=0 main.a @main.go:13 partial !error(value="<no message>" origin=main.a@main.go:13)
			return g1 #1 depth=0 main.a @main.go:13 partial error="<no message>"`},
		{"a recovered panic becomes an error", `
			g1 enter main.a 10 line=1
			g1 raise panic boom 20 origin=main.a:2
			g1 unwind 10 recovered
			g1 return main.a 10 line=3 err=boom ids=1`, `
			call g1 #1 depth=0 main.a @main.go:1
			exception g1 #1 depth=0 main.a @main.go:2 !panic(value=boom origin=main.a@main.go:2)
			exception g1 #1 depth=0 main.a @main.go:3 !error(value=boom origin=main.a@main.go:3)
			return g1 #1 depth=0 main.a @main.go:3 error=boom recovered`},
	})
}

func TestErrorMemory(t *testing.T) {
	var m errorMemory
	id := func(n int) []engine.ErrorID { return []engine.ErrorID{{Data: uint64(n)}} }
	first := &events.Frame{Func: "main.first"}
	m.remember(id(0), first)
	m.remember(id(1), first)
	m.remember(id(0), first) // most recent again
	for n := 2; n <= maxRemembered; n++ {
		m.remember(id(n), &events.Frame{Func: "main.later"})
	}
	if len(m) != maxRemembered {
		t.Errorf("%d errors are remembered", len(m))
	}
	if m.origin(id(0)) != first || m.origin(id(1)) != nil {
		t.Error("another than the oldest was forgotten")
	}
}
