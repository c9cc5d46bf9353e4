package eventstest

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// These methods of the parser read the smallest pieces of a line.

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf("column %d: %w", p.pos+1, fmt.Errorf(format, args...))
	}
}

// peek returns the next byte, 0 at the end.
func (p *parser) peek() byte {
	if p.pos < len(p.s) {
		return p.s[p.pos]
	}
	return 0
}

func (p *parser) blanks() {
	for p.peek() == ' ' || p.peek() == '\t' {
		p.pos++
	}
}

func (p *parser) skip(text string) bool {
	if p.err != nil || !strings.HasPrefix(p.s[p.pos:], text) {
		return false
	}
	p.pos += len(text)
	return true
}

func (p *parser) expect(text string) {
	if !p.skip(text) {
		p.fail("expected %q", text)
	}
}

// until returns what stands before the next of stops.
func (p *parser) until(stops string) string {
	if p.err != nil {
		return ""
	}
	rest := p.s[p.pos:]
	n := strings.IndexAny(rest, stops)
	if n < 0 {
		n = len(rest)
	}
	p.pos += n
	return rest[:n]
}

// word returns a quoted word, unquoted, or what stands before the next stop.
func (p *parser) word(stops string) string {
	if p.err != nil || p.peek() != '"' && p.peek() != '`' {
		return p.until(stops)
	}
	quoted, err := strconv.QuotedPrefix(p.s[p.pos:])
	if err != nil {
		p.fail("a quoted word without its end")
		return ""
	}
	s, err := strconv.Unquote(quoted)
	if err != nil {
		p.fail("bad quoted word %s", quoted)
		return ""
	}
	p.pos += len(quoted)
	return s
}

// funcWord returns the next word where a function may stand. The parentheses
// of a receiver follow a dot; any other begins the arguments.
func (p *parser) funcWord() string {
	start := p.pos
	for ; p.pos < len(p.s); p.pos++ {
		switch c := p.s[p.pos]; {
		case c == ' ' || c == '\t' || c == '=':
			return p.s[start:p.pos]
		case c == '(' && (p.pos == start || p.s[p.pos-1] != '.'):
			return p.s[start:p.pos]
		}
	}
	return p.s[start:]
}

func (p *parser) key() string {
	key := p.until(" =")
	p.expect("=")
	return key
}

// list reads (item, item …); commas and blanks separate.
func (p *parser) list(item func()) {
	p.expect("(")
	for p.err == nil {
		for p.blanks(); p.skip(","); p.blanks() {
		}
		if p.skip(")") {
			return
		}
		if p.pos == len(p.s) {
			p.fail(`expected ")"`)
			return
		}
		before := p.pos
		item()
		if p.pos == before {
			p.fail("expected an item")
		}
	}
}

func (p *parser) int64() int64 {
	s := p.until(wordStops)
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		p.fail("bad number %q", s)
	}
	return n
}

func (p *parser) int() int {
	return int(p.int64())
}

func (p *parser) uint() uint64 {
	s := p.until(wordStops)
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		p.fail("bad number %q", s)
	}
	return n
}

func (p *parser) float() float64 {
	s := p.until(wordStops)
	x, err := strconv.ParseFloat(s, 64)
	if err != nil || math.IsNaN(x) || math.IsInf(x, 0) {
		p.fail("bad number %q", s)
	}
	return x
}

// time reads RFC 3339, or a duration since the Unix epoch.
func (p *parser) time() time.Time {
	s := p.until(wordStops)
	if d, err := time.ParseDuration(s); err == nil {
		return time.Unix(0, 0).Add(d).UTC()
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if t = t.UTC(); err != nil || t.Year() < 0 || t.Year() > 9999 {
		p.fail("bad time %q", s)
	}
	return t
}

func (p *parser) duration() time.Duration {
	s := p.until(wordStops)
	d, err := time.ParseDuration(s)
	if err != nil {
		p.fail("bad duration %q", s)
	}
	return d
}
