//go:build linux && amd64

package ptrace

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// The area is memory which the target is made to map near its text, and to unmap
// when it is let go. It holds two things.
//
// A slot for each breakpoint: the original instruction and a jump back behind
// it, so that a thread passes the breakpoint by running there, and nothing need
// be lifted.
//
// A handler of SIGTRAP, with a table of the slots. The target never gets to it
// while it is traced. When its tracer is killed, every thread that stands in a
// breakpoint, or runs into one before the text is mended, is sent to the slot by
// the target itself instead of dying of the signal.
//
// All that is needed to remove the area again stands in its header.
//
//	0x0000  header, writable: magic, scratch, the actions of SIGTRAP
//	0x1000  handler
//	0x2000  table: address behind the breakpoint, address of the slot
//	        slots
type area struct {
	scratch Range
	base    uint64 // 0 until mapped
	slots   []*breakpoint
	// guarded is set when the handler is installed.
	guarded bool
	// disarmed is set when the kernel may have taken the handler away.
	disarmed bool
	tried    bool
	// left is set for an area that another tracer has left: threads may run in
	// its handler.
	left bool
}

const (
	areaSize    = 2 << 20
	headerSize  = 0x1000
	handlerAt   = 0x1000
	tableAt     = 0x2000
	slotSize    = 32
	entrySize   = 16
	slotCount   = (areaSize - tableAt) / (slotSize + entrySize)
	slotsAt     = tableAt + slotCount*entrySize
	areaMagic   = "gtrace\x00\x01"
	areaScratch = 8  // Range in the header: address, size
	areaNew     = 32 // struct sigaction
	areaOld     = 64 // struct sigaction
	areaNow     = 96 // struct sigaction
	actionSize  = 32
)

// A Range is a piece of the target's text.
type Range struct {
	Addr uint64
	Size int
}

// UseScratch names text which the target does not execute any more, such as that
// of its start. Code is put there, for moments, that makes the target change
// its own mappings.
func (p *Process) UseScratch(r Range) { p.area.scratch = r }

// Secured reports whether the target survives the sudden death of its tracer by
// itself.
func (p *Process) Secured() bool { return p.area.guarded }

// Unsecured reports whether Secure has tried in vain to make it.
func (p *Process) Unsecured() bool { return p.area.tried && !p.area.guarded }

// Secure makes the target map the area, through the thread t or, when it is nil,
// any. It must have set up its signal handlers by then. A target that cannot be
// made to, such as one under a seccomp filter that cannot be suspended, is left as it
// is: its breakpoints are passed in other ways. Only the first call does anything.
func (p *Process) Secure(t *Thread) error {
	a := &p.area
	if a.tried || a.scratch.Size < borrowSize || p.ended != nil {
		return nil
	}
	if t == nil {
		var err error
		if t, err = p.stopOne(); err != nil || t == nil {
			return err
		}
	}
	if t.group || t.within || p.threads[t.ID] != t {
		return nil // the next one may do
	}
	a.tried = true
	if t.at != nil {
		if err := p.advance(t); err != nil {
			return p.ignoreDeath(t, err)
		}
	}
	err := p.mapArea(t)
	if err == nil {
		err = p.installHandler(t)
	}
	if _, refused := errors.AsType[callError](err); err != nil && !refused {
		return p.ignoreDeath(t, err)
	}
	return p.giveSlots(slices.Collect(maps.Values(p.breaks)))
}

// mapArea makes the target map the area, close enough to text for relative
// addresses. That there is no room for it is no error.
func (p *Process) mapArea(t *Thread) error {
	addr, err := gapBelow(p.PID, p.area.scratch.Addr)
	if err != nil {
		return nil
	}
	const fixedNoReplace = 0x100000
	got, err := p.borrow(t, unix.SYS_MMAP, addr, areaSize, unix.PROT_READ|unix.PROT_EXEC,
		unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|fixedNoReplace, ^uint64(0), 0)
	if err != nil {
		return err
	}
	if got != addr {
		return fmt.Errorf("map %d bytes at %#x: they are at %#x", areaSize, addr, got)
	}
	var header [areaNew]byte
	copy(header[:], areaMagic)
	binary.LittleEndian.PutUint64(header[areaScratch:], p.area.scratch.Addr)
	binary.LittleEndian.PutUint64(header[areaScratch+8:], uint64(p.area.scratch.Size))
	if _, err := p.WriteMemory(addr, header[:]); err != nil {
		return err
	}
	p.area.base = addr
	return nil
}

