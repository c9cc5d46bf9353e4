//go:build linux && amd64

package proc

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
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
// All that is needed to remove the area again stands in its header, which the
// target itself writes right after it has mapped it: there is no area that cannot
// be told by its content.
//
//	0x0000  header, writable: magic, scratch, the actions of SIGTRAP, a mask
//	0x1000  handler
//	0x1800  code for system calls that the target is made to make
//	0x2000  table: address behind the breakpoint, address of the slot
//	        slots
type area struct {
	scratch Scratch
	base    uint64 // 0 until mapped
	slots   []*breakpoint
	// guarded is set when the handler is installed.
	guarded bool
	// disarmed is set when the kernel may have taken the handler away.
	disarmed bool
	tried    bool
	why      error // that it was tried in vain
	// left is set for an area that another tracer has left: threads may run in
	// its handler.
	left bool
}

const (
	areaSize    = 2 << 20
	headerSize  = 0x1000
	handlerAt   = 0x1000
	borrowAt    = 0x1800
	tableAt     = 0x2000
	slotSize    = 32
	entrySize   = 16
	slotCount   = (areaSize - tableAt) / (slotSize + entrySize)
	slotsAt     = tableAt + slotCount*entrySize
	areaMagic   = "gtrace\x00\x01"
	areaScratch = 8   // Range in the header: address, size
	areaNew     = 32  // struct sigaction
	areaOld     = 64  // struct sigaction
	areaNow     = 96  // struct sigaction
	areaMask    = 128 // see noteMask: thread id, signals
	actionSize  = 32
)

// A Scratch is a piece of the target's text that is not executed any more, such as
// that of its start, as its file has it.
type Scratch struct {
	Addr uint64
	Text []byte
}

// gapNear returns an address below the text at which the area fits.
func gapNear(pid int, text uint64) (uint64, error) {
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
		return 0, errors.New("there is no room")
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
	text, err := readMaps(pid)
	if err != nil {
		return err
	}
	for line := range strings.Lines(text) {
		m, ok := parseMapping(line)
		if !ok {
			return fmt.Errorf("/proc/%d/maps: %w", pid, errors.ErrUnsupported)
		}
		if !f(m) {
			break
		}
	}
	return nil
}

// readMaps reads which memory a process has. Of a thread that has ended nothing is told,
// and the first one, by which the process goes, may have before the others.
func readMaps(pid int) (string, error) {
	dir := "/proc/" + strconv.Itoa(pid)
	text, err := os.ReadFile(dir + "/maps")
	if err != nil || len(text) > 0 {
		return string(text), err
	}
	threads, _ := os.ReadDir(dir + "/task")
	for _, t := range threads {
		if text, err := os.ReadFile(dir + "/task/" + t.Name() + "/maps"); err == nil && len(text) > 0 {
			return string(text), nil
		}
	}
	return "", nil
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
