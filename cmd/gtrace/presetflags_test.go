package main

import (
	"io"
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
	do(t, os.WriteFile(presetFile, []byte(presets), 0o600))
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
	do(t, os.WriteFile(file, []byte(presets), 0o600))
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
		{"presets: {a: {trace: x}}", "--preset a --config /dev/null", "--preset: open /dev/null: is no regular file"},
		{"presets:\n  a: {trace: x}\n  b:\n    whre: x", "--preset a", `gtrace.yaml: line 4: unknown flag "whre"; near it: where`},
		{"presets: {a: {preset: a}}", "--preset a", `gtrace.yaml: line 1: unknown flag "preset"`},
		{"presets: {a: {config: a}}", "--preset a", `gtrace.yaml: line 1: unknown flag "config"`},
		{"presets: {a: {limit: [1, 2]}}", "--preset a", "gtrace.yaml: line 1: limit: takes one value, not a list"},
		{"presets: {a: {limit: many}}", "--preset a", "gtrace.yaml: line 1: limit: many: write a whole number that is not negative, as 10"},
		{"presets: {a: {quiet: 3}}", "--preset a", "gtrace.yaml: line 1: quiet: 3: write true or false"},
		{"presets: {a: {for: 10}}", "--preset a", "gtrace.yaml: line 1: for: 10: a time needs its unit: write 10s or 10m"},
		{"presets: {a: {format: xml}}", "--preset a", "--format xml: use text"},
		{"presets: [", "--preset a", "gtrace.yaml: line 1: no YAML: "},
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
	do(t, os.WriteFile(presetFile, []byte("presets: {a: {optimized: true}}"), 0o600))
	r := gtrace(t, &fakeBackend{}, "attach", "1", "--preset", "a")
	wantText(t, "attach", r.stderr, "gtrace: gtrace.yaml: line 1: gtrace attach has no flag --optimized\n")
}

// TestOpenConfig reads what other users could have written, as root.
func TestOpenConfig(t *testing.T) {
	needRoot(t)
	for _, tt := range []struct {
		name     string
		dirOwner int
		kind     string // as plant has it
		owner    int
		mode     os.FileMode
		sudo     int
		refused  string
	}{
		{"own", 0, "file", 0, 0o644, 0, ""},
		{"own, in the directory of somebody else", nobody, "file", 0, 0o644, 0, ""},
		{"of somebody else", nobody, "file", nobody, 0o644, 0, "gtrace.yaml belongs to user 65534"},
		{"of somebody else, in an own directory", 0, "file", nobody, 0o600, 0, "gtrace.yaml belongs to user 65534"},
		{"of who runs gtrace by sudo", nobody, "file", nobody, 0o644, nobody, ""},
		{"of another one than who does", nobody, "file", another, 0o644, nobody, "gtrace.yaml belongs to user 65533"},
		{"others can write", 0, "file", 0, 0o646, 0, "others can write to gtrace.yaml"},
		{"a group can write", 0, "file", 0, 0o664, 0, "others can write to gtrace.yaml"},
		{"own link", 0, "link", 0, 0, 0, ""},
		{"link of somebody else", nobody, "link", nobody, 0, 0, "gtrace.yaml is a symbolic link of user 65534"},
		{"another name of an own file", nobody, "name", 0, 0o644, 0, "gtrace.yaml has other names"},
		{"pipe", 0, "pipe", 0, 0o600, 0, "is no regular file"},
		{"directory", 0, "dir", 0, 0o700, 0, "is a directory"},
		{"nothing", 0, "", 0, 0, 0, "no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base := t.TempDir()
			dir, victim := filepath.Join(base, "dir"), filepath.Join(base, "victim")
			do(t, os.Chmod(base, 0o755), os.Mkdir(dir, 0o755), os.WriteFile(victim, []byte("old"), 0o644), os.Lchown(dir, tt.dirOwner, -1))
			path := filepath.Join(dir, presetFile)
			plant(t, path, tt.kind, victim, tt.owner)
			if tt.mode != 0 {
				do(t, os.Chmod(path, tt.mode))
			}
			f, err := openConfig(path, 0, tt.sudo)
			if tt.refused != "" {
				if err == nil || !strings.Contains(err.Error(), tt.refused) {
					t.Errorf("%v, want %s", err, tt.refused)
				}
				if _, statErr := os.Lstat(path); tt.kind == "" && statErr == nil {
					t.Error("it was made")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if text, err := io.ReadAll(f); err != nil || string(text) != "old" {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
}
