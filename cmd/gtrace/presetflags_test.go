package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// inDir runs one command line in a directory with a gtrace.yaml.
func inDir(t *testing.T, presets string, args ...string) (result, *fakeBackend) {
	t.Helper()
	dir := t.TempDir()
	t.Chdir(dir)
	writeFile(t, presetFile, presets)
	b := &fakeBackend{target: newFakeTarget(t, "g1 enter main.work 10\ng1 return main.work 20\ng1 enter main.other 20\ng1 return main.other 30\nexit 0")}
	return gtrace(t, b, append([]string{"run", anyProgram}, args...)...), b
}

func TestPresets(t *testing.T) {
	const presets = `
presets:
  work:
    trace: [main.work]
    time: none
    quiet: true
    events: [call]
  other:
    trace: main.other
    format: "{func} {kind}"
`
	for _, tt := range []struct{ args, want string }{
		{"--preset work", "g1   • main.work(…)\n"},
		{"--preset work,other", "main.other call\n"},
		{"--preset other --preset work -e call", "main.work call\n"},
		{"--preset work -t main.other", "g1   • main.other(…)\n"}, // replaces
		{"--preset work -t main.other -t main.work", "g1   • main.work(…)\ng1   │ • main.other(…)\n"},
		{"-q --time none -e call -t main.work", "g1   • main.work(…)\n"}, // it is not read
	} {
		r, _ := inDir(t, presets, strings.Fields(tt.args)...)
		if r.status != 0 || r.stderr != tt.want {
			t.Errorf("%s: status %d\n%s", tt.args, r.status, r.stderr)
		}
	}
	// Elsewhere.
	file := filepath.Join(t.TempDir(), "my presets")
	writeFile(t, file, presets)
	if r, _ := inDir(t, "nonsense", "--preset", "work", "--config", file); r.status != 0 || r.stderr != "g1   • main.work(…)\n" {
		t.Errorf("status %d\n%s", r.status, r.stderr)
	}
}

func TestPresetsRefused(t *testing.T) {
	for _, tt := range []struct{ presets, args, stderr string }{
		{"presets: {a: {trace: x}}", "--preset b", `gtrace.yaml: unknown preset "b"; near it: a`},
		{"presets: {a: {trace: x}}", "--preset a --config no.yaml", "--preset: open no.yaml: no such file or directory"},
		{"presets: {a: {trace: x}}", "--config no.yaml", "--config: needs --preset NAME"},
		{"presets: {a: {trace: x}}", "--preset a --config .", "--preset: open .: is a directory"},
		{"presets: {a: {trace: x}}", "--preset a --config /dev/null", "--preset: open /dev/null: is not a regular file"},
		{"presets:\n  a: {trace: x}\n  b:\n    whre: x", "--preset a", `gtrace.yaml: line 4: unknown flag "whre"; near it: where`},
		{"presets: {a: {preset: a}}", "--preset a", `gtrace.yaml: line 1: unknown flag "preset"`},
		{"presets: {a: {config: a}}", "--preset a", `gtrace.yaml: line 1: unknown flag "config"`},
		{"presets: {a: {limit: [1, 2]}}", "--preset a", "gtrace.yaml: line 1: limit: takes one value, not a list"},
		{"presets: {a: {limit: many}}", "--preset a", "gtrace.yaml: line 1: limit: many: write a whole number that is not negative, as 10"},
		{"presets: {a: {quiet: 3}}", "--preset a", "gtrace.yaml: line 1: quiet: 3: write true or false"},
		{"presets: {a: {for: 10}}", "--preset a", "gtrace.yaml: line 1: for: 10: a time needs its unit: write 10s or 10m"},
		{"presets: {a: {format: xml}}", "--preset a", "--format xml: use text"},
		{"presets: [", "--preset a", "gtrace.yaml: line 1: not YAML: "},
		{"presets: {}", "--preset a", "gtrace.yaml: there are no presets in it"},
		{strings.Repeat("# long\n", 10_000), "--preset a", "gtrace.yaml: it has more than 65536 bytes"},
	} {
		r, b := inDir(t, tt.presets, strings.Fields(tt.args)...)
		if r.status != statusUsage {
			t.Errorf("%s %s: status %d", tt.presets, tt.args, r.status)
		}
		if b.launch.Path != "" {
			t.Errorf("%s %s: the target was started", tt.presets, tt.args)
		}
		wantText(t, tt.args, r.stderr, "gtrace: "+tt.stderr)
	}
	writeFile(t, presetFile, "presets: {a: {optimized: true}}")
	r := gtrace(t, &fakeBackend{}, "attach", "1", "--preset", "a")
	wantText(t, "attach", r.stderr, "gtrace: gtrace.yaml: line 1: gtrace attach has no flag --optimized\n")
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
