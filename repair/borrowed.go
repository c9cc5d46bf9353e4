package repair

import (
	"bytes"
	"fmt"
)

// A tracer that makes a process carry out a system call puts code for it where
// the process runs none any more, for a moment. Gtrace's begins with BorrowMark,
// which is written before the rest and taken away after it, and is BorrowSize bytes
// long: so a tracer that was killed meanwhile leaves what can be told from any
// other change.
const (
	BorrowMark = "gtrace\x00\x02"
	BorrowSize = 320
)

// takeBorrowed notes the borrowed code in bytes that stand at addr and, in the file, at
// offset, and makes them what the file has: what differs besides is compared as
// anywhere.
func (c *comparison) takeBorrowed(addr, offset uint64, disk, mem []byte) {
	if addr < c.borrowed { // it goes on from what was compared before
		copy(mem[:min(c.borrowed-addr, uint64(len(mem)))], disk)
	}
	for from := 0; ; {
		at := bytes.Index(mem[from:], []byte(BorrowMark))
		if at < 0 {
			return
		}
		at += from
		if from = at + len(BorrowMark); bytes.HasPrefix(disk[at:], []byte(BorrowMark)) {
			continue // the program has it of its own
		}
		c.borrowed = addr + uint64(at) + BorrowSize
		end := min(at+BorrowSize, len(mem))
		c.found = append(c.found, Difference{
			Kind: Borrowed, Address: addr + uint64(at), Offset: offset + uint64(at), Length: BorrowSize,
			Disk: bytes.Clone(disk[at:min(at+near, end)]), Memory: bytes.Clone(mem[at:min(at+near, end)]), object: c.object,
		})
		copy(mem[at:end], disk[at:end])
	}
}

// A Piece is code as its file has it.
type Piece struct {
	Address uint64 // in the process
	Code    []byte
}

// Originals returns what the file has where a report has found borrowed code.
func (r *Report) Originals() ([]Piece, error) {
	var pieces []Piece
	for i := range r.Differences {
		d := &r.Differences[i]
		if d.Kind != Borrowed {
			continue
		}
		p := Piece{Address: d.Address, Code: make([]byte, d.Length)}
		if _, err := d.object.file.ReadAt(p.Code, int64(d.Offset)); err != nil {
			return nil, fmt.Errorf("%s: %w: %w", d.File, errFile, err)
		}
		pieces = append(pieces, p)
	}
	return pieces, nil
}

// Borrowed counts the places with borrowed code.
func (r *Report) Borrowed() int {
	n := 0
	for i := range r.Differences {
		if d := &r.Differences[i]; d.Kind == Borrowed && !d.Restored {
			n++
		}
	}
	return n
}
