package program

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestForked is about which functions run between fork and exec: how they are
// called, and which, differs from build to build.
func TestForked(t *testing.T) {
	dir := t.TempDir()
	const source = `package main

import "os/exec"

func main() { _ = exec.Command("true").Run() }
`
	if err := os.WriteFile(filepath.Join(dir, "main.go"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, flags := range map[string][]string{
		"optimised": nil,
		"debug":     {"-gcflags=all=-N -l"},
		"pie":       {"-buildmode=pie"},
		"race":      {"-race"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := exec.LookPath("gcc"); err != nil && name == "race" {
				t.Skip(err)
			}
			prog := filepath.Join(t.TempDir(), "prog")
			cmd := exec.Command("go", slices.Concat([]string{"build", "-o", prog}, flags, []string{"main.go"})...)
			cmd.Dir = dir
			cmd.Env = append(os.Environ(), "CGO_ENABLED=1") // -race needs it, whatever the tests are built with
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			im, err := Open(prog)
			if err != nil {
				t.Fatal(err)
			}
			defer im.Close()
			barred, count := map[string]bool{}, 0
			for _, f := range im.Functions() {
				if f.Entry != 0 {
					barred[f.Symbol] = f.Barred != ""
				}
				if f.Barred != "" {
					count++
				}
			}
			for _, name := range []string{
				"syscall.forkAndExecInChild", "syscall.forkAndExecInChild1", "syscall.rawVforkSyscall", "syscall.doCheckClonePidfd",
				"syscall.RawSyscall", "syscall.RawSyscall6", "syscall.rawSyscallNoError", "internal/runtime/syscall/linux.Syscall6",
				"syscall.runtime_BeforeFork", "syscall.runtime_AfterFork", "syscall.runtime_AfterForkInChild",
				"runtime.clearSignalHandlers", "runtime.setsig", "runtime.rtsigprocmask", "runtime.rt_sigaction",
			} {
				if is, ok := barred[name]; !ok || !is {
					t.Errorf("%s: barred %t, there %t", name, is, ok)
				}
			}
			for _, name := range []string{
				"main.main", "os/exec.(*Cmd).Start", "os.startProcess", "syscall.forkExec", "syscall.Syscall", "syscall.Syscall6",
				"syscall.Close", "runtime.mallocgc", "runtime.throw", "runtime.gopanic", "runtime.newobject", "runtime.makeslice",
			} {
				if barred[name] {
					t.Errorf("%s is barred", name)
				}
			}
			if count > 50 {
				t.Errorf("%d functions are barred", count)
			}
		})
	}
}
