package e2e

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gtrace/e2e/progen"
	"gtrace/events"
)

var seed = flag.Int("seed", -1, "trace the generated program of this `SEED` only")

// TestGenerated traces random programs that log their own calls, optimised and
// not, and compares what gtrace saw with what they say.
func TestGenerated(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for n := range times(2) {
		if *seed >= 0 {
			n = *seed
		}
		for _, mode := range []string{"opt", "debug"} {
			t.Run(fmt.Sprintf("%d-%s", n, mode), func(t *testing.T) {
				t.Parallel()
				traceGenerated(t, progen.Generate(uint64(n), 150), mode)
			})
		}
		if *seed >= 0 {
			break
		}
	}
}

// TestSignatures traces functions whose arguments and results travel in every way
// there is, and compares them with what the program says.
func TestSignatures(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	for n := range times(1) {
		if *seed >= 0 {
			n = *seed
		}
		for _, mode := range []string{"opt", "debug"} {
			t.Run(fmt.Sprintf("%d-%s", n, mode), func(t *testing.T) {
				t.Parallel()
				traceGenerated(t, progen.Signatures(uint64(n), 120), mode)
			})
		}
		if *seed >= 0 {
			break
		}
	}
}

// generatedLimit is how long one generated program may be traced.
const generatedLimit = 2 * time.Minute

func traceGenerated(t *testing.T, program progen.Program, mode string) {
	dir := keepOnFailure(t, "gtrace-generated-"+mode+"-")
	if err := program.WriteTo(dir); err != nil {
		t.Fatal(err)
	}
	goTool(t, dir, append(slices.Clone(buildModes[mode]), "-o", "prog", ".")...)

	ctx, cancel := context.WithTimeout(t.Context(), generatedLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, gtrace(t), "run", "-t", "main.*", "-s", "1000", "--values", "100", "--format", "json", "-o", "trace.jsonl", "./prog")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CALLLOG=log.jsonl")
	out, err := cmd.CombinedOutput()
	if ctx.Err() != nil {
		t.Fatalf("gtrace did not end within %v\n%s", generatedLimit, out)
	}
	status, err := exitStatus(err)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Contains([]int{0, 2, 3}, status) { // those the program may end with
		t.Errorf("exit status %d\n%s", status, out)
	}
	if err := compareLog(filepath.Join(dir, "log.jsonl"), filepath.Join(dir, "trace.jsonl")); err != nil {
		t.Error(err)
	}
	if err := validateFile(filepath.Join(dir, "trace.jsonl")); err != nil {
		t.Errorf("validate: %v", err)
	}
}

// compareLog compares what a generated program logged with a trace of it.
func compareLog(logFile, traceFile string) error {
	log, err := os.Open(logFile)
	if err != nil {
		return err
	}
	defer log.Close()
	want, wantOpen, err := progen.Expect(log)
	if err != nil {
		return err
	}
	trace, err := os.Open(traceFile)
	if err != nil {
		return err
	}
	defer trace.Close()
	stream, err := readStream(trace)
	if err != nil {
		return err
	}
	got, gotOpen := map[int64][]events.Event{}, map[int64][]string{}
	for _, e := range stream {
		switch e.Kind {
		case events.Call, events.Return, events.Exception:
			got[e.Goroutine] = append(got[e.Goroutine], e)
		case events.Lost:
			return fmt.Errorf("%d events were lost: %s", e.Lost.Count, e.Lost.Why)
		case events.End:
			for _, c := range e.End.Open {
				gotOpen[c.Goroutine] = append(gotOpen[c.Goroutine], c.Func)
			}
		}
	}
	for _, g := range slices.Sorted(maps.Keys(want)) {
		if err := sameEvents(got[g], want[g]); err != nil {
			return fmt.Errorf("goroutine %d: %w", g, err)
		}
		if !slices.Equal(gotOpen[g], wantOpen[g]) {
			return fmt.Errorf("goroutine %d: open at the end %v, want %v", g, gotOpen[g], wantOpen[g])
		}
		delete(got, g)
	}
	for g, more := range got {
		return fmt.Errorf("goroutine %d: %d events, none logged; the first: %s", g, len(more), telling(more[0]))
	}
	return nil
}

// sameEvents compares the events of a goroutine up to the first difference.
func sameEvents(got, want []events.Event) error {
	lines := func(stream []events.Event, i int) string {
		if i < len(stream) {
			return telling(stream[i])
		}
		return "nothing more"
	}
	for i := range max(len(got), len(want)) {
		g, w := lines(got, i), lines(want, i)
		if g == w {
			continue
		}
		var before strings.Builder
		for j := max(0, i-6); j < i; j++ {
			fmt.Fprintf(&before, "     %s\n", lines(got, j))
		}
		return fmt.Errorf("event %d of %d differs:\n%sgot  %s\nwant %s\nthen got  %s\nthen want %s",
			i+1, len(want), before.String(), g, w, lines(got, i+1), lines(want, i+1))
	}
	return nil
}

// telling renders what a log can tell of an event.
func telling(e events.Event) string {
	e.Caller, e.Stack = nil, nil
	var text strings.Builder
	text.WriteString(strings.Repeat("  ", e.Depth) + happening(e, false))
	for _, v := range append(slices.Clone(e.Args), e.Results...) {
		text.WriteString(" " + v.Name)
		if v.Error != "" {
			text.WriteString("!" + v.Error)
		}
	}
	return address.ReplaceAllString(text.String(), "0xADDR")
}
