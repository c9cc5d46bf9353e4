//go:build linux && amd64

package proc

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/arch/x86/x86asm"
	"golang.org/x/sys/unix"

	"gtrace/repair"
)

// lock keeps the test on the OS thread that ptrace wants.
func lock(t *testing.T) {
	t.Helper()
	runtime.LockOSThread()
	t.Cleanup(runtime.UnlockOSThread)
}

func start(t *testing.T, script string) *Process {
	t.Helper()
	return startCommand(t, exec.Command("sh", "-c", script))
}

func startCommand(t *testing.T, cmd *exec.Cmd) *Process {
	t.Helper()
	lock(t)
	p, err := Start(cmd)
	if errors.Is(err, unix.EPERM) && !strings.Contains(os.Getenv("GTRACE_REQUIRE"), "ptrace") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func next(t *testing.T, p *Process) Stop {
	t.Helper()
	s, err := p.Next()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEnds(t *testing.T) {
	for _, tt := range []struct {
		name, script string
		want         Stop
	}{
		{"exit status", "exit 3", Stop{Cause: Exited, Status: 3}},
		{"children", "for i in 1 2 3; do true; done; (exit 2); exit 4", Stop{Cause: Exited, Status: 4}},
		{"signal", "kill -TERM $$; sleep 10", Stop{Cause: Killed, Signal: unix.SIGTERM}},
		{"killed", "kill -KILL $$", Stop{Cause: Killed, Signal: unix.SIGKILL}},
		{"signal handled", "trap 'exit 5' USR1; kill -USR1 $$; sleep 10", Stop{Cause: Exited, Status: 5}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := start(t, tt.script)
			got := next(t, p)
			got.Thread = nil
			if got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
			if again := next(t, p); again.Cause != tt.want.Cause {
				t.Errorf("asked again: %+v", again)
			}
			if err := p.Detach(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestExec(t *testing.T) {
	p := start(t, "exec sh -c 'exit 6'")
	if s := next(t, p); s.Cause != Execed {
		t.Fatalf("%+v, want the report of an exec", s)
	}
	if s, err := p.Wait(); err != nil || s.Cause != Exited || s.Status != 6 {
		t.Errorf("it ended with %+v, %v, want status 6", s, err)
	}
}

// TestLeave lets go of a started process, which runs on.
func TestLeave(t *testing.T) {
	cmd := exec.Command("sh", "-c", "read line; exit 7")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := startCommand(t, cmd)
	time.AfterFunc(50*time.Millisecond, p.Interrupt)
	if _, err := p.Next(); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("%v, want an interrupt", err)
	}
	if err := p.Detach(); err != nil {
		t.Fatal(err)
	}
	if tracer := tracerOf(p.PID); tracer != 0 {
		t.Errorf("%d still traces it", tracer)
	}
	if err := in.Close(); err != nil { // it waits for that
		t.Fatal(err)
	}
	if s, err := p.Wait(); err != nil || s.Status != 7 {
		t.Errorf("it ended with %+v, %v, want status 7", s, err)
	}
}

// TestAttach attaches to a process and lets go of it, many times.
func TestAttach(t *testing.T) {
	lock(t)
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}()
	awaitCall(t, cmd.Process.Pid, unix.SYS_CLOCK_NANOSLEEP) // or its exec may still go on
	for range 50 {
		p, err := Attach(cmd.Process.Pid)
		if errors.Is(err, unix.EPERM) && !strings.Contains(os.Getenv("GTRACE_REQUIRE"), "ptrace") {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if p.Threads() != 1 {
			t.Errorf("%d threads, want 1", p.Threads())
		}
		if err := p.Detach(); err != nil {
			t.Fatal(err)
		}
	}
	// It takes up its system call again, which needs a moment.
	var status string
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		data, err := os.ReadFile("/proc/" + strconv.Itoa(cmd.Process.Pid) + "/status")
		if err != nil {
			t.Fatal(err)
		}
		if status = string(data); strings.Contains(status, "State:\tS") && strings.Contains(status, "TracerPid:\t0") {
			return
		}
	}
	t.Errorf("after 50 times it is not as it was:\n%s", status)
}

func TestAttachNone(t *testing.T) {
	lock(t)
	if _, err := Attach(1 << 22); err == nil {
		t.Error("attached to a process that does not exist")
	}
}

// TestMoved checks the slots of instructions: relative addresses keep meaning the
// same place, and the jump leads to where the instruction would have.
func TestMoved(t *testing.T) {
	const at, to = 0x401000, 0x3f0000
	for _, tt := range []struct {
		name string
		insn Insn
		want []string
	}{
		// 0x401007+0x10 is 0x11010 from 0x3f0007.
		{
			"relative",
			Insn{Effect: Copied, Length: 7, Code: []byte{0x48, 0x8d, 0x05, 0x10, 0, 0, 0}, Relative: 3},
			[]string{"LEA RAX, [RIP+0x11010]", "JMP .+69627"},
		},
		{"push", Insn{Effect: PushBP, Length: 1}, []string{"PUSH RBP", "JMP .+69627"}},
		{"ret", Insn{Effect: Ret, Length: 1}, []string{"RET"}},
		{"nop", Insn{Effect: Nop, Length: 5}, []string{"JMP .+69632"}},
		{"jump", Insn{Effect: Jump, Length: 5, Target: 0x402000}, []string{"JMP .+73723"}},
		{"branch", Insn{Effect: Branch, Length: 2, Target: 0x402000, Condition: 0x5}, []string{"JNE .+73722", "JMP .+69623"}},
		{"call", Insn{Effect: Call, Length: 5, Target: 0x402000}, []string{"PUSH [RIP+0x12]", "JMP .+73717"}},
		{"indirect", Insn{Effect: Indirect, Length: 3, Code: []byte{0x41, 0xff, 0xe0}}, []string{"PUSH [RIP+0x12]", "JMP R8"}},
	} {
		b := &breakpoint{addr: at, insn: tt.insn}
		slot, ok := b.moved(to)
		if !ok {
			t.Errorf("%s: it cannot be moved", tt.name)
			continue
		}
		var got []string
		for code := slot[:]; len(got) < len(tt.want); {
			in, err := x86asm.Decode(code, 64)
			if err != nil {
				t.Fatalf("%s: % x: %v", tt.name, slot, err)
			}
			got = append(got, in.String())
			code = code[in.Len:]
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
	far := &breakpoint{addr: at, insn: Insn{Effect: Nop, Length: 1}}
	if _, ok := far.moved(0x7f0000000000); ok {
		t.Error("an address out of reach was accepted")
	}
	for _, effect := range []Effect{Call, Indirect} {
		call := &breakpoint{addr: at, insn: Insn{Effect: effect, Length: 5, Target: 0x402000}}
		if slot, _ := call.moved(to); binary.LittleEndian.Uint64(slot[0x18:]) != at+5 {
			t.Errorf("the call returns to %#x", slot[0x18:])
		}
	}
}

// TestHandlerCode checks that what is written as bytes is what the comments say.
func TestHandlerCode(t *testing.T) {
	const base = 0x10000
	code := handlerCode(base+handlerAt, base+tableAt, 0x1122334455667788)
	if old := binary.LittleEndian.Uint64(code[len(code)-8:]); old != 0x1122334455667788 {
		t.Errorf("it goes on with %#x", old)
	}
	var list []string
	starts := map[int]bool{}
	branches := map[int]bool{}
	for at := 0; at < len(code)-8; {
		in, err := x86asm.Decode(code[at:], 64)
		if err != nil {
			t.Fatal(err)
		}
		starts[at] = true
		at += in.Len
		if rel, ok := in.Args[0].(x86asm.Rel); ok {
			branches[at+int(rel)] = true
		}
		list = append(list, x86asm.GNUSyntax(in, uint64(base+handlerAt+at-in.Len), nil))
	}
	want := "lea 0xfe4(%rip),%rcx" // 0x2000 from behind it at 0x101c
	if !slices.Contains(list, want) {
		t.Errorf("no %q in\n%s", want, strings.Join(list, "\n"))
	}
	for at := range branches {
		if !starts[at] {
			t.Errorf("a branch leads into the middle of an instruction, to %#x, in\n%s", at, strings.Join(list, "\n"))
		}
	}
}

// TestBorrowedAlone lets go of a thread in the middle of a borrowed call, as the
// death of the tracer does. The thread must go on where it was, with its signals
// no longer blocked.
func TestBorrowedAlone(t *testing.T) {
	lock(t)
	cmd := exec.Command("sleep", "1")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	awaitCall(t, cmd.Process.Pid, unix.SYS_CLOCK_NANOSLEEP) // else it may be in its exec still
	p, err := Attach(cmd.Process.Pid)
	if errors.Is(err, unix.EPERM) && !strings.Contains(os.Getenv("GTRACE_REQUIRE"), "ptrace") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	awaitCall(t, p.PID, unix.SYS_CLOCK_NANOSLEEP)
	if err := p.StopAll(); err != nil {
		t.Fatal(err)
	}
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(p.PID, &regs); err != nil {
		t.Fatal(err)
	}
	entry := entryOf(t, p.PID)
	p.UseScratch(scratchAt(t, p, entry))
	base, err := gapNear(p.PID, entry)
	if err != nil {
		t.Fatal(err)
	}
	const blocked = sigset(1 << (unix.SIGUSR2 - 1))
	code, _ := borrowed(restarted(regs), blocked, entry, mappingOf(base, &p.area.scratch))
	if err := p.writeMarked(entry, code); err != nil {
		t.Fatal(err)
	}
	// Only the first of its calls is waited for.
	if got, _, err := p.callAt(p.threads[p.PID], regs, entry+uint64(len(repair.BorrowMark)), 1); got != base || err != nil {
		t.Errorf("the call returned %#x, %v, want %#x", got, err, base)
	}
	if err := ptraceDetach(p.PID, 0); err != nil {
		t.Fatal(err)
	}
	awaitCall(t, p.PID, unix.SYS_RESTART_SYSCALL)
	if err := p.restoreScratch(p.mem); err != nil {
		t.Error(err)
	}
	if got := findArea(p.PID, p.ReadMemory); got != base {
		t.Errorf("there is an area at %#x, want %#x", got, base)
	}
	perms := map[uint64]string{}
	_ = eachMapping(p.PID, func(m mapping) bool {
		perms[m.from] = perms[m.from] + m.perms
		return true
	})
	if perms[base] != "rw-p" || perms[base+headerSize] != "r-xp" {
		t.Errorf("the area is %q and %q", perms[base], perms[base+headerSize])
	}
	status, _ := os.ReadFile("/proc/" + strconv.Itoa(p.PID) + "/status")
	if !strings.Contains(string(status), "SigBlk:\t0000000000000800\n") {
		t.Errorf("it blocks other signals than SIGUSR2:\n%s", status)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// TestBorrowedLeft gets a thread out of borrowed code whose tracer was killed, as who
// recovers the process does. Its signals must not stay blocked.
func TestBorrowedLeft(t *testing.T) {
	p := attachAsleep(t)
	entry := entryOf(t, p.PID)
	p.UseScratch(scratchAt(t, p, entry))
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(p.PID, &regs); err != nil {
		t.Fatal(err)
	}
	base, err := gapNear(p.PID, entry)
	if err != nil {
		t.Fatal(err)
	}
	const blocked = sigset(1 << (unix.SIGUSR2 - 1))
	want := restarted(regs)
	code, _ := borrowed(want, blocked, entry, mappingOf(base, &p.area.scratch))
	if err := p.writeMarked(entry, code); err != nil {
		t.Fatal(err)
	}
	regs.Rip, regs.Orig_rax = entry+uint64(len(repair.BorrowMark)), ^uint64(0)
	if err := unix.PtraceSetRegs(p.PID, &regs); err != nil {
		t.Fatal(err)
	}
	if err := blockSignals(p.PID, ^sigset(0)); err != nil {
		t.Fatal(err)
	}
	if err := p.leave(entry, len(code)); err != nil {
		t.Fatal(err)
	}
	if got, err := blockedSignals(p.PID); got != blocked || err != nil {
		t.Errorf("it blocks %#x, %v, want %#x", got, err, blocked)
	}
	err = unix.PtraceGetRegs(p.PID, &regs)
	if got := restarted(regs); err != nil || got.Rip != want.Rip || got.Rax != want.Rax {
		t.Errorf("it goes on at %#x with %#x, %v, want %#x with %#x", got.Rip, got.Rax, err, want.Rip, want.Rax)
	}
}

// awaitCall waits until a process waits in a system call.
func awaitCall(t *testing.T, pid, nr int) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Second); waitsIn(pid, pid) != strconv.Itoa(nr); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d waits in %s, want %d", pid, waitsIn(pid, pid), nr)
		}
	}
}

// entryOf returns where a process has begun. It does not come back there.
func entryOf(t *testing.T, pid int) uint64 {
	t.Helper()
	const entry = 9
	auxv, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/auxv")
	if err != nil {
		t.Fatal(err)
	}
	for ; len(auxv) >= 16; auxv = auxv[16:] {
		if binary.LittleEndian.Uint64(auxv) == entry {
			return binary.LittleEndian.Uint64(auxv[8:])
		}
	}
	t.Fatalf("process %d has no entry", pid)
	return 0
}
