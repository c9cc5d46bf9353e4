package value

import (
	"cmp"
	"errors"
	"strconv"
	"unicode/utf8"

	"gtrace/session/engine"
)

// Bounds of one value, whatever the memory holds and the caller asks for.
const (
	maxText  = 16 << 10  // bytes of text
	maxRead  = 256 << 10 // bytes read
	maxReads = 512       // reads
	maxDepth = 32        // values inside values
	window   = 4 << 10   // bytes of a large object read at a time
)

var (
	errBudget = errors.New("read enough")
	errMemory = errors.New("memory cannot be read")
	errItab   = errors.New("not an itab")
)

// A printer writes one value. It is reused, with its buffers.
type printer struct {
	r      *Reader
	mem    Memory
	lim    engine.Limits
	out    []byte
	follow int // pointers that may still be followed
	depth  int
	errors int  // messages that may still be worded
	wordy  bool // errors in interfaces are shown by their messages
	pairs  bool // the list that comes next is one of names, each with its value

	bytesLeft, readsLeft int
	arena                []byte // what was read is carved out of it
	seen                 []val  // what was read
	last                 val    // what was read last
	entries              []mapEntry
	sorted               []byte
}

// A val is where the bytes of a value are: data holds those in hand, addr is
// where the value stands in the target's memory, 0 when it stands in none.
type val struct {
	data []byte
	addr uint64
}

// at returns the part of v that begins at off.
func (v val) at(off int64) val {
	w := val{}
	if off >= 0 && off <= int64(len(v.data)) {
		w.data = v.data[off:]
	}
	if v.addr != 0 {
		w.addr = v.addr + uint64(off)
	}
	return w
}

// part returns n bytes of v that stand at addr, if it has them in hand.
func (v val) part(addr uint64, n int64) ([]byte, bool) {
	if addr < v.addr || addr+uint64(n) > v.addr+uint64(len(v.data)) {
		return nil, false
	}
	off := addr - v.addr
	return v.data[off : off+uint64(n)], true
}

func (p *printer) reset(mem Memory, lim engine.Limits) {
	p.mem = mem
	p.lim = engine.Limits{
		String: min(max(cmp.Or(lim.String, engine.DefaultString), 0), maxText),
		Values: min(max(cmp.Or(lim.Values, engine.DefaultValues), 0), maxText),
		Follow: max(cmp.Or(lim.Follow, engine.DefaultFollow), 0),
		All:    lim.All,
		Hide:   lim.Hide,
	}
	p.lim.Fields = max(p.lim.Values, min(lim.Fields, maxText))
	p.follow = p.lim.Follow
	p.depth, p.errors, p.pairs, p.wordy = 0, maxErrors, false, false
	p.out = p.out[:0]
	p.bytesLeft, p.readsLeft = maxRead, maxReads
	p.arena = p.arena[:0]
	clear(p.seen)
	p.seen, p.last = p.seen[:0], val{}
	p.entries = p.entries[:0]
	p.r.mark(lim.Hide)
}

func (p *printer) str(s string) { p.out = append(p.out, s...) }

// full tells whether what follows would be cut off anyway.
func (p *printer) full() bool { return len(p.out) >= maxText }

// text returns what was written.
func (p *printer) text() string {
	if len(p.out) <= maxText {
		return string(p.out)
	}
	return cut(string(p.out))
}

// cut cuts a text off at the bound.
func cut(s string) string {
	if len(s) <= maxText {
		return s
	}
	n := maxText
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// more says that n further elements or bytes follow.
func (p *printer) more(n uint64) {
	p.str("…+")
	p.out = strconv.AppendUint(p.out, n, 10)
}

func (p *printer) hex(x uint64) {
	p.str("0x")
	p.out = strconv.AppendUint(p.out, x, 16)
}

func (p *printer) unreadable(why string) {
	p.str("<unreadable: ")
	p.str(why)
	p.str(">")
}

// fail says why the memory at addr is not shown.
func (p *printer) fail(err error, addr uint64) {
	switch {
	case errors.Is(err, errBudget):
		p.str("…")
	case addr == 0:
		p.unreadable("incomplete")
	default:
		p.str("<unreadable: memory at ")
		p.hex(addr)
		p.str(">")
	}
}

// need returns the first n bytes of v, from memory when they are not in hand.
func (p *printer) need(v val, n int64) ([]byte, error) {
	if n >= 0 && n <= int64(len(v.data)) {
		return v.data[:n], nil
	}
	if v.addr == 0 {
		return nil, errMemory
	}
	return p.read(v.addr, n)
}

// open brings a window of an object of the given size into hand, so that its
// parts need no read of their own.
func (p *printer) open(v val, size int64) (val, error) {
	return p.openUpTo(v, size, window)
}

func (p *printer) openUpTo(v val, size, most int64) (val, error) {
	size = min(size, most)
	if size <= int64(len(v.data)) {
		return v, nil
	}
	data, err := p.need(v, size)
	if err != nil {
		return v, err
	}
	v.data = data
	return v, nil
}

// read reads memory. Its result is valid until the next value.
func (p *printer) read(addr uint64, n int64) ([]byte, error) {
	if n == 0 {
		return nil, nil
	}
	if n < 0 || addr == 0 || addr+uint64(n) < addr {
		return nil, errMemory
	}
	if b, ok := p.last.part(addr, n); ok {
		return b, nil
	}
	for _, s := range p.seen {
		if b, ok := s.part(addr, n); ok {
			return b, nil
		}
	}
	if p.readsLeft == 0 || n > int64(p.bytesLeft) {
		return nil, errBudget
	}
	p.readsLeft--
	p.bytesLeft -= int(n)
	buf := p.carve(int(n))
	if m, err := p.mem.ReadMemory(buf, addr); err != nil || m < len(buf) {
		return nil, errMemory
	}
	p.last = val{buf, addr}
	// A search of more than a few costs what it saves.
	if len(p.seen) < 32 {
		p.seen = append(p.seen, val{buf, addr})
	}
	return buf, nil
}

// carve returns n bytes that stay untouched until the next value.
func (p *printer) carve(n int) []byte {
	if cap(p.arena)-len(p.arena) < n {
		p.arena = make([]byte, 0, max(n, 16<<10))
	}
	i := len(p.arena)
	p.arena = p.arena[:i+n]
	return p.arena[i : i+n : i+n]
}
