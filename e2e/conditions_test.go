package e2e

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"gtrace/events"
)

// TestConditions traces a program that knows itself of how many of its calls
// each of its conditions was true.
func TestConditions(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	const routines = 3
	for build, mode := range []string{"opt", "debug"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			dir := keepOnFailure(t, "gtrace-conditions-")
			prog := buildTarget(t, mode, "conditions")
			calls := strconv.Itoa(routines * times(150))
			for i, condition := range conditionsOf(t, prog) {
				if *long == 1 && i%6 != 3*build { // each takes its time
					continue
				}
				out, stream := traceIf(t, filepath.Join(dir, "trace.jsonl"), condition, prog, calls, strconv.Itoa(routines))
				want := out[condition]
				counts := map[events.Kind]int{}
				for _, e := range stream {
					if counts[e.Kind]++; e.Call != events.NoCall && e.Depth != 0 {
						t.Errorf("%s: depth %d", condition, e.Depth)
					}
				}
				if counts[events.Call] != want || counts[events.Return] != want {
					t.Errorf("%s: %d calls and %d returns, want %d", condition, counts[events.Call], counts[events.Return], want)
				}
			}
		})
	}
}

// conditionsOf returns what the program calls its conditions.
func conditionsOf(t *testing.T, prog string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), prog, "0", "1").Output()
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	for line := range strings.Lines(string(out)) {
		_, condition, _ := strings.Cut(strings.TrimSpace(line), " ")
		list = append(list, condition)
	}
	return list
}

// traceIf traces the program and returns what it has counted and what was seen.
func traceIf(t *testing.T, trace, condition, prog string, args ...string) (map[string]int, []events.Event) {
	t.Helper()
	var stderr bytes.Buffer
	args = append([]string{"run", "-q", "--format", "json", "-o", trace, "-t", "main.visit", "--if", condition, prog, "--"}, args...)
	cmd := exec.CommandContext(t.Context(), gtrace(t), args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%s: %v\n%s", condition, err, stderr.Bytes())
	}
	if err := validateFile(trace); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(trace)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	stream, err := readStream(f)
	if err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		var n int
		if _, err := fmt.Sscan(lines.Text(), &n); err != nil {
			t.Fatal(err)
		}
		_, condition, _ := strings.Cut(lines.Text(), " ")
		counts[condition] = n
	}
	return counts, stream
}
