package events

import (
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// A style is the parameters of an SGR escape sequence; the empty one is plain.
type style string

const (
	plainStyle  style = ""
	boldStyle   style = "1"
	dimStyle    style = "2"
	redStyle    style = "31"
	greenStyle  style = "32"
	yellowStyle style = "33"
	hotStyle    style = "1;33"
	alarmStyle  style = "1;31"
)

// goroutineStyles are the colours of goroutines. Red is for errors.
var goroutineStyles = [...]style{"36", "33", "35", "32", "94", "93", "96", "95", "92", "34"}

func goroutineStyle(g int64) style {
	return goroutineStyles[uint64(g)%uint64(len(goroutineStyles))]
}

// rows builds lines of text. Whatever came from the traced process goes
// through text or span, which let no control character pass.
type rows struct {
	b     []byte
	color bool
	width int // 0: unlimited

	begin int // of the row, in b
	cols  int // of the row so far
	cuts  int // rows that were cut
}

func (r *rows) reset() {
	r.b = reuse(r.b)
	r.begin, r.cols = 0, 0
}

// end ends the row.
func (r *rows) end() {
	if r.width > 0 && r.cols > r.width {
		r.cut(r.begin, r.width)
		r.cuts++
	}
	r.b = append(r.b, '\n')
	r.begin, r.cols = len(r.b), 0
}

// cut shortens what stands from an index on to a width, the last column an
// ellipsis.
func (r *rows) cut(from, width int) {
	cols := 0
	for i := from; i < len(r.b); {
		if r.b[i] == 0x1b {
			for ; r.b[i] != 'm'; i++ {
			}
			i++
			continue
		}
		c, size := utf8.DecodeRune(r.b[i:])
		if cols += columns(c); cols >= width {
			r.b = append(r.b[:i], "…"...)
			if r.color {
				r.b = append(r.b, "\x1b[0m"...)
			}
			return
		}
		i += size
	}
}

// span adds text in a style.
func (r *rows) span(st style, s string) {
	r.on(st)
	r.text(s)
	r.off(st)
}

func (r *rows) on(st style) {
	if r.color && st != plainStyle {
		r.b = append(append(append(r.b, "\x1b["...), st...), 'm')
	}
}

func (r *rows) off(st style) {
	if r.color && st != plainStyle {
		r.b = append(r.b, "\x1b[0m"...)
	}
}

// pad adds blanks up to the given column.
func (r *rows) pad(col int) {
	for ; r.cols < col; r.cols++ {
		r.b = append(r.b, ' ')
	}
}

func (r *rows) int(n int64) {
	at := len(r.b)
	r.b = strconv.AppendInt(r.b, n, 10)
	r.cols += len(r.b) - at
}

// ascii adds bytes that are known to be printable ASCII.
func (r *rows) ascii(b []byte) {
	r.b = append(r.b, b...)
	r.cols += len(b)
}

func (r *rows) duration(d time.Duration, st style) {
	r.on(st)
	at := len(r.b)
	r.b = appendDuration(r.b, d)
	r.cols += utf8.RuneCount(r.b[at:])
	r.off(st)
}

// text adds s, with what a terminal would not print as itself escaped as in a
// Go string: controls, invalid UTF-8, and formatting such as the change of
// direction that can make text read as something else.
func (r *rows) text(s string) {
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f {
			r.cols++
			i++
			continue
		}
		x, size := utf8.DecodeRuneInString(s[i:])
		if strconv.IsGraphic(x) && !IsUnseen(x) && (x != utf8.RuneError || size > 1) {
			r.cols += columns(x)
			i += size
			continue
		}
		r.b = append(r.b, s[start:i]...)
		r.escape(x, s[i:i+size])
		i += size
		start = i
	}
	r.b = append(r.b, s[start:]...)
}

func (r *rows) escape(x rune, raw string) {
	at := len(r.b)
	switch {
	case x == utf8.RuneError:
		r.b = append(r.b, '\\', 'x', hexDigits[raw[0]>>4], hexDigits[raw[0]&15])
	case x == '\n':
		r.b = append(r.b, `\n`...)
	case x == '\r':
		r.b = append(r.b, `\r`...)
	case x == '\t':
		r.b = append(r.b, `\t`...)
	case x < 0x80:
		r.b = append(r.b, '\\', 'x', hexDigits[x>>4], hexDigits[x&15])
	case x < 0x10000:
		r.b = append(r.b, '\\', 'u', hexDigits[x>>12], hexDigits[x>>8&15], hexDigits[x>>4&15], hexDigits[x&15])
	default:
		r.b = append(r.b, `\U000`...)
		for shift := 16; shift >= 0; shift -= 4 {
			r.b = append(r.b, hexDigits[x>>shift&15])
		}
	}
	r.cols += len(r.b) - at
}

// columns returns how many columns of a terminal c takes.
func columns(c rune) int {
	switch {
	case c < 0x300:
		return 1
	case unicode.In(c, unicode.Mn, unicode.Me):
		return 0
	case c < 0x1100:
		return 1
	case c <= 0x115f, c >= 0x2e80 && c <= 0xa4cf, c >= 0xac00 && c <= 0xd7a3,
		c >= 0xf900 && c <= 0xfaff, c >= 0xfe30 && c <= 0xfe6f, c >= 0xff00 && c <= 0xff60,
		c >= 0xffe0 && c <= 0xffe6, c >= 0x1f300 && c <= 0x1faff, c >= 0x20000 && c <= 0x3fffd:
		return 2
	}
	return 1
}

// place adds the base name of file, and line.
func (r *rows) place(file string, line int) {
	r.text(file[strings.LastIndexByte(file, '/')+1:])
	r.text(":")
	r.int(int64(line))
}

// Printable returns s as text output prints it: what a terminal would not print
// as itself is escaped as in a Go string.
func Printable(s string) string {
	var r rows
	r.text(s)
	return string(r.b)
}
