package repair

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

const (
	int3 = 0xcc

	// A breakpoint stands alone. Bytes that differ nearer to each other than the
	// longest instruction are one change: a patched instruction may hold the
	// byte of an int3 anywhere.
	near = 16
	// So many bytes of int3 in a row are no breakpoints either, but code that
	// was made unusable.
	longestRow = 64
	// Changes that are no breakpoints are counted, and so many are kept.
	mostChanges = 10_000

	chunkSize = 1 << 20
)

// A comparison finds the differences between an object and memory.
type comparison struct {
	object *object
	memory io.ReaderAt
	pages  func(span) ([]span, error) // of addresses that may differ

	found    []Difference
	changes  int // of found, and those that were not kept
	open     cluster
	borrowed uint64 // up to this address, bytes are of borrowed code

	disk, mem []byte // buffers
}

// A cluster is what was found so far of bytes that differ near to each other.
type cluster struct {
	from, to uint64 // addresses
	offset   uint64 // in the file, of from
	traps    []trap // unless other
	other    bool   // not all of it are breakpoints
	row      int    // bytes of int3 in a row
}

// A trap is a byte of int3 where the file has another.
type trap struct {
	addr, offset uint64
	original     byte
}

// errFile and errMemory tell which of the two could not be read.
var (
	errFile   = errors.New("the file cannot be read")
	errMemory = errors.New("its memory cannot be read")
)

// mapping compares what of seg is mapped at m. It returns how many bytes of
// code there are.
func (c *comparison) mapping(m *mapping, seg *segment) (size uint64, err error) {
	shift := seg.shift(m)
	pages, err := c.pages(span{m.start, m.end})
	if err != nil {
		return 0, err
	}
	file := span{m.offset, m.offset + (m.end - m.start)}
	within(file, seg.code, func(part span) {
		size += part.to - part.from
		addrs := span{part.from - m.offset + m.start, part.to - m.offset + m.start}
		within(addrs, pages, func(s span) {
			if err == nil {
				err = c.compare(s, s.from-m.start+m.offset, shift)
			}
		})
	})
	c.flush()
	return size, err
}

// compare compares the memory at addresses at with the file from offset on.
func (c *comparison) compare(at span, offset, shift uint64) error {
	if n := min(at.to-at.from, chunkSize); uint64(len(c.disk)) < n {
		c.disk, c.mem = make([]byte, n), make([]byte, n)
	}
	for at.from < at.to {
		n := min(at.to-at.from, chunkSize)
		disk, mem := c.disk[:n], c.mem[:n]
		if offset+n > c.object.size {
			return fmt.Errorf("%w: it was cut short to %d bytes", errFile, c.object.size)
		}
		if _, err := c.object.file.ReadAt(disk, int64(offset)); err != nil {
			return fmt.Errorf("%w: %w", errFile, err)
		}
		if _, err := c.memory.ReadAt(mem, int64(at.from)); err != nil {
			return fmt.Errorf("%w at %#x: %w", errMemory, at.from, err)
		}
		within(span{at.from - shift, at.from - shift + n}, c.object.holes, func(hole span) {
			from, to := hole.from+shift-at.from, hole.to+shift-at.from
			copy(mem[from:to], disk[from:to])
		})
		c.takeBorrowed(at.from, offset, disk, mem)
		c.chunk(at.from, offset, disk, mem)
		at.from, offset = at.from+n, offset+n
	}
	return nil
}

// chunk compares bytes that stand at addr and, in the file, at offset.
func (c *comparison) chunk(addr, offset uint64, disk, mem []byte) {
	const step = 256
	for len(disk) > 0 {
		n := min(step, len(disk))
		if !bytes.Equal(disk[:n], mem[:n]) {
			for i := range disk[:n] {
				if disk[i] != mem[i] {
					c.differ(trap{addr + uint64(i), offset + uint64(i), disk[i]}, mem[i])
				}
			}
		}
		addr, offset, disk, mem = addr+uint64(n), offset+uint64(n), disk[n:], mem[n:]
	}
}

// differ adds one byte that differs to the cluster that is open, or opens one.
func (c *comparison) differ(t trap, now byte) {
	o := &c.open
	if o.from != o.to && t.addr-o.to >= near {
		c.flush()
	}
	if o.from == o.to {
		o.from, o.to, o.offset = t.addr, t.addr, t.offset
	}
	if t.addr == o.to {
		o.row++
	} else {
		o.row = 1
	}
	o.to = t.addr + 1
	if now != int3 || o.row > longestRow {
		o.other, o.traps = true, nil
	}
	if !o.other {
		o.traps = append(o.traps, t)
	}
}

// flush takes down the cluster that is open.
func (c *comparison) flush() {
	o := &c.open
	for _, t := range o.traps {
		c.found = append(c.found, Difference{
			Kind: Breakpoint, Address: t.addr, Offset: t.offset, Length: 1,
			Disk: []byte{t.original}, Memory: []byte{int3}, object: c.object,
		})
	}
	if o.other {
		if c.changes++; c.changes <= mostChanges {
			c.found = append(c.found, c.change(o))
		}
	}
	c.open = cluster{}
}

// change describes a cluster of bytes some of which are no breakpoints.
func (c *comparison) change(o *cluster) Difference {
	d := Difference{Kind: Changed, Address: o.from, Offset: o.offset, Length: o.to - o.from, object: c.object}
	d.Disk, d.Memory = make([]byte, min(d.Length, near)), make([]byte, min(d.Length, near))
	// They were read a moment ago. What cannot be read now is shown as nothing.
	if _, err := c.object.file.ReadAt(d.Disk, int64(d.Offset)); err != nil {
		d.Disk = nil
	}
	if _, err := c.memory.ReadAt(d.Memory, int64(d.Address)); err != nil {
		d.Memory = nil
	}
	return d
}
