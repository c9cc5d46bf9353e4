package value

import (
	"encoding/binary"
	"math/big"
	"net"
	"time"
)

// time writes a time.Time, in its own zone as far as that can be read.
//
// The word wall holds nanoseconds in its low 30 bits. If its high bit is set
// the 33 bits between count seconds since 1885, and ext is a monotonic clock's
// reading; otherwise ext counts seconds since the year 1.
func (p *printer) time(pl *plan, v val) {
	wall, err1 := p.fieldWord(pl, v, "wall")
	ext, err2 := p.fieldWord(pl, v, "ext")
	loc, err3 := p.fieldWord(pl, v, "loc")
	if err1 != nil || err2 != nil || err3 != nil {
		p.structure(pl, v)
		return
	}
	const (
		monotonic  = 1 << 63
		nanos      = 1<<30 - 1
		year1      = -62135596800 // seconds from 1970
		year1885   = -2682288000
		maxSeconds = 1 << 40 // beyond, formatting a time is of no use
	)
	sec := int64(ext) + year1
	if wall&monotonic != 0 {
		sec = int64(wall<<1>>31) + year1885
	}
	if sec > maxSeconds || sec < -maxSeconds {
		p.structure(pl, v)
		return
	}
	t := time.Unix(sec, int64(wall&nanos)).UTC()
	if off, ok := p.zoneOffset(pl, loc, sec); ok {
		t = t.In(time.FixedZone("", off))
	}
	p.out = t.AppendFormat(p.out, time.RFC3339Nano)
}

// fieldWord reads a field of one word.
func (p *printer) fieldWord(pl *plan, v val, name string) (uint64, error) {
	f := pl.field(name)
	if f == nil {
		return 0, errNoTypes
	}
	w, err := p.words(v.at(f.off), 1)
	return w[0], err
}

// zoneOffset returns how many seconds a location was ahead of UTC at sec. It
// knows the period that the location remembers, which spans the present or,
// for a fixed zone, all time.
func (p *printer) zoneOffset(pl *plan, loc uint64, sec int64) (int, bool) {
	f := pl.field("loc")
	if loc == 0 || f == nil {
		return 0, false
	}
	lp := p.r.follow(&p.r.follow(&f.link).elem)
	v, err := p.open(val{addr: loc}, lp.size)
	if err != nil {
		return 0, false
	}
	start, err1 := p.fieldWord(lp, v, "cacheStart")
	end, err2 := p.fieldWord(lp, v, "cacheEnd")
	zone, err3 := p.fieldWord(lp, v, "cacheZone")
	if err1 != nil || err2 != nil || err3 != nil || zone == 0 || sec < int64(start) || sec >= int64(end) {
		return 0, false
	}
	zp := p.r.follow(&p.r.follow(&lp.field("cacheZone").link).elem)
	off, err := p.fieldWord(zp, val{addr: zone}, "offset")
	const day = 24 * 60 * 60
	if err != nil || int64(off) <= -day || int64(off) >= day {
		return 0, false
	}
	return int(int64(off)), true
}

func (p *printer) ip(pl *plan, v val) {
	w, err := p.words(v, 3)
	if err != nil || w[1] != 4 && w[1] != 16 {
		p.slice(pl, v)
		return
	}
	b, err := p.read(w[0], int64(w[1]))
	if err != nil {
		p.fail(err, w[0])
		return
	}
	p.str(net.IP(b).String())
}

// bigInt writes a big.Int of up to 1024 bits as a number.
func (p *printer) bigInt(pl *plan, v val) {
	neg, abs := pl.field("neg"), pl.field("abs")
	if neg == nil || abs == nil {
		p.structure(pl, v)
		return
	}
	sign, err := p.need(v.at(neg.off), 1)
	w, err2 := p.words(v.at(abs.off), 3)
	const words = 16
	if err != nil || err2 != nil || w[1] > words || w[1] > w[2] {
		p.structure(pl, v)
		return
	}
	b, err := p.read(w[0], int64(8*w[1]))
	if err != nil {
		p.fail(err, w[0])
		return
	}
	x := make([]big.Word, w[1])
	for i := range x {
		x[i] = big.Word(binary.LittleEndian.Uint64(b[8*i:]))
	}
	n := new(big.Int).SetBits(x)
	if sign[0] != 0 {
		n.Neg(n)
	}
	p.out = n.Append(p.out, 10)
}
