package session

import "testing"

func TestPanics(t *testing.T) {
	runStage(t, []stageTest{
		{"through two frames to the one that recovers", `
			g1 enter main.a 10
			g1 enter main.b 20
			g1 enter main.c 30
			g1 raise panic boom 40 type=string
			g1 enter main.a.func1 50
			g1 return main.a.func1 50
			g1 unwind 10 recovered by=main.a.func1
			g1 return main.a 10`, `
			call g1 #1 depth=0 main.a
			call g1 #2 parent=1 depth=1 main.b
			call g1 #3 parent=2 depth=2 main.c
			exception g1 #3 parent=2 depth=2 main.c !panic(type=string value=boom)
			call g1 #4 parent=3 depth=3 main.a.func1
			return g1 #4 parent=3 depth=3 main.a.func1
			return g1 #3 parent=2 depth=2 main.c unwound
			exception g1 #2 parent=1 depth=1 main.b !panic(type=string value=boom)
			return g1 #2 parent=1 depth=1 main.b unwound
			exception g1 #1 depth=0 main.a !panic(type=string value=boom recovered recovered_by=main.a.func1@main.go:0)
			return g1 #1 depth=0 main.a recovered`},
		{"recovered where it began", `
			g1 enter main.a 10
			g1 raise runtime "index out of range" 20
			g1 unwind 10 recovered
			g1 return main.a 10`, `
			call g1 #1 depth=0 main.a
			exception g1 #1 depth=0 main.a !runtime(value="index out of range")
			return g1 #1 depth=0 main.a recovered`},
		{"recovered by a frame that is not traced", `
			g1 enter main.a 10
			g1 enter main.c 30
			g1 raise panic boom 40
			g1 unwind 20 recovered
			g1 enter main.b 20
			g1 return main.b 20
			g1 return main.a 10`, `
			call g1 #1 depth=0 main.a
			call g1 #2 parent=1 depth=1 main.c
			exception g1 #2 parent=1 depth=1 main.c !panic(value=boom)
			return g1 #2 parent=1 depth=1 main.c unwound
			call g1 #3 parent=1 depth=1 main.b
			return g1 #3 parent=1 depth=1 main.b
			return g1 #1 depth=0 main.a`},
		{"recovered deeper than any traced call", `
			g1 enter main.a 10
			g1 raise panic boom 40
			g1 unwind 20 recovered
			g1 return main.a 10`, `
			call g1 #1 depth=0 main.a
			exception g1 #1 depth=0 main.a !panic(value=boom)
			return g1 #1 depth=0 main.a`},
		{"nothing recovers", `
			g1 enter main.a 10
			g1 enter main.b 20
			g2 enter main.x 10
			g1 raise panic boom 40
			g1 unwind all
			exit 2`, `
			call g1 #1 depth=0 main.a
			call g1 #2 parent=1 depth=1 main.b
			call g2 #3 depth=0 main.x
			exception g1 #2 parent=1 depth=1 main.b !panic(value=boom)
			return g1 #2 parent=1 depth=1 main.b unwound
			exception g1 #1 depth=0 main.a !panic(value=boom)
			return g1 #1 depth=0 main.a unwound`},
		{"fatal", `
			g1 enter main.a 10
			g1 raise fatal "concurrent map writes" 40
			g1 unwind all`, `
			call g1 #1 depth=0 main.a
			exception g1 #1 depth=0 main.a !fatal(value="concurrent map writes")
			return g1 #1 depth=0 main.a unwound`},
		{"in a goroutine without a traced call", `
			g1 raise panic boom 40 origin=main.main:5
			g1 unwind 10 recovered
			g1 enter main.a 20
			g1 return main.a 20`, `
			call g1 #1 depth=0 main.a
			return g1 #1 depth=0 main.a`},
		{"in a goroutine without a traced call, deadly", `
			g1 raise panic boom 40 origin=main.main:5
			g1 unwind all`, `
			exception g1 depth=0 main.main !panic(value=boom)`},
		{"on a stack whose frame could not be read", `
			g1 enter main.a 10
			g1 raise panic boom 0
			g1 unwind all`, `
			call g1 #1 depth=0 main.a
			exception g1 #1 depth=0 main.a !panic(value=boom)
			return g1 #1 depth=0 main.a unwound`},
		{"it goes on in a call that has recovered one", `
			g1 enter main.a 10
			g1 enter main.b 20
			g1 raise panic one 30
			g1 unwind 20 recovered
			g1 enter main.b.func1 30
			g1 raise panic two 40
			g1 unwind 10 recovered
			g1 return main.a 10`, `
			call g1 #1 depth=0 main.a
			call g1 #2 parent=1 depth=1 main.b
			exception g1 #2 parent=1 depth=1 main.b !panic(value=one)
			call g1 #3 parent=2 depth=2 main.b.func1
			exception g1 #3 parent=2 depth=2 main.b.func1 !panic(value=two)
			return g1 #3 parent=2 depth=2 main.b.func1 unwound
			exception g1 #2 parent=1 depth=1 main.b !panic(value=two)
			return g1 #2 parent=1 depth=1 main.b unwound
			exception g1 #1 depth=0 main.a !panic(value=two recovered)
			return g1 #1 depth=0 main.a recovered`},
	})
}

