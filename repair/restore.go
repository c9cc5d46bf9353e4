package repair

import (
	"errors"
	"fmt"
	"io"

	"gtrace/session/engine"
)

// Restore puts back the bytes under those breakpoints of a report of this process
// that which accepts, nil for all of them, and marks them as restored. What is not
// an int3 any more by the time it is written is left alone. It refuses while
// somebody traces the process: the breakpoints are theirs, and they would lose them
// or, worse, take them for planted.
func (p *Process) Restore(r *Report, which func(*Difference) bool) (restored int, err error) {
	if pid, name := p.Tracer(); pid != 0 {
		return 0, fmt.Errorf("%w: %s (pid %d)", engine.ErrTraced, name, pid)
	}
	maps, err := p.maps()
	if err != nil {
		return 0, err
	}
	for i := range r.Differences {
		d := &r.Differences[i]
		if d.Kind != Breakpoint || d.Restored || which != nil && !which(d) || !d.mapped(maps) {
			continue
		}
		if d.Restored, err = p.restore(d); err != nil {
			return restored, fmt.Errorf("restore %#x: %w", d.Address, err)
		}
		if d.Restored {
			restored++
		}
	}
	return restored, nil
}

// mapped reports whether the same part of the same file is still mapped there.
func (d *Difference) mapped(maps []mapping) bool {
	for i := range maps {
		m := &maps[i]
		if d.Address >= m.start && d.Address < m.end {
			same := m.dev == d.id.dev && m.inode == d.id.inode // its path changes when it is deleted
			return same && m.offset+(d.Address-m.start) == d.Offset && m.holdsCode()
		}
	}
	return false
}

// restore puts back one byte, which threads may run over meanwhile: they see
// the one or the other. It is false when there is no breakpoint any more.
func (p *Process) restore(d *Difference) (bool, error) {
	now, err := p.byteAt(d.Address)
	if err != nil || now != int3 {
		return false, err
	}
	if _, err := p.mem.WriteAt(d.Disk[:1], int64(d.Address)); err != nil {
		if _, err := p.byteAt(d.Address); err != nil {
			return false, err // it has ended just now
		}
		return false, fmt.Errorf("%w (a kernel booted with proc_mem.force_override lets only a tracer, or nobody, write to code)", err)
	}
	now, err = p.byteAt(d.Address)
	if err == nil && now != d.Disk[0] {
		err = fmt.Errorf("%#02x was written, and %#02x stands there: somebody else writes to it", d.Disk[0], now)
	}
	return err == nil, err
}

// Put writes pieces of code. Threads must not be in there.
func (p *Process) Put(pieces []Piece) error {
	for _, piece := range pieces {
		// The mark of borrowed code last: until then it can be told.
		for _, from := range []int{len(BorrowMark), 0} {
			to := len(piece.Code)
			if from == 0 {
				to = len(BorrowMark)
			}
			if _, err := p.mem.WriteAt(piece.Code[from:to], int64(piece.Address)+int64(from)); err != nil {
				return fmt.Errorf("restore %d bytes at %#x: %w", to-from, piece.Address, err)
			}
		}
	}
	return nil
}

func (p *Process) byteAt(addr uint64) (byte, error) {
	var b [1]byte
	_, err := p.mem.ReadAt(b[:], int64(addr))
	if errors.Is(err, io.EOF) {
		err = p.ended()
	}
	return b[0], err
}
