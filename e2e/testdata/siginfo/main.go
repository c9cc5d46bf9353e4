// Siginfo has a handler in C that notes what the kernel tells with each signal,
// while traced functions run on several threads. Its argument says what happens:
//
//	causes  signals caused in every way there is, one by one
//	queue   real-time signals that another process queues for one thread
//	handler a timer at 1 kHz: where do threads stand?
//	change  the handler of SIGTRAP is changed now and then
//
// Each different note is written once.
package main

// #include "handler.h"
// #include <sys/time.h>
import "C"

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"

	"gtrace/e2e/testdata/rounds"
)

type cell struct{ a, b int }

//go:noinline
func work(n int) int { return n + 1 }

//go:noinline
func load(c *cell) int { return c.b }

//go:noinline
func both(c *cell) int { return work(load(c)) }

var quit atomic.Bool

func spin() {
	for n := 0; !quit.Load(); n++ {
		both(&cell{b: n})
		if n%10 == 0 {
			time.Sleep(500 * time.Microsecond)
		}
	}
}

func init() { runtime.LockOSThread() }

const (
	realtime = 39 // SIGRTMIN+5 of the C library
	fromUser = -1 // SI_QUEUE
)

func main() {
	if os.Args[1] == "send" {
		send()
		return
	}
	for _, sig := range []syscall.Signal{realtime, realtime + 1, syscall.SIGUSR1, syscall.SIGALRM, syscall.SIGCHLD, syscall.SIGSEGV, syscall.SIGTRAP} {
		if C.watch(C.int(sig), 0) != 0 {
			panic(sig)
		}
	}
	learnText()
	runtime.GOMAXPROCS(6)
	go spin()
	go spin()
	var notes []string
	note := func(s string) {
		if !slices.Contains(notes, s) {
			notes = append(notes, s)
		}
	}
	switch os.Args[1] {
	case "causes":
		causes(note)
	case "queue":
		queue(note)
	case "handler":
		handler(note)
	case "change":
		change(note)
	}
	quit.Store(true)
	slices.Sort(notes)
	for _, s := range notes {
		fmt.Println(s)
	}
}

// learnText tells the handler where the code of this program is.
func learnText() {
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		panic(err)
	}
	for line := range strings.Lines(string(maps)) {
		var from, to uint64
		var perm string
		if _, err := fmt.Sscanf(line, "%x-%x %s", &from, &to, &perm); err != nil {
			panic(err)
		}
		if f := strings.Fields(line); perm[2] == 'x' && len(f) == 6 {
			C.known(C.ulong(from), C.ulong(to))
		}
	}
}

// await lets traced functions run until there are n records.
func await(n int) {
	deadline := time.Now().Add(10 * time.Second)
	for c := (cell{}); int(C.recorded()) < n; {
		if time.Now().After(deadline) {
			fmt.Printf("lost: %d signals came, %d were sent\n", int(C.recorded()), n)
			os.Exit(1)
		}
		for range 100 {
			both(&c)
		}
	}
}

func tell(r C.struct_record) string {
	pid := strconv.Itoa(int(r.pid))
	if int(r.pid) == os.Getpid() {
		pid = "self"
	}
	return fmt.Sprintf("signal %d code %d pid %s status %d value %d stray %d handler %d", r.signo, r.code, pid, r.status, r.value, r.stray, r.handler)
}

func causes(note func(string)) {
	rounds.Until(func(int) {
		for way := range int(C.causes()) {
			before := int(C.recorded())
			name := C.GoString(C.name(C.int(way)))
			C.cause(C.int(way))
			await(before + 1)
			r := C.record(C.int(before))
			if name == "child" {
				var status syscall.WaitStatus
				if pid, err := syscall.Wait4(-1, &status, 0, nil); err != nil || pid != int(r.pid) {
					note(fmt.Sprintf("child %d, %v: its signal is of %d", pid, err, r.pid))
				}
				r.pid = 0
			}
			if got := int(C.recorded()) - before; got != 1 {
				note(fmt.Sprintf("%s: %d signals", name, got))
			}
			note(name + ": " + tell(r))
		}
	})
}

const burst = 50

func queue(note func(string)) {
	sender := exec.Command(os.Args[0], "send", strconv.Itoa(os.Getpid()), strconv.Itoa(syscall.Gettid()))
	in, err1 := sender.StdinPipe()
	sender.Stderr = os.Stderr
	if err := sender.Start(); err1 != nil || err != nil {
		panic(err)
	}
	sent := 0
	rounds.Until(func(int) {
		if _, err := fmt.Fprintln(in, sent); err != nil {
			panic(err)
		}
		await(sent + burst)
		for i := sent; i < sent+burst; i++ {
			r := C.record(C.int(i))
			if int(r.value) != i || int(r.pid) != sender.Process.Pid {
				note(fmt.Sprintf("number %d: %s", i, tell(r)))
			}
			r.value, r.pid = 0, 0
			note(tell(r))
		}
		sent += burst
	})
	in.Close()
	state, err := sender.Process.Wait()
	await(sent + 1) // that of the sender's end
	if got := int(C.recorded()); got != sent+1 {
		note(fmt.Sprintf("%d came, %d were sent; %v %v", got, sent, state, err))
	}
}

// send queues signals for a thread, numbered from what it reads on.
func send() {
	pid, err1 := strconv.Atoi(os.Args[2])
	tid, err2 := strconv.Atoi(os.Args[3])
	if err1 != nil || err2 != nil {
		panic("usage: send PID TID")
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		first, err := strconv.Atoi(lines.Text())
		if err != nil {
			panic(err)
		}
		for n := first; n < first+burst; n++ {
			info := struct {
				signo, errno, code, _ int32
				pid, uid              int32
				value                 int64
				_                     [96]byte
			}{signo: realtime, code: fromUser, pid: int32(os.Getpid()), value: int64(n)}
			if _, _, errno := syscall.RawSyscall6(syscall.SYS_RT_TGSIGQUEUEINFO, uintptr(pid), uintptr(tid), realtime, uintptr(unsafe.Pointer(&info)), 0, 0); errno != 0 {
				panic(errno)
			}
		}
	}
}

func handler(note func(string)) {
	every := C.struct_timeval{tv_usec: 1000}
	C.setitimer(C.ITIMER_REAL, &C.struct_itimerval{it_interval: every, it_value: every}, nil)
	seen := 0
	rounds.Until(func(int) {
		await(seen + 100)
		for ; seen < int(C.recorded()); seen++ {
			note(tell(C.record(C.int(seen))))
		}
	})
	C.setitimer(C.ITIMER_REAL, &C.struct_itimerval{}, nil)
}

// change has SIGTRAP handled by one function for a while, then by another.
func change(note func(string)) {
	const during = 300 // signals each
	way := map[string]int{}
	for i := range int(C.causes()) {
		way[C.GoString(C.name(C.int(i)))] = i
	}
	sent := 0
	rounds.Until(func(n int) {
		if C.watch(C.int(syscall.SIGTRAP), C.int(n%2)) != 0 {
			panic("watch")
		}
		for i := range during {
			// While gtrace is there it may be neither.
			if got := int(C.watching(C.int(syscall.SIGTRAP))); got == 1-n%2 {
				note(fmt.Sprintf("handler is %d instead of %d", got, n%2))
			}
			C.cause(C.int(way[[]string{"int3", "trap"}[i%2]]))
			sent++
			await(sent)
			r := C.record(C.int(sent - 1))
			if int(r.handler) != n%2 {
				note(fmt.Sprintf("handler %d was called instead of %d", r.handler, n%2))
			}
			r.handler = 0
			note(tell(r))
		}
	})
}
