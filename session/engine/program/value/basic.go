package value

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"
	"unicode"
	"unicode/utf8"

	"gtrace/events"
)

// value writes a value in Go syntax.
func (p *printer) value(pl *plan, v val) {
	if p.full() || p.depth >= maxDepth {
		p.str("…")
		return
	}
	if pl.hidden {
		p.hidden()
		return
	}
	p.depth++
	switch pl.form {
	case formSlice, formBytes:
		p.slice(pl, v)
	case formArray:
		p.array(pl, v)
	case formStruct:
		p.pairs = false
		p.structure(pl, v)
	case formString:
		p.stringValue(v)
	case formMap:
		p.pairs = false
		p.mapValue(pl, v)
	case formEface, formIface:
		p.interfaceValue(pl, v)
	case formTime:
		p.time(pl, v)
	case formIP:
		p.ip(pl, v)
	case formBigInt:
		p.bigInt(pl, v)
	case formPointer, formUnsafePointer, formFunc, formChan:
		p.word(pl, v)
	default:
		p.basic(pl, v)
	}
	p.depth--
}

// basic writes numbers and booleans.
func (p *printer) basic(pl *plan, v val) {
	if pl.form == formUnknown || pl.size < 1 || pl.size > 16 {
		p.unreadable("type " + pl.name)
		return
	}
	b, err := p.need(v, pl.size)
	if err != nil {
		p.fail(err, v.addr)
		return
	}
	switch pl.form {
	case formBool:
		p.out = strconv.AppendBool(p.out, b[0] != 0)
	case formInt:
		p.out = strconv.AppendInt(p.out, signed(b), 10)
	case formUint:
		p.out = strconv.AppendUint(p.out, unsigned(b), 10)
	case formUintptr:
		p.hex(unsigned(b))
	case formFloat:
		p.float(b)
	case formComplex:
		p.str("(")
		p.float(b[:len(b)/2])
		i := len(p.out)
		p.float(b[len(b)/2:])
		if c := p.out[i]; c != '+' && c != '-' {
			p.out = append(p.out, 0)
			copy(p.out[i+1:], p.out[i:])
			p.out[i] = '+'
		}
		p.str("i)")
	case formDuration:
		p.str(time.Duration(signed(b)).String())
	}
}

func (p *printer) float(b []byte) {
	if len(b) == 4 {
		f := math.Float32frombits(binary.LittleEndian.Uint32(b))
		p.out = strconv.AppendFloat(p.out, float64(f), 'g', -1, 32)
		return
	}
	p.out = strconv.AppendFloat(p.out, math.Float64frombits(unsigned(b)), 'g', -1, 64)
}

// unsigned reads an integer of up to 8 bytes.
func unsigned(b []byte) uint64 {
	switch len(b) {
	case 1:
		return uint64(b[0])
	case 2:
		return uint64(binary.LittleEndian.Uint16(b))
	case 4:
		return uint64(binary.LittleEndian.Uint32(b))
	case 8, 16:
		return binary.LittleEndian.Uint64(b)
	}
	var x uint64
	for i := min(len(b), 8) - 1; i >= 0; i-- {
		x = x<<8 | uint64(b[i])
	}
	return x
}

func signed(b []byte) int64 {
	shift := 64 - 8*min(len(b), 8)
	return int64(unsigned(b)<<shift) >> shift
}

// words returns the first n 8-byte words of v.
func (p *printer) words(v val, n int) (w [3]uint64, err error) {
	b, err := p.need(v, int64(8*n))
	if err != nil {
		return w, err
	}
	for i := range n {
		w[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return w, nil
}

func (p *printer) stringValue(v val) {
	w, err := p.words(v, 2)
	if err != nil {
		p.fail(err, v.addr)
		return
	}
	addr, n := w[0], int64(w[1])
	if n < 0 {
		p.unreadable("string of length " + strconv.FormatInt(n, 10))
		return
	}
	if n == 0 {
		p.str(`""`)
		return
	}
	b, err := p.read(addr, min(n, int64(p.lim.String)))
	if err != nil {
		p.fail(err, addr)
		return
	}
	if int64(len(b)) < n {
		b = wholeRunes(b)
	}
	if p.sparing(b, addr, n) {
		return
	}
	p.quote(b)
	if rest := n - int64(len(b)); rest > 0 {
		p.more(uint64(rest))
	}
}

func (p *printer) quote(b []byte) {
	for _, c := range b {
		if c < ' ' || c >= 0x7f || c == '"' || c == '\\' {
			p.str(events.Quote(string(b)))
			return
		}
	}
	p.out = append(p.out, '"')
	p.out = append(p.out, b...)
	p.out = append(p.out, '"')
}

// wholeRunes cuts off a character that a limit has cut in two.
func wholeRunes(b []byte) []byte {
	for i := 1; i <= min(utf8.UTFMax, len(b)); i++ {
		if c := b[len(b)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(b[len(b)-i:]) {
				return b[:len(b)-i]
			}
			break
		}
	}
	return b
}

// isText tells whether people would read b as text.
func isText(b []byte) bool {
	for len(b) > 0 {
		c, n := utf8.DecodeRune(b)
		if c == utf8.RuneError && n <= 1 {
			return false
		}
		if (!unicode.IsPrint(c) || events.IsUnseen(c)) && c != '\n' && c != '\t' && c != '\r' {
			return false
		}
		b = b[n:]
	}
	return true
}
