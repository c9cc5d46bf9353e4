// Offspring starts children in every way there is, on two threads, and says how
// each of them ends. Each different note is written once.
package main

/*
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

// forked returns how a child ends that compares its code with what it should be.
static int forked(const void *text, const void *want, size_t n) {
	int status = -1;
	pid_t pid = fork();
	if (pid == 0)
		_exit(memcmp(text, want, n) ? 1 : 42);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}
*/
import "C"

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"unsafe"

	"gtrace/e2e/testdata/rounds"
)

//go:noinline
func execed(args ...string) string {
	out, err := exec.Command(os.Args[0], args...).Output()
	return fmt.Sprintf("%q %v", out, err)
}

//go:noinline
func started(script string, attr *syscall.SysProcAttr) string {
	pid, err := syscall.ForkExec("/bin/sh", []string{"sh", "-c", script}, &syscall.ProcAttr{Files: []uintptr{0, 1, 2}, Sys: attr})
	if err != nil {
		return err.Error()
	}
	return ended(pid)
}

func ended(pid int) string {
	var ws syscall.WaitStatus
	for {
		if _, err := syscall.Wait4(pid, &ws, 0, nil); err != syscall.EINTR {
			return fmt.Sprintf("%#x %v", ws, err)
		}
	}
}

//go:noinline
func missing() string {
	_, err := syscall.ForkExec("/nowhere", []string{"nowhere"}, &syscall.ProcAttr{})
	return fmt.Sprint(err)
}

//go:noinline
func forked(at uintptr, want []byte) string {
	return fmt.Sprintf("%#x", C.forked(unsafe.Pointer(at), unsafe.Pointer(&want[0]), C.size_t(len(want))))
}

func main() {
	if len(os.Args) > 2 {
		fmt.Println("child")
		os.Exit(7)
	}
	at, text := code()
	var mu sync.Mutex
	var notes []string
	note := func(way, s string) {
		mu.Lock()
		defer mu.Unlock()
		if s = way + ": " + s; !slices.Contains(notes, s) {
			notes = append(notes, s)
		}
	}
	rounds.Until(func(int) {
		var group sync.WaitGroup
		for range 2 {
			group.Go(func() {
				note("exec", execed("all", "child"))
				note("exit", started("exit 5", nil))
				note("kill", started("kill -KILL $$", nil))
				note("group", started("exit 6", &syscall.SysProcAttr{Setpgid: true}))
				note("missing", missing())
				note("fork", forked(at, text))
			})
		}
		group.Wait()
	})
	slices.Sort(notes)
	fmt.Println(strings.Join(notes, "\n"))
}

// code returns where the code of this program is, and what it is on disk.
func code() (at uintptr, text []byte) {
	maps, err1 := os.ReadFile("/proc/self/maps")
	disk, err2 := os.ReadFile("/proc/self/exe")
	exe, err3 := os.Readlink("/proc/self/exe")
	if err1 != nil || err2 != nil || err3 != nil {
		panic(fmt.Sprint(err1, err2, err3))
	}
	for line := range bytes.Lines(maps) {
		var from, to, offset uintptr
		var perm string
		if _, err := fmt.Sscanf(string(line), "%x-%x %s %x", &from, &to, &perm, &offset); err != nil {
			panic(err)
		}
		if perm == "r-xp" && strings.HasSuffix(strings.TrimSpace(string(line)), exe) {
			return from, disk[offset : offset+min(to-from, uintptr(len(disk))-offset)]
		}
	}
	panic("no code")
}
