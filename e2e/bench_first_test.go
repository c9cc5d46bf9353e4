package e2e

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

var big = flag.String("big", "", "the `PROGRAM` of BenchmarkFirstAgainstDelve; it ends soon without arguments (default dlv itself)")

// BenchmarkFirstAgainstDelve starts a large program under gtrace and under dlv, in
// turns, up to the first event, a call of main.main, and reports what that costs each
// in CPU time and in memory. It wants dlv on the PATH.
//
//	go test ./e2e -run '^$' -bench FirstAgainstDelve -benchtime 5x
func BenchmarkFirstAgainstDelve(b *testing.B) {
	dlv, err := exec.LookPath("dlv")
	if err != nil {
		b.Skip("dlv is not on the PATH; go install github.com/go-delve/delve/cmd/dlv@latest")
	}
	dir := b.TempDir()
	tracer := build(b, filepath.Join(dir, "gtrace"), "../cmd/gtrace")
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("break main.main\ncontinue\nexit\n"), 0o600); err != nil {
		b.Fatal(err)
	}
	prog := *big
	if prog == "" {
		prog = dlv
	}
	rivals := []struct {
		name string
		argv []string
	}{
		{"gtrace", []string{tracer, "run", "-q", "-n", "1", "-o", filepath.Join(dir, "out"), "-t", "main.main", prog}},
		{"dlv", []string{dlv, "exec", "--allow-non-terminal-interactive=true", "--init", script, prog}},
	}
	seconds, megabytes := make([][]float64, len(rivals)), make([][]float64, len(rivals))
	for b.Loop() {
		for i, r := range rivals {
			cmd := exec.CommandContext(b.Context(), r.argv[0], r.argv[1:]...)
			out, err := cmd.CombinedOutput()
			usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
			if err != nil && cmd.ProcessState.ExitCode() > 1 || !ok {
				b.Fatalf("%s: %v\n%s", strings.Join(r.argv, " "), err, out)
			}
			cpu := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
			seconds[i] = append(seconds[i], cpu.Seconds())
			megabytes[i] = append(megabytes[i], float64(usage.Maxrss)/1e3)
		}
	}
	b.ReportMetric(0, "ns/op")
	for i, r := range rivals {
		b.ReportMetric(median(seconds[i]), r.name+"-s")
		b.ReportMetric(median(megabytes[i]), r.name+"-MB")
	}
	b.ReportMetric(median(seconds[1])/median(seconds[0]), "dlv/gtrace")
}
