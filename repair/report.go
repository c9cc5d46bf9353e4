package repair

import "slices"

// A Report is what a comparison has found.
type Report struct {
	// Files are the program and the libraries whose code is mapped, the program
	// first.
	Files []File
	// Differences are ordered by file and by address.
	Differences []Difference
	// More counts changes that are no breakpoints and that were not kept:
	// nobody reads that many.
	More int
	// Uprobes tells that the kernel has run instructions for uprobes in this
	// process: some of the breakpoints may be theirs.
	Uprobes bool
}

// A File is one whose code is mapped.
type File struct {
	Path    string
	Program bool   // or a library
	Size    uint64 // bytes of code that are mapped
	Err     error  // why it was not compared, or not all of it
}

// Kind tells breakpoints from anything else.
type Kind uint8

const (
	// Breakpoint is a byte of int3 that stands alone where the file has another
	// byte.
	Breakpoint Kind = iota + 1
	// Borrowed is code that gtrace has put there for a moment, and has not taken
	// away again.
	Borrowed
	// Changed is anything else.
	Changed
)

func (k Kind) String() string {
	return [...]string{Breakpoint: "breakpoint", Borrowed: "borrowed", Changed: "changed"}[k]
}

// A Difference is a place where the code is not as on disk.
type Difference struct {
	Kind    Kind
	Address uint64 // in the process
	Offset  uint64 // in the file
	Length  uint64 // of a change: from its first to its last byte
	// Disk and Memory are the bytes, of a long change the first ones; nil if
	// they could not be read again.
	Disk, Memory []byte
	File         string // its path
	Program      bool   // the file is the program
	Restored     bool   // it was put right since

	object *object
	shift  uint64 // of its addresses against those of the file
	id     fileID
}

// MarkRestored marks the borrowed code that a later report has no more.
func (r *Report) MarkRestored(later *Report) {
	for i := range r.Differences {
		d := &r.Differences[i]
		if d.Kind == Borrowed && !slices.ContainsFunc(later.Differences, func(l Difference) bool { return l.meets(d) }) {
			d.Restored = true
		}
	}
}

// meets reports whether two differences have a byte in common.
func (d *Difference) meets(o *Difference) bool {
	return d.Address < o.Address+o.Length && o.Address < d.Address+d.Length
}

// Breakpoints counts those that stand in the code.
func (r *Report) Breakpoints() int {
	n := 0
	for i := range r.Differences {
		if d := &r.Differences[i]; d.Kind == Breakpoint && !d.Restored {
			n++
		}
	}
	return n
}

// Changes counts what is not as on disk and no breakpoint.
func (r *Report) Changes() int {
	n := r.More
	for i := range r.Differences {
		if r.Differences[i].Kind == Changed {
			n++
		}
	}
	return n
}

// Compared reports whether all code was compared.
func (r *Report) Compared() bool {
	for _, f := range r.Files {
		if f.Err != nil {
			return false
		}
	}
	return true
}
