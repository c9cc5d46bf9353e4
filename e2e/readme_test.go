package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestReadme types the commands of the README into a shell, one after the other, in the
// directory of the repository. What they leave there is removed.
func TestReadme(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	const dir = ".."
	made := filepath.Join(dir, "kiosk")
	if _, err := os.Stat(made); err == nil {
		t.Skipf("%s is there already", made)
	}
	t.Cleanup(func() { _ = os.Remove(made) })
	bin := t.TempDir()
	env := append(os.Environ(), "GOBIN="+bin, "PATH="+bin+":"+os.Getenv("PATH"))
	shell := func(ctx context.Context, line string) *exec.Cmd {
		cmd := exec.CommandContext(ctx, "bash", "-c", "set -o pipefail\n"+line)
		cmd.Dir, cmd.Env = dir, env
		return cmd
	}
	kiosk := "" // its PID
	commands := 0
	for _, b := range docBlocks(t) {
		if b.page != "README.md" || b.language != "sh" {
			continue
		}
		for _, line := range b.lines {
			line, _, _ := strings.Cut(line, " #")
			line = strings.TrimSpace(line)
			commands++
			switch {
			case line == "", line == "go test ./...": // this is it
				continue
			case strings.Contains(line, "| jq") && !isInstalled("jq"):
				line, _, _ = strings.Cut(line, "|")
			case line == "pkill -x kiosk": // others may have one of their own
				line = "kill " + kiosk
			case strings.HasSuffix(line, "&"):
				cmd := shell(context.Background(), "exec "+strings.TrimSuffix(line, "&"))
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() {
					_ = cmd.Process.Kill()
					_ = cmd.Wait()
				})
				kiosk = strconv.Itoa(cmd.Process.Pid)
				continue
			}
			if processesCalled(t, "kiosk") > 1 {
				line = strings.Replace(line, " kiosk", " "+kiosk, 1)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 5*patience) // some build
			cmd := shell(ctx, line)
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			err := cmd.Run()
			cancel()
			if err != nil {
				t.Errorf("$ %s\n%v\n%s", line, err, &out)
				continue
			}
			traces := strings.HasPrefix(line, "gtrace run") || strings.HasPrefix(line, "gtrace test") || strings.HasPrefix(line, "gtrace attach")
			if traces && !strings.Contains(out.String(), "store.") && !strings.Contains(out.String(), "main.") {
				t.Errorf("$ %s\nshows no function\n%s", line, &out)
			}
		}
	}
	if commands < 15 || kiosk == "" {
		t.Errorf("%d commands, kiosk %q", commands, kiosk)
	}
}

func isInstalled(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// processesCalled counts the processes with a program of that name.
func processesCalled(t *testing.T, name string) int {
	t.Helper()
	exes, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, exe := range exes {
		if path, err := os.Readlink(exe); err == nil && filepath.Base(path) == name {
			n++
		}
	}
	return n
}
