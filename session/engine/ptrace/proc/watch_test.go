//go:build linux && amd64

package proc

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestWatchRepeated watches a byte that an instruction which repeats itself writes
// among others, once with a slot and once without. It is one hit and one write.
func TestWatchRepeated(t *testing.T) {
	for _, slot := range []bool{true, false} {
		p := attachAsleep(t)
		if err := p.CanWatch(); err != nil {
			t.Skip(err)
		}
		entry := entryOf(t, p.PID)
		p.UseScratch(scratchAt(t, p, entry))
		if slot {
			if err := p.Secure(p.threads[p.PID]); err != nil || p.area.base == 0 {
				t.Fatalf("no area: %v", err)
			}
		}
		// NOP; REP STOSB; and an endless loop.
		if _, err := p.WriteMemory(entry, []byte{0x90, 0xf3, 0xaa, 0xeb, 0xfe}); err != nil {
			t.Fatal(err)
		}
		at := entry + 1
		if err := p.Plant(Break{at, 0xf3, Insn{Effect: Copied, Length: 2, Code: []byte{0xf3, 0xaa}}}); err != nil {
			t.Fatal(err)
		}
		if got := p.breaks[at].slot != 0; got != slot {
			t.Fatalf("slot: %t, want %t", got, slot)
		}
		var regs unix.PtraceRegs
		if err := unix.PtraceGetRegs(p.PID, &regs); err != nil {
			t.Fatal(err)
		}
		place := (regs.Rsp - 4096) &^ 7
		if err := p.Watch([]Watchpoint{{place + 5, 1}}); err != nil {
			t.Fatal(err)
		}
		regs.Rip, regs.Rdi, regs.Rcx, regs.Rax, regs.Orig_rax = entry, place, 10, 7, ^uint64(0)
		if err := unix.PtraceSetRegs(p.PID, &regs); err != nil {
			t.Fatal(err)
		}
		if s, err := p.Next(); err != nil || s.Cause != Hit || s.Addr != at {
			t.Errorf("slot %t: %+v, %v; want a hit at %#x", slot, s, err, at)
		}
		s, err := p.Next()
		if in := s.Addr - at; err != nil || s.Cause != Written || in > 1 {
			t.Errorf("slot %t: %+v, %v; want a write at %#x", slot, s, err, at)
		}
		if err := p.Resume(); err != nil {
			t.Fatal(err)
		}
		for regs.Rcx > 0 || regs.Rip != at+2 {
			if err := p.StopAll(); err != nil {
				t.Fatal(err)
			}
			if err := unix.PtraceGetRegs(p.PID, &regs); err != nil {
				t.Fatal(err)
			}
			if len(p.reported) > 0 {
				t.Fatalf("slot %t: also %+v", slot, p.reported)
			}
			if err := p.Resume(); err != nil {
				t.Fatal(err)
			}
		}
	}
}
