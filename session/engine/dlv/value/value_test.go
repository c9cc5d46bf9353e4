package value

import (
	"os/exec"
	"strings"
	"testing"

	"gtrace/session/engine"
)

// TestRead reads every package variable of the program and compares it with
// what the program itself says it should look like.
func TestRead(t *testing.T) {
	builds := []struct {
		name  string
		env   []string
		flags []string
	}{
		{"optimized", nil, nil},
		{"debug", nil, []string{"-gcflags=all=-N -l"}},
		{"pie", nil, []string{"-buildmode=pie"}},
		{"trimpath", nil, []string{"-trimpath", "-ldflags=-s -w=0"}},
		{"race", []string{"CGO_ENABLED=1"}, []string{"-race"}},
		{"classic maps", []string{"GOTOOLCHAIN=go1.23.12"}, nil},
	}
	for _, b := range builds {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			if out, err := goVersion(b.env); err != nil {
				t.Skipf("go version with %v: %v\n%s", b.env, err, out)
			}
			tg := start(t, build(t, b.env, b.flags...))
			r := NewReader(tg.bi)
			if err := r.Prepare(); err != nil {
				t.Fatal(err)
			}
			for _, e := range tg.expected {
				checkVariable(t, tg, r, e)
			}
		})
	}
}

func goVersion(env []string) ([]byte, error) {
	cmd := exec.Command("go", "version")
	cmd.Env = append(cmd.Environ(), env...)
	return cmd.CombinedOutput()
}

func checkVariable(t *testing.T, tg *target, r *Reader, e expectation) {
	typ, data := tg.variable(t, e.name)
	if tg.addrs[e.name] != e.addr {
		t.Fatalf("%s is at %#x, debug information says %#x", e.name, e.addr, tg.addrs[e.name])
	}
	got := r.Read(tg.mem, typ, data, engine.Limits{})
	if part, ok := strings.CutPrefix(e.text, "*"); ok {
		if !strings.Contains(got.Text, part) || strings.Contains(got.Text, "unreadable") {
			t.Errorf("%s:\n got  %s\n want … %s …", e.name, got.Text, part)
		}
	} else if got.Text != e.text {
		t.Errorf("%s:\n got  %s\n want %s", e.name, got.Text, e.text)
	}
	if got.Error != e.mesg {
		t.Errorf("%s: error\n got  %s\n want %s", e.name, got.Error, e.mesg)
	}
	runtime := strings.HasPrefix(e.name, "r") && e.name != "rPlain" && e.name != "rError"
	if got.Runtime != runtime {
		t.Errorf("%s: runtime error: got %v, want %v", e.name, got.Runtime, runtime)
	}
}
