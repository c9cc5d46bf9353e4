package events

import (
	"strconv"
	"time"
)

// A clock formats times. Events come many to the second, so it keeps the text
// of the last second.
type clock struct {
	sec  int64
	text []byte
}

// second returns t down to its second in the given layout, which must be the
// same in every call, as must be t's location. It is good until the next call.
func (c *clock) second(t time.Time, layout string) []byte {
	if sec := t.Unix(); len(c.text) == 0 || sec != c.sec {
		c.sec = sec
		c.text = t.AppendFormat(c.text[:0], layout)
	}
	return c.text
}

// appendPadded appends n, which is not negative, in at least width digits.
func appendPadded(b []byte, n int64, width int) []byte {
	var digits [20]byte
	s := strconv.AppendInt(digits[:0], n, 10)
	for i := len(s); i < width; i++ {
		b = append(b, '0')
	}
	return append(b, s...)
}

// appendDuration appends d in three significant digits: 812ns, 12µs, 1.24ms.
func appendDuration(b []byte, d time.Duration) []byte {
	if d < 0 {
		b, d = append(b, '-'), -d
	}
	switch {
	case d < time.Microsecond:
		return append(strconv.AppendInt(b, int64(d), 10), "ns"...)
	case d < time.Millisecond:
		return append(appendSignificant(b, d, time.Microsecond), "µs"...)
	case d < time.Second:
		return append(appendSignificant(b, d, time.Millisecond), "ms"...)
	case d < time.Minute:
		return append(appendSignificant(b, d, time.Second), 's')
	}
	return append(b, d.Round(time.Second).String()...)
}

// appendSignificant appends d in units, cut to three digits and without
// trailing zeros.
func appendSignificant(b []byte, d, unit time.Duration) []byte {
	whole, thousandths := d/unit, d%unit*1000/unit
	b = strconv.AppendInt(b, int64(whole), 10)
	digits := 0
	switch {
	case whole < 10:
		thousandths, digits = thousandths/10, 2
	case whole < 100:
		thousandths, digits = thousandths/100, 1
	}
	for ; digits > 0 && thousandths%10 == 0; digits-- {
		thousandths /= 10
	}
	if digits == 0 {
		return b
	}
	return appendPadded(append(b, '.'), int64(thousandths), digits)
}

// appendSeconds appends d in seconds with six digits, signed on request.
func appendSeconds(b []byte, d time.Duration, sign bool) []byte {
	switch {
	case d < 0:
		b, d = append(b, '-'), -d
	case sign:
		b = append(b, '+')
	}
	b = appendPadded(b, int64(d/time.Second), 1)
	return appendPadded(append(b, '.'), int64(d%time.Second/time.Microsecond), 6)
}

// FormatDuration returns d as text output prints it: in three significant
// digits, 812ns, 12µs, 1.24ms.
func FormatDuration(d time.Duration) string { return string(appendDuration(nil, d)) }
