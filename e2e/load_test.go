package e2e

import (
	"os/exec"
	"sync"
	"testing"
)

// loops is how many busy loops share the cores with a test that is about what
// happens in between.
const loops = 6

// A load keeps the cores busy as long as any test asks for it.
type load struct {
	mu    sync.Mutex
	tests int
	loops []*exec.Cmd
}

var crowd load

// crowded keeps the cores busy until the test is over: what never happens on idle
// cores happens on these. In the short form it does not, as every other test would
// wait for these loops.
func crowded(t *testing.T) {
	t.Helper()
	if *long == 1 {
		return
	}
	if err := crowd.begin(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(crowd.end)
}

func (l *load) begin() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.loops) < loops {
		cmd := exec.Command("sh", "-c", "while :; do :; done")
		if err := cmd.Start(); err != nil {
			return err
		}
		l.loops = append(l.loops, cmd)
	}
	l.tests++
	return nil
}

func (l *load) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tests--; l.tests > 0 {
		return
	}
	for _, cmd := range l.loops {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	l.loops = nil
}
