package e2e

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"gtrace/events"
	"gtrace/events/eventstest"
)

// uneven builds the program of that name, as released and for debugging.
func uneven(t *testing.T) map[string]string {
	t.Helper()
	return map[string]string{"opt": buildTarget(t, "opt", "uneven"), "debug": buildTarget(t, "debug", "uneven")}
}

// A traced is what came of a program that was traced.
type traced struct {
	stream     []events.Event
	hot, rare  int // calls that the program has made
	start, end *events.Event
}

// traceUneven traces the program for a time, or until gtrace ends if it attaches,
// and returns the stream, which it has validated.
func traceUneven(t *testing.T, how, prog string, long time.Duration, threads int, v eventstest.Validator, flags ...string) traced {
	t.Helper()
	file := filepath.Join(keepOnFailure(t, "gtrace-uneven-"), "trace.jsonl")
	flags = append([]string{how, "-q", "--format", "json", "-o", file}, flags...)
	args := []string{long.String(), strconv.Itoa(threads)}
	var got traced
	if how == "run" {
		cmd := exec.CommandContext(t.Context(), gtrace(t), slices.Concat(flags, []string{prog, "--"}, args)...)
		if _, err := cmd.StdinPipe(); err != nil { // open until the program ends
			t.Fatal(err)
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		if _, err := fmt.Sscanf(string(out), "ready\nhot %d rare %d", &got.hot, &got.rare); err != nil {
			t.Fatalf("the program says %q: %v", out, err)
		}
	} else {
		path := gtrace(t) // built before the program begins
		cmd := exec.CommandContext(t.Context(), prog, args...)
		in, err1 := cmd.StdinPipe()
		out, err2 := cmd.StdoutPipe()
		if err := errors.Join(err1, err2); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewReader(out)
		if _, err := lines.ReadString('\n'); err != nil {
			t.Fatal(err)
		}
		if msg, err := exec.CommandContext(t.Context(), path, append(flags, strconv.Itoa(cmd.Process.Pid))...).CombinedOutput(); err != nil {
			t.Errorf("attach: %v\n%s", err, msg)
		}
		in.Close()
		text, _ := io.ReadAll(lines)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the program: %v", err)
		}
		if _, err := fmt.Sscanf(string(text), "hot %d rare %d", &got.hot, &got.rare); err != nil {
			t.Fatalf("the program says %q: %v", text, err)
		}
	}
	got.read(t, file, v)
	return got
}

// read reads and validates the stream.
func (u *traced) read(t *testing.T, file string, v eventstest.Validator) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if u.stream, err = readStream(f); err != nil {
		t.Fatal(err)
	}
	for _, e := range u.stream {
		if err := v.Check(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := v.Finish(); err != nil {
		t.Fatal(err)
	}
	u.start, u.end = &u.stream[0], &u.stream[len(u.stream)-1]
}

// lost returns the records of what was lost.
func (u *traced) lost() []events.Event {
	return slices.DeleteFunc(slices.Clone(u.stream), func(e events.Event) bool { return e.Kind != events.Lost })
}
