package e2e

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// BenchmarkAgainstDelve traces the same program with gtrace and with dlv trace,
// in turns, and reports what a call costs the target under each and their ratio.
// Both read arguments and results and write a line for the call and one for its
// return. Of "rejected" --if leaves out all calls. It wants dlv on the PATH.
//
//	go test ./e2e -run '^$' -bench AgainstDelve -benchtime 5x
func BenchmarkAgainstDelve(b *testing.B) {
	dlv, err := exec.LookPath("dlv")
	if err != nil {
		b.Skip("dlv is not on the PATH; go install github.com/go-delve/delve/cmd/dlv@latest")
	}
	dir := b.TempDir()
	tracer := build(b, filepath.Join(dir, "gtrace"), "../cmd/gtrace")
	prog := build(b, filepath.Join(dir, "loop"), "./testdata/loop")
	for _, threads := range []int{1, 4} {
		rivals := []struct {
			name string
			argv func(calls string) []string
		}{
			{"gtrace", func(calls string) []string {
				return []string{tracer, "run", "-q", "-o", filepath.Join(dir, "out"), "-t", "main.work", prog, "--", calls}
			}},
			{"pinned", func(calls string) []string {
				return []string{tracer, "run", "-q", "--pin", "-o", filepath.Join(dir, "out"), "-t", "main.work", prog, "--", calls}
			}},
			{"json", func(calls string) []string {
				return []string{tracer, "run", "-q", "--format", "json", "-o", filepath.Join(dir, "out"), "-t", "main.work", prog, "--", calls}
			}},
			{"rejected", func(calls string) []string { // by a condition: nothing is shown
				return []string{tracer, "run", "-q", "-o", filepath.Join(dir, "out"), "-t", "main.work", "--if", "id < 0", prog, "--", calls}
			}},
			{"dlv", func(calls string) []string {
				return []string{dlv, "trace", "-e", prog, "main.work", "--", calls}
			}},
		}
		b.Run(fmt.Sprintf("threads=%d", threads), func(b *testing.B) {
			costs := make([][]float64, len(rivals))
			for b.Loop() {
				for i, r := range rivals {
					costs[i] = append(costs[i], perCall(b, append(r.argv("400"), strconv.Itoa(threads))))
				}
			}
			b.ReportMetric(0, "ns/op")
			dlvCost := median(costs[len(costs)-1])
			for i, r := range rivals {
				b.ReportMetric(median(costs[i])/1e3, r.name+"-µs/call")
				if r.name != "dlv" {
					b.ReportMetric(dlvCost/median(costs[i]), "dlv/"+r.name)
				}
			}
		})
	}
}

// perCall runs a tracer on the loop program and returns the nanoseconds for a
// call that the program has measured.
func perCall(b *testing.B, argv []string) float64 {
	b.Helper()
	var out bytes.Buffer
	cmd := exec.CommandContext(b.Context(), argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if strings.HasSuffix(argv[0], "dlv") {
		cmd.Stderr = nil // its trace, and the only place for it
	}
	if err := cmd.Run(); err != nil {
		b.Fatalf("%s: %v", strings.Join(argv, " "), err)
	}
	for line := range strings.Lines(out.String()) {
		if n, err := strconv.ParseFloat(strings.TrimSpace(line), 64); err == nil {
			return n
		}
	}
	b.Fatalf("%s: no time in its output:\n%s", strings.Join(argv, " "), out.String())
	return 0
}

// BenchmarkLinesAgainstDelve traces the line inside a loop with gtrace and with a
// tracepoint of dlv, in turns, and reports what an arrival costs under each and
// their ratio. It wants dlv on the PATH.
//
//	go test ./e2e -run '^$' -bench LinesAgainstDelve -benchtime 3x
func BenchmarkLinesAgainstDelve(b *testing.B) {
	dlv, err := exec.LookPath("dlv")
	if err != nil {
		b.Skip("dlv is not on the PATH; go install github.com/go-delve/delve/cmd/dlv@latest")
	}
	dir := b.TempDir()
	tracer := build(b, filepath.Join(dir, "gtrace"), "../cmd/gtrace")
	prog := build(b, filepath.Join(dir, "loop"), "./testdata/loop")
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("trace main.go:22\ncontinue\nexit\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	const calls, arrivals = "100", 10 // arrivals at the line, a call
	var ours, theirs []float64
	for b.Loop() {
		ours = append(ours, perCall(b, []string{tracer, "run", "-q", "-e", "line", "-o", filepath.Join(dir, "out"), "-t", "main.go:22", prog, "--", calls, "1"}))
		theirs = append(theirs, perCall(b, []string{dlv, "exec", "--allow-non-terminal-interactive=true", "--init", script, prog, "--", calls, "1"}))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(ours)/arrivals/1e3, "gtrace-µs/line")
	b.ReportMetric(median(theirs)/arrivals/1e3, "dlv-µs/line")
	b.ReportMetric(median(theirs)/median(ours), "dlv/gtrace")
}

// BenchmarkLines traces the lines of a loop and reports what a line event costs
// the target, beside a call event of the same program.
//
//	go test ./e2e -run '^$' -bench Lines -benchtime 5x
func BenchmarkLines(b *testing.B) {
	dir := b.TempDir()
	tracer := build(b, filepath.Join(dir, "gtrace"), "../cmd/gtrace")
	prog := build(b, filepath.Join(dir, "loop"), "./testdata/loop")
	out := filepath.Join(dir, "out")
	const calls = 400
	for _, tt := range []struct {
		name string
		args []string
	}{
		{"calls", []string{"-t", "main.work"}},
		{"lines", []string{"-t", "main.work", "--lines"}},
		{"old", []string{"-t", "main.work", "--lines", "--old", "--locals"}},
	} {
		b.Run(tt.name, func(b *testing.B) {
			var costs []float64
			for b.Loop() {
				argv := append([]string{tracer, "run", "-q", "--format", "json", "-o", out}, tt.args...)
				cost := perCall(b, append(argv, prog, "--", strconv.Itoa(calls), "1"))
				text, err := os.ReadFile(out)
				if err != nil {
					b.Fatal(err)
				}
				events := bytes.Count(text, []byte("\n")) - 2 // start and end
				costs = append(costs, cost*calls/float64(events))
			}
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(median(costs)/1e3, "µs/event")
			b.ReportMetric(1e9/median(costs), "events/s")
		})
	}
}

// BenchmarkEvents runs the loop program for many events and reports how much
// memory gtrace has taken at the most, which must not grow with them.
//
//	go test ./e2e -run '^$' -bench Events -benchtime 1x
func BenchmarkEvents(b *testing.B) {
	dir := b.TempDir()
	tracer := build(b, filepath.Join(dir, "gtrace"), "../cmd/gtrace")
	prog := build(b, filepath.Join(dir, "loop"), "./testdata/loop")
	for _, calls := range []int{500, 5_000, 50_000} {
		b.Run(fmt.Sprintf("events=%d", 2*calls), func(b *testing.B) {
			for b.Loop() {
				cmd := exec.CommandContext(b.Context(), tracer, "run", "-q", "--format", "json", "-o", os.DevNull,
					"-t", "main.work", prog, "--", strconv.Itoa(calls), "2")
				if err := cmd.Run(); err != nil {
					b.Fatal(err)
				}
				usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
				b.ReportMetric(float64(usage.Maxrss)/1024, "MB-peak")
			}
		})
	}
}

func build(b *testing.B, to, pkg string) string {
	b.Helper()
	if out, err := exec.CommandContext(b.Context(), "go", "build", "-o", to, pkg).CombinedOutput(); err != nil {
		b.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	return to
}

func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}
