package secret

import "bytes"

// A Span is a part of a text.
type Span struct{ Begin, End int }

// Spans finds what must not be shown of a text that tells by its own form what it
// holds: private keys in PEM, of which nothing is shown at all; passwords in URLs;
// the credentials of a header; and what follows a secret name in a query, a
// connection string, JSON, or a line of a header. Whole says that the text was not
// cut off at its end. The spans are in order and apart.
func (n *Names) Spans(text []byte, whole bool) []Span {
	if n == nil {
		return nil
	}
	if holdsKey(text) {
		return []Span{{0, len(text)}}
	}
	if begin := credentials(text); begin > 0 {
		return []Span{{begin, len(text)}}
	}
	var spans []Span
	for i := 0; i < len(text); i++ {
		var s Span
		switch {
		case text[i] == '=':
			s = n.assigned(text, i)
		case text[i] != ':':
		case bytes.HasPrefix(text[i:], []byte("://")):
			s = passwordOf(text, i+3, whole)
		default:
			s = n.member(text, i)
		}
		if s.End > s.Begin {
			spans = append(spans, s)
			i = s.End - 1
		}
	}
	return spans
}

// holdsKey reports whether a text has a private key in PEM, or the beginning of one.
func holdsKey(text []byte) bool {
	for {
		_, rest, found := bytes.Cut(text, []byte("-----BEGIN "))
		if !found {
			return false
		}
		label, _, _ := bytes.Cut(rest[:min(len(rest), 80)], []byte("-----"))
		if bytes.Contains(label, []byte(privateKey)) {
			return true
		}
		text = rest
	}
}

// privateKey is in the labels of private keys in PEM.
const privateKey = "PRIVATE KEY"

// IsKeyLabel reports whether a text says, as PEM does, that what it labels is a
// private key.
func IsKeyLabel(text []byte) bool { return bytes.Contains(text, []byte(privateKey)) }

// credentials returns where the credentials begin in a text that is all of an
// Authorization header's value, 0 if it is none.
func credentials(text []byte) int {
	scheme, rest, found := bytes.Cut(text, []byte(" "))
	if !found || len(rest) == 0 || bytes.ContainsAny(rest, " \t\r\n") {
		return 0
	}
	switch {
	case bytes.EqualFold(scheme, []byte("Bearer")):
	case bytes.EqualFold(scheme, []byte("Basic")) && (len(rest)%4 == 0 || rest[len(rest)-1] == '='):
	default:
		return 0
	}
	return len(scheme) + 1
}

// assigned finds what follows NAME= at i: to the end of a text that begins so, as an
// entry of an environment does, and else to the end of that parameter.
func (n *Names) assigned(text []byte, i int) Span {
	begin := nameBegin(text, i)
	if begin == i || n.Match(string(text[begin:i])) < Yes {
		return Span{}
	}
	if begin == 0 {
		return Span{i + 1, len(text)}
	}
	value := text[i+1:]
	before := text[begin-1]
	if before == ' ' && begin > 1 && text[begin-2] == ';' {
		before = ';'
	}
	switch before {
	case ' ', '\t', '\n', ',', '(', '{', '[', '"', '\'', '`':
		if len(value) > 1 && (value[0] == '\'' || value[0] == '"') {
			return Span{i + 2, i + 2 + quoted(value[1:], value[0])}
		}
		return Span{i + 1, i + 1 + until(value, " \t\r\n")}
	case '?', '&', ';':
		return Span{i + 1, i + 1 + until(value, "&;# \t\r\n\"'`")}
	}
	return Span{}
}

// member finds what follows "NAME": in JSON, NAME: in what package fmt prints, or on
// a line of a header that is not the first, as a message may begin so.
func (n *Names) member(text []byte, i int) Span {
	if i > 0 && text[i-1] == '"' {
		begin := nameBegin(text, i-1)
		if begin == 0 || text[begin-1] != '"' || n.Match(string(text[begin:i-1])) < Yes {
			return Span{}
		}
		from := i + 1
		for from < len(text) && (text[from] == ' ' || text[from] == '\n' || text[from] == '\t') {
			from++
		}
		if from < len(text) && text[from] == '"' {
			return Span{from + 1, from + 1 + quoted(text[from+1:], '"')}
		}
		return Span{from, from + until(text[from:], ",}]\r\n")}
	}
	begin := nameBegin(text, i)
	if begin == i || begin == 0 || n.Match(string(text[begin:i])) < Yes {
		return Span{}
	}
	switch text[begin-1] {
	case '\n':
		from := valueAt(string(text), i)
		return Span{from, from + until(text[from:], "\r\n")}
	case ' ', '{', '[': // as %+v prints it
		if bytes.ContainsAny(text[:begin], "{[") {
			return Span{i + 1, i + 1 + until(text[i+1:], " ]}\r\n")}
		}
	}
	return Span{}
}

// passwordOf finds the password of a URL whose authority begins there. Of one that is
// cut off, nobody knows what it is in.
func passwordOf(text []byte, begin int, whole bool) Span {
	size := until(text[begin:], "/?# \t\r\n\"'`<>")
	authority := text[begin : begin+size]
	at, colon := bytes.LastIndexByte(authority, '@'), bytes.IndexByte(authority, ':')
	if at < 0 && !whole && begin+size == len(text) {
		at = size
	}
	if colon < 0 || colon > at {
		return Span{}
	}
	return Span{begin + colon + 1, begin + at}
}

// nameBegin returns where the name begins that ends at i.
func nameBegin(text []byte, i int) int {
	for i > 0 {
		c := text[i-1]
		if c|0x20 < 'a' || c|0x20 > 'z' {
			if (c < '0' || c > '9') && c != '_' && c != '-' && c != '.' {
				break
			}
		}
		i--
	}
	return i
}

// until returns how much of a text stands before the first of some characters.
func until(text []byte, any string) int {
	if i := bytes.IndexAny(text, any); i >= 0 {
		return i
	}
	return len(text)
}

// quoted returns how much of a text stands before the quote that ends it.
func quoted(text []byte, quote byte) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case quote:
			return i
		}
	}
	return len(text)
}
