package value

import "strings"

// Some fields of structs say nothing: a mutex that nobody holds, a mark for a tool
// that a struct must not be copied. They are left out, unless all is asked for.

// A noise says when a field is left out.
type noise uint8

const (
	noiseUnknown noise = iota // not looked at yet
	noiseNever
	noiseZero // where its value is zero
	noiseAlways
)

// noiseOf says when values of a type in a field are left out.
func noiseOf(pl *plan) noise {
	name := pl.raw[strings.LastIndexByte(pl.raw, '.')+1:]
	switch {
	case pl.size == 0 && (strings.EqualFold(name, "noCopy") || strings.EqualFold(name, "DoNotCopy")):
		return noiseAlways
	case strings.HasPrefix(pl.raw, "sync.") && pl.form == formStruct:
		return noiseZero
	}
	return noiseNever
}

// leavesOut reports whether a field is not worth to be shown.
func (p *printer) leavesOut(f *field, v val) bool {
	if p.lim.All {
		return false
	}
	pl := p.r.follow(&f.link)
	if f.noise == noiseUnknown {
		f.noise = noiseOf(pl)
	}
	switch f.noise {
	case noiseAlways:
		return true
	case noiseZero:
		data, err := p.need(v, pl.size)
		return err == nil && strings.Trim(string(data), "\x00") == ""
	}
	return false
}