func TestNestedPanics(t *testing.T) {
	runStage(t, []stageTest{
		{"a deferred call panics and supersedes", `
			g1 enter main.a 10
			g1 enter main.b 20
			g1 raise panic one 30
			g1 enter main.b.func1 40
			g1 raise panic two 50
			g1 unwind 10 recovered
			g1 return main.a 10`, `
			call g1 #1 depth=0 main.a
			call g1 #2 parent=1 depth=1 main.b
			exception g1 #2 parent=1 depth=1 main.b !panic(value=one)
			call g1 #3 parent=2 depth=2 main.b.func1
			exception g1 #3 parent=2 depth=2 main.b.func1 !panic(value=two)
			return g1 #3 parent=2 depth=2 main.b.func1 unwound
			exception g1 #2 parent=1 depth=1 main.b !panic(value=two)
			return g1 #2 parent=1 depth=1 main.b unwound
			exception g1 #1 depth=0 main.a !panic(value=two recovered)
			return g1 #1 depth=0 main.a recovered`},
		{"recovered inside a deferred call, so that the older goes on", `
			g1 enter main.a 10
			g1 enter main.b 20
			g1 raise panic one 30
			g1 enter main.b.func1 40
			g1 enter main.c 50
			g1 raise panic two 60
			g1 unwind 40 recovered
			g1 return main.b.func1 40
			g1 unwind all`, `
			call g1 #1 depth=0 main.a
			call g1 #2 parent=1 depth=1 main.b
			exception g1 #2 parent=1 depth=1 main.b !panic(value=one)
			call g1 #3 parent=2 depth=2 main.b.func1
			call g1 #4 parent=3 depth=3 main.c
			exception g1 #4 parent=3 depth=3 main.c !panic(value=two)
			return g1 #4 parent=3 depth=3 main.c unwound
			exception g1 #3 parent=2 depth=2 main.b.func1 !panic(value=two recovered)
			return g1 #3 parent=2 depth=2 main.b.func1 recovered
			return g1 #2 parent=1 depth=1 main.b unwound
			exception g1 #1 depth=0 main.a !panic(value=one)
			return g1 #1 depth=0 main.a unwound`},
		{"the second is recovered where the first began", `
			g1 enter main.a 10
			g1 raise panic one 30
			g1 enter main.a.func1 40
			g1 raise panic two 50
			g1 unwind 10 recovered
			g1 return main.a 10`, `
			call g1 #1 depth=0 main.a
			exception g1 #1 depth=0 main.a !panic(value=one)
			call g1 #2 parent=1 depth=1 main.a.func1
			exception g1 #2 parent=1 depth=1 main.a.func1 !panic(value=two)
			return g1 #2 parent=1 depth=1 main.a.func1 unwound
			exception g1 #1 depth=0 main.a !panic(value=two recovered)
			return g1 #1 depth=0 main.a recovered`},
		{"a re-panic in a deferred call that is not traced", `
			g1 enter main.a 10
			g1 raise panic one 30
			g1 raise panic one 50
			g1 unwind all`, `
			call g1 #1 depth=0 main.a
			exception g1 #1 depth=0 main.a !panic(value=one)
			exception g1 #1 depth=0 main.a !panic(value=one)
			return g1 #1 depth=0 main.a unwound`},
		{"Goexit", `
			g5 enter main.a 10
			g5 enter main.b 20
			g5 raise goexit "" 30
			g5 enter main.a.func1 40
			g5 return main.a.func1 40
			g5 unwind all`, `
			call g5 #1 depth=0 main.a
			call g5 #2 parent=1 depth=1 main.b
			exception g5 #2 parent=1 depth=1 main.b !goexit()
			call g5 #3 parent=2 depth=2 main.a.func1
			return g5 #3 parent=2 depth=2 main.a.func1
			return g5 #2 parent=1 depth=1 main.b unwound
			exception g5 #1 depth=0 main.a !goexit()
			return g5 #1 depth=0 main.a unwound`},
		{"a panic recovered on the way of Goexit, which goes on", `
			g5 enter main.a 10
			g5 enter main.b 20
			g5 raise goexit "" 30
			g5 enter main.b.func1 40
			g5 raise panic boom 50
			g5 enter main.a.func1 60
			g5 return main.a.func1 60
			g5 unwind 30 recovered
			g5 enter main.a.func2 40
			g5 return main.a.func2 40
			g5 unwind all`, `
			call g5 #1 depth=0 main.a
			call g5 #2 parent=1 depth=1 main.b
			exception g5 #2 parent=1 depth=1 main.b !goexit()
			call g5 #3 parent=2 depth=2 main.b.func1
			exception g5 #3 parent=2 depth=2 main.b.func1 !panic(value=boom)
			call g5 #4 parent=3 depth=3 main.a.func1
			return g5 #4 parent=3 depth=3 main.a.func1
			return g5 #3 parent=2 depth=2 main.b.func1 unwound
			call g5 #5 parent=2 depth=2 main.a.func2
			return g5 #5 parent=2 depth=2 main.a.func2
			return g5 #2 parent=1 depth=1 main.b unwound
			exception g5 #1 depth=0 main.a !goexit()
			return g5 #1 depth=0 main.a unwound`},
		{"Goexit called by a deferred call supersedes a panic", `
			g5 enter main.a 10
			g5 raise panic boom 20
			g5 enter main.a.func1 30
			g5 raise goexit "" 40
			g5 unwind all`, `
			call g5 #1 depth=0 main.a
			exception g5 #1 depth=0 main.a !panic(value=boom)
			call g5 #2 parent=1 depth=1 main.a.func1
			exception g5 #2 parent=1 depth=1 main.a.func1 !goexit()
			return g5 #2 parent=1 depth=1 main.a.func1 unwound
			exception g5 #1 depth=0 main.a !goexit()
			return g5 #1 depth=0 main.a unwound`},
	})
}

