package e2e

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"gtrace/leash"
)

// A target is a running program of testdata. It prints what there is to know of
// it and then "ready", and ends when its standard input does.
type target struct {
	pid  int
	said []string // before "ready"
	// end closes its standard input and returns how it ended and what it wrote
	// since it was ready.
	end func() outcome
}

func startTarget(t *testing.T, prog string, args ...string) *target {
	t.Helper()
	cmd := exec.Command(prog, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	cmd.WaitDelay = time.Second // for a child of it that lives longer
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &target{pid: cmd.Process.Pid}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			_ = cmd.Wait()
			t.Fatalf("%s %q is not ready: %v\n%s", prog, args, err, stderr.Bytes())
		}
		if line == "ready\n" {
			break
		}
		p.said = append(p.said, strings.TrimSpace(line))
	}
	p.end = sync.OnceValue(func() outcome {
		in.Close()
		timer := time.AfterFunc(patience, func() {
			_ = cmd.Process.Kill()
			_ = out.Close() // a child of it may hold the other end
		})
		defer timer.Stop()
		rest, err := io.ReadAll(lines)
		if err != nil {
			t.Error(err)
		}
		status, err := exitStatus(cmd.Wait())
		if err != nil {
			t.Error(err)
		}
		return outcome{status, rest, stderr.Bytes()}
	})
	t.Cleanup(func() { p.end() })
	return p
}

// keepOnFailure returns a new directory that is removed unless the test fails.
func keepOnFailure(t *testing.T, prefix string) string {
	t.Helper()
	dir, err := os.MkdirTemp("", prefix)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the program and its trace are in %s", leash.Keep(dir))
			return
		}
		os.RemoveAll(dir)
	})
	return dir
}

// goTool runs go in dir.
func goTool(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go %q: %v\n%s", args, err, out)
	}
}

// validateFile checks the stream of JSON lines in a file.
func validateFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return validate(f)
}
