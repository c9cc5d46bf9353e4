package events

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// A Template says how to print an event as a line.
type Template struct{ parts []templatePart }

// A templatePart is text, or a field in a column.
type templatePart struct {
	text  string
	field *field // nil: text
	width int    // least columns
	most  int    // columns at which it is cut; 0: none
	right bool   // blanks come before it
}

// maxWidth bounds the columns that a template can ask for.
const maxWidth = 1000

// ParseTemplate reads a template: text with fields in braces, as
// "{time} g{goroutine} {func:30} {duration:>8} {args:.60}". A number behind the
// name is the least width of the column, to the left or, with >, to the right of
// which the field stands; one behind a point is the width at which it is cut. Two
// braces stand for one. The error may be an [*UnknownFieldError].
func ParseTemplate(s string) (*Template, error) {
	t := new(Template)
	var text strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c != '{' && c != '}':
			text.WriteByte(c)
		case i+1 < len(s) && s[i+1] == c:
			text.WriteByte(c)
			i++
		case c == '}':
			return nil, fmt.Errorf("a } without { at %d: write }} for a brace", i+1)
		default:
			end := strings.IndexByte(s[i:], '}')
			if end < 0 {
				return nil, fmt.Errorf("a { without } at %d: write {{ for a brace", i+1)
			}
			part, err := parsePart(s[i+1 : i+end])
			if err != nil {
				return nil, err
			}
			t.add(text.String())
			text.Reset()
			t.parts = append(t.parts, part)
			i += end
		}
	}
	t.add(text.String())
	return t, nil
}

func (t *Template) add(text string) {
	if text != "" {
		t.parts = append(t.parts, templatePart{text: text})
	}
}

// parsePart reads what stands between braces.
func parsePart(s string) (templatePart, error) {
	name, format, formatted := strings.Cut(s, ":")
	p := templatePart{field: findField(name)}
	if p.field == nil {
		return p, &UnknownFieldError{name}
	}
	if !formatted {
		return p, nil
	}
	least, right := strings.CutPrefix(format, ">")
	least, most, cut := strings.Cut(least, ".")
	p.right = right
	var ok bool
	if least != "" || !cut {
		if p.width, ok = parseWidth(least); !ok {
			return p, fmt.Errorf("{%s}: the width must be from 1 to %d, with > before it for the right side", Printable(s), maxWidth)
		}
	}
	if cut {
		if p.most, ok = parseWidth(most); !ok {
			return p, fmt.Errorf("{%s}: the width behind the point must be from 1 to %d", Printable(s), maxWidth)
		}
	}
	return p, nil
}

func parseWidth(digits string) (int, bool) {
	n, err := strconv.Atoi(digits)
	return n, err == nil && n >= 1 && n <= maxWidth && digits[0] != '+'
}

// ParseColumns reads the columns of [TextOptions]: names of fields, each with a
// width behind it or its own.
func ParseColumns(names []string) (*Template, error) {
	t := new(Template)
	for _, name := range names {
		part, err := parsePart(name)
		if err != nil {
			return nil, err
		}
		if part.width == 0 && part.most == 0 {
			width := part.field.width
			part.width, part.right = max(width, -width), width < 0
		}
		t.parts = append(t.parts, part, templatePart{text: "  "})
	}
	return t, nil
}

// Line returns a Sink that prints each event as t says, on one line, in one call
// of w.Write; those about the stream itself as [Text] does. Of opts it uses the
// prefix, the time mode, the length of values, the names, and whether to be quiet.
// Close does not close w.
//
// Nothing an event carries reaches w as a control character.
func (t *Template) Line(w io.Writer, opts TextOptions) Sink {
	return &templateSink{
		out:   lineWriter{w: w},
		page:  newPage(opts),
		parts: t.parts,
	}
}

type templateSink struct {
	out   lineWriter
	page  page
	parts []templatePart
}

func (s *templateSink) Write(e Event) error {
	p := &s.page
	p.reset()
	switch e.Kind {
	case Start:
		p.start(&e)
	case Exec:
		p.exec(&e)
	case Lost:
		p.lost(&e)
	case End:
		p.finish(&e)
	default:
		p.color = false // a template may be meant for another program
		p.text(p.opts.Prefix)
		for i := range s.parts {
			p.part(&s.parts[i], &e)
		}
		p.end()
		p.color = p.opts.Color
	}
	return s.out.write(p.b)
}

func (s *templateSink) Close() error { return s.out.err }

// part prints a part of a template. Text is the user's own, and goes out as it
// is.
func (p *page) part(part *templatePart, e *Event) {
	if part.field == nil {
		p.ascii([]byte(part.text))
		return
	}
	begin, at := p.cols, len(p.b)
	part.field.add(p, e)
	if part.most > 0 && p.cols-begin > part.most {
		p.cut(at, part.most)
		p.cols = begin + part.most
	}
	blanks := max(part.width-(p.cols-begin), 0)
	if part.right {
		p.b = slices.Insert(p.b, at, []byte(strings.Repeat(" ", blanks))...)
		p.cols += blanks
		return
	}
	p.pad(p.cols + blanks)
}
