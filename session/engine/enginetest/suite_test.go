package enginetest_test

import (
	"testing"

	"gtrace/session/engine"
	"gtrace/session/engine/enginetest"
)

func TestFake(t *testing.T) {
	enginetest.Run(t, func(t *testing.T, p enginetest.Program) engine.Engine {
		if p.Path(t) == "" {
			t.Fatal("the program has no path")
		}
		f, err := p.Play()
		if err != nil {
			t.Fatal(err)
		}
		return f
	})
}

func TestParseErrors(t *testing.T) {
	for _, script := range []string{
		"g1", "g1 enter main.a", "g1 enter main.a x", "gx enter main.a 1", "jump", "g1 return main.a 1 line=x",
		"g1 enter main.a 1 caller=x", "g1 enter main.a 1 origin=main.a:1", "g1 raise panic \"x 1", "exit x",
	} {
		if hits, _, err := enginetest.Parse(script); err == nil {
			t.Errorf("%q is read as %+v", script, hits)
		}
	}
}