func TestPanicsWithGaps(t *testing.T) {
	const before = "\"<unreadable: it began before tracing>\""
	runStage(t, []stageTest{
		{"it began before tracing", `
			g1 unwind 10 recovered running=main.a@10,main.b@20
			g1 return main.a 10`, `
			exception g1 #2 parent=1 depth=1 main.b partial !panic(value=` + before + `)
			return g1 #2 parent=1 depth=1 main.b unwound partial
			exception g1 #1 depth=0 main.a partial !panic(value=` + before + ` recovered)
			return g1 #1 depth=0 main.a partial recovered`},
		{"its end was not seen", `
			g1 enter main.a 10
			g1 enter main.b 20
			g1 raise panic boom 30
			g1 enter main.c 20
			g1 return main.c 20`, `
			call g1 #1 depth=0 main.a
			call g1 #2 parent=1 depth=1 main.b
			exception g1 #2 parent=1 depth=1 main.b !panic(value=boom)
			return g1 #2 parent=1 depth=1 main.b unwound
			call g1 #3 parent=1 depth=1 main.c
			return g1 #3 parent=1 depth=1 main.c`},
		{"the return of a deferred call was not seen", `
			g1 enter main.a 10
			g1 enter main.b 20
			g1 raise panic boom 30
			g1 enter main.b.func1 40
			g1 unwind 10 recovered
			g1 return main.a 10`, `
			call g1 #1 depth=0 main.a
			call g1 #2 parent=1 depth=1 main.b
			exception g1 #2 parent=1 depth=1 main.b !panic(value=boom)
			call g1 #3 parent=2 depth=2 main.b.func1
			lost count=1 why="the end of main.b.func1 was not seen"
			return g1 #3 parent=2 depth=2 main.b.func1
			return g1 #2 parent=1 depth=1 main.b unwound
			exception g1 #1 depth=0 main.a !panic(value=boom recovered)
			return g1 #1 depth=0 main.a recovered`},
	})
}

