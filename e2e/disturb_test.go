package e2e

import (
	"bytes"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// checkAttached attaches to the program and leaves it, again and again, and
// stays to its end the last time. It must write what it writes alone and end as
// it does. It has to be one that [startTarget] can start.
func (f foreign) checkAttached(t *testing.T, times int) {
	t.Helper()
	alone := startTarget(t, f.argv[0], f.argv[1:]...).end()
	p := startTarget(t, f.argv[0], f.argv[1:]...)
	dir := keepOnFailure(t, "gtrace-disturb-")
	args := []string{"attach", "-q", "--format", "json"}
	for _, pattern := range f.patterns {
		args = append(args, "-t", pattern)
	}
	args = append(args, strconv.Itoa(p.pid), "-o")
	for n := range times {
		trace := filepath.Join(dir, strconv.Itoa(n)+".jsonl")
		g := startTracer(t, append(args, trace, "-n", "100")...)
		if got := g.wait(t); got != 0 {
			t.Fatalf("gtrace: exit status %d\n%s", got, g.messages.String())
		}
		if err := untouched(p.pid); err != nil {
			t.Fatalf("%v\n%s", err, p.end())
		}
		if err := validateFile(trace); err != nil {
			t.Fatalf("validate: %v", err)
		}
	}
	trace := filepath.Join(dir, "last.jsonl")
	g := startTracer(t, append(args, trace)...)
	awaitSize(t, trace, 5000)
	f.compare(t, p.end(), alone)
	if got := g.wait(t); got != 0 {
		t.Errorf("gtrace: exit status %d\n%s", got, g.messages.String())
	}
	if err := validateFile(trace); err != nil {
		t.Errorf("validate: %v", err)
	}
}

// compare compares what a program did under trace with what it does alone.
func (f foreign) compare(t *testing.T, traced, alone outcome) {
	t.Helper()
	if traced.status != alone.status {
		t.Errorf("exit status %d, alone %d\n%s", traced.status, alone.status, traced.stderr)
	}
	if !bytes.Equal(traced.stdout, alone.stdout) {
		t.Errorf("stdout\n%s\nalone\n%s", traced.stdout, alone.stdout)
	}
	if got, want := unnumbered(traced.stderr, f.stderr), unnumbered(alone.stderr, f.stderr); got != want {
		t.Errorf("stderr\n%s\nalone\n%s", got, want)
	}
}

var number = regexp.MustCompile(`0x[0-9a-f]+|[0-9]+`)

// unnumbered returns the first paragraphs of what a program writes as it dies,
// without the numbers, which differ from run to run.
func unnumbered(b []byte, paragraphs int) string {
	parts := strings.SplitN(string(b), "\n\n", paragraphs+1)
	return number.ReplaceAllString(strings.Join(parts[:min(paragraphs, len(parts))], "\n\n"), "N")
}
