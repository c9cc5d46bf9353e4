//go:build linux && amd64

package proc

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"gtrace/repair"
)

// attachAsleep attaches to a process that sleeps, and stops it.
func attachAsleep(t *testing.T) *Process {
	t.Helper()
	lock(t)
	cmd := exec.Command("sleep", "60")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	awaitCall(t, cmd.Process.Pid, unix.SYS_CLOCK_NANOSLEEP) // or its exec may still go on
	p, err := Attach(cmd.Process.Pid)
	if errors.Is(err, unix.EPERM) && !strings.Contains(os.Getenv("GTRACE_REQUIRE"), "ptrace") {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	if err := p.StopAll(); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestLeaveSlot sets a thread that stands in a slot to the text, from each
// instruction of the slot, with the one under the breakpoint carried out or not.
func TestLeaveSlot(t *testing.T) {
	p := attachAsleep(t)
	entry := entryOf(t, p.PID)
	p.UseScratch(scratchAt(t, p, entry))
	thread := p.threads[p.PID]
	if err := p.Secure(thread); err != nil || p.area.base == 0 {
		t.Fatalf("no area: %v", err)
	}
	code := []byte{
		0xff, 0xd0, // CALL AX
		0x74, 0x10, // JE 16 on
		0x90,
		0xf3, 0xaa, // REP; STOSB
	}
	if _, err := p.WriteMemory(entry, code); err != nil {
		t.Fatal(err)
	}
	call := Break{entry, 0xff, Insn{Effect: Indirect, Length: 2, Code: []byte{0xff, 0xe0}}}
	branch := Break{entry + 2, 0x74, Insn{Effect: Branch, Length: 2, Target: entry + 20, Condition: 4}}
	repeat := Break{entry + 5, 0xf3, Insn{Effect: Copied, Length: 2, Code: []byte{0xf3, 0xaa}}}
	if err := p.Plant(call, branch, repeat); err != nil {
		t.Fatal(err)
	}
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(p.PID, &regs); err != nil {
		t.Fatal(err)
	}
	regs.Orig_rax = ^uint64(0) // no system call to take up again
	regs.Rax = entry + 4
	sp := regs.Rsp - 256
	const zero = 0x40 // flag
	for _, tt := range []struct {
		name   string
		at     uint64
		pushed bool
		flags  uint64
		finish bool
		want   uint64
		deeper bool
	}{
		{"call, finished", call.Addr, false, 0, true, entry + 4, true},
		{"call, taken back", call.Addr, false, 0, false, entry, false},
		{"call that has pushed, finished", call.Addr, true, 0, true, entry + 4, true},
		{"call that has pushed, taken back", call.Addr, true, 0, false, entry, false},
		{"branch taken", branch.Addr, false, zero, true, entry + 20, false},
		{"branch not taken", branch.Addr, false, 0, true, entry + 4, false},
		{"repeated, finished", repeat.Addr, false, 0, true, entry + 7, false},
		{"branch taken back", branch.Addr, false, zero, false, entry + 2, false},
	} {
		b := p.breaks[tt.at]
		regs.Rcx, regs.Rdi = 10, sp-64
		regs.Rip, regs.Rsp, regs.Eflags = b.slot, sp, regs.Eflags&^zero|tt.flags
		if b.slot == 0 {
			t.Fatalf("%s: no slot", tt.name)
		}
		if tt.pushed {
			regs.Rip, regs.Rsp = b.slot+6, sp-8
			if _, err := p.WriteMemory(regs.Rsp, binary.LittleEndian.AppendUint64(nil, tt.at+2)); err != nil {
				t.Fatal(err)
			}
		}
		if err := unix.PtraceSetRegs(p.PID, &regs); err != nil {
			t.Fatal(err)
		}
		if err := p.leaveSlot(thread, tt.finish); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		var got unix.PtraceRegs
		if err := unix.PtraceGetRegs(p.PID, &got); err != nil {
			t.Fatal(err)
		}
		wantSP := sp
		if tt.deeper {
			wantSP -= 8
			if ret, err := p.word(got.Rsp); err != nil || ret != tt.at+2 {
				t.Errorf("%s: it returns to %#x, want %#x", tt.name, ret, tt.at+2)
			}
		}
		if got.Rip != tt.want || got.Rsp != wantSP {
			t.Errorf("%s: at %#x with stack %#x, want %#x with %#x", tt.name, got.Rip, got.Rsp, tt.want, wantSP)
		}
	}
}

// TestStepBlocked steps a thread over instructions with a signal waiting for it: its
// mask is the same afterwards, unless they have changed it.
func TestStepBlocked(t *testing.T) {
	p := attachAsleep(t)
	entry := entryOf(t, p.PID)
	thread := p.threads[p.PID]
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(p.PID, &regs); err != nil {
		t.Fatal(err)
	}
	const before, set = sigset(1 << (unix.SIGUSR2 - 1)), sigset(1 << (unix.SIGUSR1 - 1))
	mask := regs.Rsp - 256
	if _, err := p.WriteMemory(mask, binary.LittleEndian.AppendUint64(nil, uint64(set))); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name    string
		code    []byte
		pending int
		want    sigset
	}{
		{"nothing waits", []byte{0x90}, 0, before},
		{"a signal waits", []byte{0x90}, 1, before},
		{"the mask is set", []byte{0x0f, 0x05}, 0, set},
		{"the mask is set, and a signal waits", []byte{0x0f, 0x05}, 1, set},
	} {
		if _, err := p.WriteMemory(entry, tt.code); err != nil {
			t.Fatal(err)
		}
		regs.Rip, regs.Orig_rax = entry, ^uint64(0)
		regs.Rax, regs.Rdi, regs.Rsi, regs.Rdx, regs.R10 = unix.SYS_RT_SIGPROCMASK, unix.SIG_SETMASK, mask, 0, 8
		err := unix.PtraceSetRegs(p.PID, &regs)
		if err == nil {
			err = blockSignals(p.PID, before)
		}
		thread.pending = make([]siginfo, tt.pending)
		if err == nil {
			err = p.step(thread)
		}
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if got, err := blockedSignals(p.PID); got != tt.want || err != nil {
			t.Errorf("%s: it blocks %#x, %v, want %#x", tt.name, got, err, tt.want)
		}
	}
}

// TestStepKilled recovers a process whose tracer was killed while it had a thread, for
// which a signal waited, make one step: it must not go on with its signals blocked.
func TestStepKilled(t *testing.T) {
	p := attachAsleep(t)
	p.UseScratch(scratchAt(t, p, entryOf(t, p.PID)))
	thread := p.threads[p.PID]
	if err := p.Secure(thread); err != nil || p.area.base == 0 {
		t.Fatalf("no area: %v", err)
	}
	const before = sigset(1 << (unix.SIGUSR2 - 1))
	p.noteMask(thread, before)
	for _, now := range []sigset{before | blockable, before} {
		if err := blockSignals(p.PID, now); err != nil {
			t.Fatal(err)
		}
		if err := p.recover(nil, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		if got, err := blockedSignals(p.PID); got != before || err != nil {
			t.Errorf("it blocks %#x, %v, want %#x", got, err, before)
		}
	}
	if err := p.Detach(); err != nil {
		t.Error(err)
	}
}

// TestMendStack has a thread be in the handler of a signal that came when it stood
// at the begin of a slot: it must return into the text.
func TestMendStack(t *testing.T) {
	p := attachAsleep(t)
	entry := entryOf(t, p.PID)
	p.UseScratch(scratchAt(t, p, entry))
	if err := p.Secure(p.threads[p.PID]); err != nil || p.area.base == 0 {
		t.Fatalf("no area: %v", err)
	}
	if err := p.Plant(Break{entry, p.area.scratch.Text[0], Insn{Effect: Nop, Length: 1}}); err != nil {
		t.Fatal(err)
	}
	var regs unix.PtraceRegs
	if err := unix.PtraceGetRegs(p.PID, &regs); err != nil {
		t.Fatal(err)
	}
	sp := (regs.Rsp - 32<<10) &^ 15 // of the handler
	context, slot := sp+5000, p.breaks[entry].slot
	put := func(off int, v uint64) {
		if _, err := p.WriteMemory(context+uint64(off), binary.LittleEndian.AppendUint64(nil, v)); err != nil {
			t.Fatal(err)
		}
	}
	put(contextSP, regs.Rsp)
	put(contextPC, slot)
	put(contextCS, 0x002b000000000033)
	put(contextPC+1024, slot) // a number, of no context
	if err := p.mendStack(sp); err != nil {
		t.Fatal(err)
	}
	for off, want := range map[int]uint64{contextPC: entry, contextSP: regs.Rsp, contextPC + 1024: slot} {
		if got, err := p.word(context + uint64(off)); got != want || err != nil {
			t.Errorf("at %d: %#x, %v, want %#x", off, got, err, want)
		}
	}
	if err := p.Detach(); err != nil {
		t.Error(err)
	}
}

// scratchAt names text as it is in memory.
func scratchAt(t *testing.T, p *Process, addr uint64) Scratch {
	t.Helper()
	s := Scratch{Addr: addr, Text: make([]byte, repair.BorrowSize)}
	if _, err := p.ReadMemory(s.Text, addr); err != nil {
		t.Fatal(err)
	}
	return s
}
