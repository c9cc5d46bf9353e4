// Package value prints the typed values of another process as Go source. It
// works from a value's raw bytes, its DWARF type and a way to read memory, on
// optimised and debug binaries alike; it does not know how the bytes were
// found, and runs no code in the target.
//
// A [Reader] belongs to one executable and one goroutine. What it returns
// holds no reference to the target.
//
// Whatever the memory holds, reading is bounded: in output, in bytes read and
// in number of reads. What cannot be read says so in place, as
// <unreadable: …>, and what is left out is marked with …, followed by +N where
// the number of elements or bytes left out is known.
package value

import (
	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/events/secret"
	"gtrace/session/engine"
	"gtrace/session/engine/program/debuginfo"
)

// Memory reads the memory of the target, as [io.ReaderAt] does.
type Memory interface {
	ReadMemory(buf []byte, addr uint64) (n int, err error)
}

// A Reader knows the types of one executable.
type Reader struct {
	debug *debuginfo.Info
	types *typeIndex
	plans map[godwarf.Type]*plan
	// The target never frees or moves an itab, so they can be remembered.
	itabs map[uint64]uint64
	p     printer
	hide  *secret.Names           // which names the plans have marked
	keys  map[string]secret.Match // of some keys that were read
}

// NewReader returns a reader for the values of a process that runs an executable. It is
// cheap; the first interface that is read pays for [Reader.Prepare].
func NewReader(debug *debuginfo.Info) *Reader {
	r := &Reader{
		debug: debug,
		plans: make(map[godwarf.Type]*plan),
		itabs: make(map[uint64]uint64),
	}
	r.p.r = r
	return r
}

// Prepare builds the index of dynamic types, and plans for those that panics are made
// of. Call it before the target is stopped.
func (r *Reader) Prepare() {
	r.index()
	for _, name := range raised {
		if t, err := r.debug.FindType(name); err == nil {
			r.plan(t)
		}
	}
}

// raised are types whose values panics often have, and those that the runtime's
// description of a type is read with.
var raised = []string{
	"string", "*errors.errorString", "*fmt.wrapError", "runtime.errorString", "runtime.plainError", "runtime.boundsError",
	"*runtime.TypeAssertionError", "runtime.moduledata",
}

// Rendered is a value as text.
type Rendered struct {
	// Text is what %#v prints, but for people: every nil is nil, pointers are
	// followed and marked with &, unsigned integers are decimal, bytes that are
	// text stand as []byte("text"), functions by their name, channels as
	// chan int(len 2, cap 5), interface {} as any; durations, times, IP
	// addresses and big integers as their String methods have them; blank
	// fields are left out.
	Text string
	// Error is the message of a non-nil error. For an error type whose Error
	// method is not known it is Text.
	Error string
	// Runtime is set for the errors that the Go runtime itself raises.
	Runtime bool
}

// Read renders the value of type t whose own bytes are data.
func (r *Reader) Read(mem Memory, t godwarf.Type, data []byte, lim engine.Limits) Rendered {
	return r.read(mem, t, val{data: data}, lim, false)
}

// ReadAt renders the value of type t that stands at an address. Of a large one
// it reads no more than it shows.
func (r *Reader) ReadAt(mem Memory, t godwarf.Type, addr uint64, lim engine.Limits) Rendered {
	return r.read(mem, t, val{addr: addr}, lim, false)
}

func (r *Reader) read(mem Memory, t godwarf.Type, v val, lim engine.Limits, pairs bool) Rendered {
	p := r.begin(mem, lim)
	p.pairs = pairs
	pl := r.plan(t)
	p.value(pl, v)
	out := Rendered{Text: p.text()}
	pl, v, ok := p.dynamic(pl, v)
	if !ok {
		return out
	}
	out.Error, out.Runtime = p.errorText(pl, v)
	if out.Error == "" && r.plan(t).raw == "error" {
		out.Error = p.unworded(pl, v)
	}
	out.Error = cut(out.Error)
	return out
}

// TypeName returns the name of t as Go source writes it. Unlike the function
// [TypeName] it knows the packages whose name differs from their path.
func (r *Reader) TypeName(t godwarf.Type) string {
	return r.plan(t).name
}

func (r *Reader) begin(mem Memory, lim engine.Limits) *printer {
	r.p.reset(mem, lim)
	return &r.p
}