func TestPanicPlaces(t *testing.T) {
	runStage(t, []stageTest{
		{"by the callers", `
			g1 enter main.a 10 line=1
			g1 enter main.b 20 line=11 caller=main.a:2
			g1 enter main.b 30 line=11 caller=main.b:12
			g1 raise panic boom 40 origin=main.b:15
			g1 unwind all`, `
			call g1 #1 depth=0 main.a @main.go:1
			call g1 #2 parent=1 depth=1 main.b @main.go:11 caller=main.a@main.go:2
			call g1 #3 parent=2 depth=2 main.b @main.go:11 caller=main.b@main.go:12
			exception g1 #3 parent=2 depth=2 main.b @main.go:15 !panic(value=boom origin=main.b@main.go:15)
			return g1 #3 parent=2 depth=2 main.b @main.go:15 unwound
			exception g1 #2 parent=1 depth=1 main.b @main.go:12 !panic(value=boom origin=main.b@main.go:15)
			return g1 #2 parent=1 depth=1 main.b @main.go:12 unwound
			exception g1 #1 depth=0 main.a @main.go:2 !panic(value=boom origin=main.b@main.go:15)
			return g1 #1 depth=0 main.a @main.go:2 unwound`},
		{"by the stack", `
			g1 enter main.a 10 line=1
			g1 raise panic boom 40 origin=lib.f:7 stack=lib.f:7,lib.g:8,main.a:3,main.main:9
			g1 unwind 10 recovered
			g1 return main.a 10 line=4`, `
			call g1 #1 depth=0 main.a @main.go:1
			exception g1 #1 depth=0 main.a @main.go:3 !panic(value=boom origin=lib.f@main.go:7) stack=(lib.f@main.go:7, lib.g@main.go:8, main.a@main.go:3, main.main@main.go:9)
			return g1 #1 depth=0 main.a @main.go:4 recovered`},
		{"by an older panic", `
			g1 enter main.a 10 line=1
			g1 raise panic one 20 origin=main.a:3
			g1 enter main.b 30
			g1 raise panic two 40 origin=main.b:11
			g1 unwind all`, `
			call g1 #1 depth=0 main.a @main.go:1
			exception g1 #1 depth=0 main.a @main.go:3 !panic(value=one origin=main.a@main.go:3)
			call g1 #2 parent=1 depth=1 main.b @main.go:20
			exception g1 #2 parent=1 depth=1 main.b @main.go:11 !panic(value=two origin=main.b@main.go:11)
			return g1 #2 parent=1 depth=1 main.b @main.go:11 unwound
			exception g1 #1 depth=0 main.a @main.go:3 !panic(value=two origin=main.b@main.go:11)
			return g1 #1 depth=0 main.a @main.go:3 unwound`},
		{"unknown", `
			g1 enter main.a 10 line=1
			g1 raise panic boom 40 origin=lib.f:7
			g1 unwind all`, `
			call g1 #1 depth=0 main.a @main.go:1
			exception g1 #1 depth=0 main.a @main.go:0 !panic(value=boom origin=lib.f@main.go:7)
			return g1 #1 depth=0 main.a @main.go:0 unwound`},
	})
}
