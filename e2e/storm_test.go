package e2e

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"gtrace/events"
)

// TestStorm counts the calls of a program in which everything goes on that can
// disturb a tracer. They must be all there, and the program must not notice.
func TestStorm(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for _, mode := range []struct {
		name, build string
		flag        []string
	}{
		{name: "opt", build: "opt"},
		{name: "debug", build: "debug"},
		{name: "pinned", build: "opt", flag: []string{"--pin"}},
	} {
		t.Run(mode.name, func(t *testing.T) {
			dir := keepOnFailure(t, "gtrace-storm-")
			prog, trace := buildTarget(t, mode.build, "storm"), filepath.Join(dir, "trace.jsonl")
			args := append([]string{"run", "-q", "--format", "json", "-o", trace}, mode.flag...)
			args = append(args, "-t", "main.leaf", "-t", "main.add", "-t", "main.frame", "-t", "main.deep", prog)
			out, err := exec.CommandContext(t.Context(), gtrace(t), args...).CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			if want := "wrong: 0 signals: true\n"; !bytes.HasSuffix(out, []byte(want)) {
				t.Errorf("the program says %q, want %q", out, want)
			}
			if err := validateFile(trace); err != nil {
				t.Fatal(err)
			}
			checkStorm(t, trace)
		})
	}
}

// checkStorm counts what the storm program does: 4 workers, 500 rounds each.
func checkStorm(t *testing.T, trace string) {
	t.Helper()
	f, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	stream, err := readStream(f)
	if err != nil {
		t.Fatal(err)
	}
	type key struct {
		kind               events.Kind
		fn                 string
		unwound, recovered bool
	}
	got := map[key]int{}
	for _, e := range stream {
		if e.Call != events.NoCall {
			got[key{e.Kind, e.Func, e.Unwound, e.Recovered}]++
		}
	}
	const rounds, failing, deep = 4 * 500, 4 * 50, 4 * 5 * 151
	want := map[key]int{
		{kind: events.Call, fn: "main.add"}:                      rounds,
		{kind: events.Return, fn: "main.add"}:                    rounds,
		{kind: events.Call, fn: "main.deep"}:                     deep,
		{kind: events.Return, fn: "main.deep"}:                   deep,
		{kind: events.Call, fn: "main.leaf"}:                     rounds,
		{kind: events.Return, fn: "main.leaf"}:                   rounds - failing,
		{kind: events.Exception, fn: "main.leaf"}:                failing,
		{kind: events.Return, fn: "main.leaf", unwound: true}:    failing,
		{kind: events.Call, fn: "main.frame"}:                    rounds,
		{kind: events.Return, fn: "main.frame"}:                  rounds - failing,
		{kind: events.Exception, fn: "main.frame"}:               failing,
		{kind: events.Return, fn: "main.frame", recovered: true}: failing,
	}
	for k, n := range want {
		if got[k] != n {
			t.Errorf("%v of %s (unwound %v, recovered %v): %d, want %d", k.kind, k.fn, k.unwound, k.recovered, got[k], n)
		}
		delete(got, k)
	}
	for k, n := range got {
		t.Errorf("%v of %s (unwound %v, recovered %v): %d, want none", k.kind, k.fn, k.unwound, k.recovered, n)
	}
}
