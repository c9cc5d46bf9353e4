package enginetest

import (
	"slices"
	"strings"

	"gtrace/session/engine"
)

// scripts are what an engine reports of the program, by mode.
var scripts = map[string]string{
	"calls": `
		g1 enter main.outer 10 n=3 caller=main.main:61 stack=main.outer:22,main.main:61
		g1 reach main.outer 10 line=20 n=3 sum@19=0
		g1 reach main.outer 10 line=21 n=3 sum@19=0 i@20=1
		g1 enter main.work 20 n=1 caller=main.outer:23 stack=main.work:17,main.outer:23,main.main:61
		g1 return main.work 20 ~r0=2 stack=main.work:17,main.outer:23,main.main:61
		g1 reach main.outer 10 line=20 n=3 sum@19=2
		g1 reach main.outer 10 line=21 n=3 sum@19=2 i@20=2
		g1 enter main.work 20 n=2 caller=main.outer:23
		g1 return main.work 20 ~r0=4
		g1 reach main.outer 10 line=20 n=3 sum@19=6
		g1 reach main.outer 10 line=21 n=3 sum@19=6 i@20=3
		g1 enter main.work 20 n=3 caller=main.outer:23
		g1 return main.work 20 ~r0=6
		g1 reach main.outer 10 line=20 n=3 sum@19=12
		g1 reach main.outer 10 line=23 n=3 sum@19=12
		g1 return main.outer 10 ~r0=12
		exit 3`,
	"errors": `
		g1 enter main.load 10
		g1 enter main.fail 20
		g1 return main.fail 20 err="id -2: negative" type=*fmt.wrapError ids=2,1
		g1 return main.load 10 err="load: id -2: negative" type=*fmt.wrapError ids=3,2,1
		exit 3`,
	"recover": `
		g1 enter main.guard 10
		g1 enter main.explode 20
		g1 raise panic "\"boom\"" 30 type=string origin=main.explode:36
		g1 enter main.rescue 40
		g1 return main.rescue 40
		g1 unwind 10 recovered by=main.rescue
		g1 return main.guard 10
		exit 3`,
	"secrets": `
		g1 enter main.login 20 user="\"ann\"" password="\"hunter2\"" tokens=5
		g1 return main.login 20 token="\"annhunter2\""
		exit 3`,
	"die": `
		g1 enter main.explode 20
		g1 raise panic "\"boom\"" 30 type=string origin=main.explode:36
		g1 unwind all
		exit 2`,
	"goexit": `
		g7 enter main.leave 20
		g7 raise goexit "" 30 origin=main.leave:49
		g7 unwind all
		exit 3`,
	"tumble": `
		g7 enter main.tumble 20
		g7 raise goexit "" 30 origin=main.tumble:54
		g7 enter main.explode 40
		g7 raise panic "\"boom\"" 50 type=string origin=main.explode:36
		g7 enter main.rescue 60
		g7 return main.rescue 60
		g7 unwind 30
		g7 unwind all
		exit 3`,
	"follow": `
		g1 enter main.follow 10
		g1 enter main.one 20 parent=10
		g1 return main.one 20 parent=10
		g1 branch main.follow 10 target=main.(*shape).run
		g1 enter main.shape.run 20 parent=10
		g1 return main.shape.run 20 parent=10
		g1 branch sync.(*Once).doSlow 10 target=main.follow.func1
		g1 enter main.follow.func1 20 parent=10
		g1 return main.follow.func1 20 parent=10
		g1 branch main.follow 10 target=main.follow.gowrap1 go=1@99
		g7 enter main.wait 20 started=1@99
		g7 branch main.wait 20 target=main.(*shape).run
		g7 enter main.shape.run 30 parent=20
		g7 return main.shape.run 30 parent=20
		g7 return main.wait 20
		g1 enter main.explode 20 parent=10
		g1 branch main.follow.deferwrap1 10 target=main.(*shape).run
		g1 enter main.shape.run 50 parent=10
		g1 return main.shape.run 50 parent=10
		g1 enter main.rescue 50 parent=10
		g1 return main.rescue 50 parent=10
		g1 return main.follow 10
		exit 3`,
	"idle": `
		g1 enter main.idle 10
		g1 return main.idle 10
		g1 enter main.idle 10
		g1 return main.idle 10
		g1 enter main.idle 10
		g1 return main.idle 10`,
}

// Play returns a [Fake] that does what the program does.
func (p Program) Play() (*Fake, error) {
	f, err := NewFake(scripts[p.Mode])
	if err != nil {
		return nil, err
	}
	for i := range f.Script {
		h := &f.Script[i]
		for j := range h.Values {
			h.Values[j].Type = "int"
			if strings.HasPrefix(h.Values[j].Value, `"`) {
				h.Values[j].Type = "string"
			}
		}
	}
	f.Code = map[string][]string{
		"main.follow":         {"main.one", "main.explode", "main.rescue", "main.follow.func1", "main.follow.deferwrap1", "sync.(*Once).doSlow"},
		"main.follow.gowrap1": {"main.wait"},
		"main.(*shape).run":   {"main.shape.run"},
	}
	for _, fn := range f.Funcs {
		fn.Wrapper = slices.Contains([]string{"main.follow.gowrap1", "main.(*shape).run", "main.follow.deferwrap1", "sync.(*Once).doSlow"}, fn.Name)
	}
	if !slices.ContainsFunc(f.Funcs, func(fn *engine.Function) bool { return fn.Name == "main.main" }) {
		f.Funcs = append(f.Funcs, &engine.Function{Name: "main.main", Symbol: "main.main", Package: "main", Entry: 1, End: 2, Line: 1})
	}
	return f, nil
}
