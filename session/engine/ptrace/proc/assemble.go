//go:build linux && amd64

package proc

import (
	"encoding/binary"
	"math"
	"unsafe"

	"golang.org/x/sys/unix"

	"gtrace/repair"
)

// Numbers of registers in instructions.
const ax, cx, dx, si, di, r8, r9, r10, r11 = 0, 1, 2, 6, 7, 8, 9, 10, 11

// An assembler puts code together that changes no flag: they are those of
// whatever the thread that goes through it was doing.
type assembler struct{ code []byte }

func (a *assembler) bytes(code ...byte) { a.code = append(a.code, code...) }

func (a *assembler) uint32(v uint32) { a.code = binary.LittleEndian.AppendUint32(a.code, v) }

func (a *assembler) uint64(v uint64) { a.code = binary.LittleEndian.AppendUint64(a.code, v) }

// set is MOV $v, reg in its shortest form.
func (a *assembler) set(reg byte, v uint64) {
	switch {
	case v <= math.MaxUint32:
		if reg >= r8 {
			a.bytes(0x41)
		}
		a.bytes(0xb8 | reg&7)
		a.uint32(uint32(v))
	case v == ^uint64(0):
		a.bytes(0x48|reg>>3, 0xc7, 0xc0|reg&7)
		a.uint32(math.MaxUint32)
	default:
		a.bytes(0x48|reg>>3, 0xb8|reg&7)
		a.uint64(v)
	}
}

// call is a system call.
func (a *assembler) call(nr uint64, args ...uint64) {
	a.set(ax, nr)
	for i, v := range args {
		a.set([]byte{di, si, dx, r10, r8, r9}[i], v)
	}
	a.bytes(0x0f, 0x05) // SYSCALL
}

// mappingOf is code that maps the area at base: its header first, which is filled
// in at once, then the rest. No moment passes for a thread in which there is
// memory that nobody could tell the origin of.
func mappingOf(base uint64, s *Scratch) func(*assembler) int {
	const flags = unix.MAP_PRIVATE | unix.MAP_ANONYMOUS | unix.MAP_FIXED_NOREPLACE
	return func(a *assembler) int {
		a.call(unix.SYS_MMAP, base, headerSize, unix.PROT_READ|unix.PROT_WRITE, flags, ^uint64(0), 0)
		a.set(cx, -base)
		a.bytes(0x48, 0x8d, 0x0c, 0x01) // LEAQ (CX)(AX*1), CX
		a.bytes(0xe3, 0x02)             // JRCXZ 2: it is there
		a.bytes(0xeb, 0)                // JMP end
		jump := len(a.code)
		a.set(dx, binary.LittleEndian.Uint64([]byte(areaMagic)))
		a.bytes(0x48, 0x89, 0x10) // MOVQ DX, (AX)
		a.set(dx, s.Addr)
		a.bytes(0x48, 0x89, 0x50, areaScratch)   // MOVQ DX, areaScratch(AX)
		a.bytes(0xc7, 0x40, areaScratch+8)       // MOVL $size, areaScratch+8(AX)
		a.uint32(uint32(len(s.Text)))            //
		a.bytes(0x48, 0x8d, 0xb8)                // LEAQ headerSize(AX), DI
		a.uint32(headerSize)                     // R10, R8 and R9 are as they were
		a.set(si, areaSize-headerSize)           //
		a.set(dx, unix.PROT_READ|unix.PROT_EXEC) //
		a.set(ax, unix.SYS_MMAP)                 //
		a.bytes(0x0f, 0x05)                      // SYSCALL
		a.code[jump-1] = byte(len(a.code) - jump)
		return 2
	}
}

// borrowed is marked code for the address at with a body that makes system calls.
// Then it sets the mask of signals and every register that this changes, and goes
// on where regs say. Flags are the same: SYSCALL keeps them and MOV does not
// change them.
func borrowed(regs unix.PtraceRegs, blocked sigset, at uint64, body func(*assembler) int) (code []byte, calls int) {
	const setMask = 2
	// Behind the code.
	const rip, mask = repair.BorrowSize - 16, repair.BorrowSize - 8
	a := &assembler{code: []byte(repair.BorrowMark)}
	calls = body(a)
	a.call(unix.SYS_RT_SIGPROCMASK, setMask, at+mask, 0, uint64(unsafe.Sizeof(blocked)))
	for _, r := range []struct {
		reg byte
		v   uint64
	}{{ax, regs.Rax}, {di, regs.Rdi}, {si, regs.Rsi}, {dx, regs.Rdx}, {r10, regs.R10}, {r8, regs.R8}, {r9, regs.R9}, {cx, regs.Rcx}, {r11, regs.R11}} {
		a.set(r.reg, r.v)
	}
	a.bytes(0xff, 0x25) // JMP *rip
	a.uint32(uint32(rip - len(a.code) - 4))
	a.bytes(make([]byte, rip-len(a.code))...)
	a.uint64(regs.Rip)
	a.uint64(uint64(blocked))
	return a.code, calls
}