// installHandler makes the area's handler that of SIGTRAP.
func (p *Process) installHandler(t *Thread) error {
	base := p.area.base
	if base == 0 {
		return nil
	}
	// The kernel writes the action there is into the header.
	if _, err := p.borrow(t, unix.SYS_MPROTECT, base, headerSize, unix.PROT_READ|unix.PROT_WRITE); err != nil {
		return err
	}
	if _, err := p.borrow(t, unix.SYS_RT_SIGACTION, uint64(unix.SIGTRAP), 0, base+areaOld, 8); err != nil {
		return err
	}
	action := make([]byte, actionSize)
	if _, err := p.ReadMemory(action, base+areaOld); err != nil {
		return err
	}
	old := binary.LittleEndian.Uint64(action)
	if old <= 1 {
		return nil // the default, or ignored: there is nothing to go on with
	}
	code := handlerCode(base+handlerAt, base+tableAt, old)
	if _, err := p.WriteMemory(base+handlerAt, code); err != nil {
		return err
	}
	binary.LittleEndian.PutUint64(action, base+handlerAt)
	if _, err := p.WriteMemory(base+areaNew, action); err != nil {
		return err
	}
	if _, err := p.borrow(t, unix.SYS_RT_SIGACTION, uint64(unix.SIGTRAP), base+areaNew, 0, 8); err != nil {
		return err
	}
	p.area.guarded = true
	return nil
}

// removeArea makes the target unmap the area. Every thread must be stopped
// outside of it.
func (p *Process) removeArea(t *Thread) error {
	base := p.area.base
	if base == 0 {
		return nil
	}
	if err := p.removeHandler(t); err != nil {
		return err
	}
	if _, err := p.borrow(t, unix.SYS_MUNMAP, base, areaSize); err != nil {
		return err
	}
	p.area = area{tried: true}
	return nil
}

// removeHandler installs the action of SIGTRAP that there was before, unless the
// target has installed another meanwhile. The default one is the kernel's doing,
// see rearm.
func (p *Process) removeHandler(t *Thread) error {
	base := p.area.base
	if old, err := p.word(base + areaOld); err != nil || old == 0 {
		return err
	}
	if _, err := p.borrow(t, unix.SYS_RT_SIGACTION, uint64(unix.SIGTRAP), 0, base+areaNew, 8); err != nil {
		return err
	}
	if now, err := p.word(base + areaNew); err != nil || now != base+handlerAt && now != 0 {
		return err
	}
	_, err := p.borrow(t, unix.SYS_RT_SIGACTION, uint64(unix.SIGTRAP), base+areaOld, 0, 8)
	return err
}

// gapBelow returns an address below the text at which the area fits.
func gapBelow(pid int, text uint64) (uint64, error) {
	const lowest, reach, margin = 1 << 16, 1 << 30, 1 << 16
	end, found := uint64(lowest), uint64(0)
	err := eachMapping(pid, func(m mapping) bool {
		if m.from >= end+areaSize+margin {
			found = m.from - areaSize - margin
		}
		end = m.to
		return text >= m.to
	})
	if err != nil {
		return 0, err
	}
	if found == 0 || text-found > reach {
		return 0, fmt.Errorf("no free memory near %#x", text)
	}
	return found, nil
}

// findArea returns where a process has an area, or 0.
func findArea(pid int, read func([]byte, uint64) (int, error)) uint64 {
	var found uint64
	_ = eachMapping(pid, func(m mapping) bool {
		if !m.anonymous || m.to-m.from != headerSize && m.to-m.from != areaSize {
			return true
		}
		var magic [len(areaMagic)]byte
		if _, err := read(magic[:], m.from); err == nil && string(magic[:]) == areaMagic {
			found = m.from
		}
		return found == 0
	})
	return found
}

// A mapping is a line of /proc/PID/maps.
type mapping struct {
	from, to  uint64
	perms     string
	anonymous bool
}

// eachMapping calls f with the mappings of a process, by address, until it
// returns false.
func eachMapping(pid int, f func(mapping) bool) error {
	file, err := os.Open("/proc/" + strconv.Itoa(pid) + "/maps")
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	for sc := bufio.NewScanner(file); sc.Scan(); {
		m, ok := parseMapping(sc.Text())
		if !ok {
			return fmt.Errorf("/proc/%d/maps: %w", pid, errors.ErrUnsupported)
		}
		if !f(m) {
			break
		}
	}
	return nil
}

func parseMapping(line string) (mapping, bool) {
	fields := strings.Fields(line)
	if len(fields) < 5 {
		return mapping{}, false
	}
	low, high, ok := strings.Cut(fields[0], "-")
	from, err1 := strconv.ParseUint(low, 16, 64)
	to, err2 := strconv.ParseUint(high, 16, 64)
	if !ok || err1 != nil || err2 != nil {
		return mapping{}, false
	}
	return mapping{from: from, to: to, perms: fields[1], anonymous: len(fields) == 5 && fields[4] == "0"}, true
}
