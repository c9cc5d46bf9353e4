package events

import (
	"maps"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// The functions below append one member of a JSON object each. A key comes
// with the punctuation around it, as `,"pid":`.

func appendJSONInt(b []byte, key string, n int64) []byte {
	return strconv.AppendInt(append(b, key...), n, 10)
}

func appendJSONUint(b []byte, key string, n uint64) []byte {
	return strconv.AppendUint(append(b, key...), n, 10)
}

func appendJSONString(b []byte, key, s string) []byte {
	return appendJSONQuoted(append(b, key...), s)
}

func appendJSONOptional(b []byte, key, s string) []byte {
	if s == "" {
		return b
	}
	return appendJSONString(b, key, s)
}

func appendJSONTrue(b []byte, member string, set bool) []byte {
	if !set {
		return b
	}
	return append(b, member...)
}

func appendJSONComma(b []byte, i int) []byte {
	if i == 0 {
		return b
	}
	return append(b, ',')
}

func appendJSONStrings(b []byte, key string, list []string) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(append(b, key...), '[')
	for i, s := range list {
		b = appendJSONQuoted(appendJSONComma(b, i), s)
	}
	return append(b, ']')
}

func appendJSONFrame(b []byte, key string, f *Frame) []byte {
	if f == nil {
		return b
	}
	b = append(b, key...)
	b = appendJSONString(b, `{"func":`, f.Func)
	b = appendJSONString(b, `,"file":`, f.File)
	b = appendJSONInt(b, `,"line":`, int64(f.Line))
	return append(b, '}')
}

func appendJSONStack(b []byte, stack []Frame) []byte {
	if len(stack) == 0 {
		return b
	}
	b = append(b, `,"stack":[`...)
	for i := range stack {
		b = appendJSONFrame(appendJSONComma(b, i), "", &stack[i])
	}
	return append(b, ']')
}

// appendJSONValue leaves the object open.
func appendJSONValue(b []byte, v *Value) []byte {
	b = appendJSONString(b, `{"name":`, v.Name)
	b = appendJSONString(b, `,"type":`, v.Type)
	b = appendJSONString(b, `,"value":`, v.Value)
	return appendJSONOptional(b, `,"error":`, v.Error)
}

// appendJSONValues tells nil, which is left out, from empty: values that were
// not captured from a function that has none.
func appendJSONValues(b []byte, key string, list []Value) []byte {
	if list == nil {
		return b
	}
	b = append(append(b, key...), '[')
	for i := range list {
		b = appendJSONValue(appendJSONComma(b, i), &list[i])
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendJSONLabels(b []byte, labels map[string]string) []byte {
	if len(labels) == 0 {
		return b
	}
	b = append(b, `,"labels":{`...)
	for i, key := range slices.Sorted(maps.Keys(labels)) {
		b = append(appendJSONQuoted(appendJSONComma(b, i), key), ':')
		b = appendJSONQuoted(b, labels[key])
	}
	return append(b, '}')
}

func appendJSONChanges(b []byte, list []Change) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(b, `,"changes":[`...)
	for i := range list {
		b = appendJSONValue(appendJSONComma(b, i), &list[i].Value)
		if list[i].Modified {
			b = append(b, `,"change":"modified"`...)
		} else {
			b = append(b, `,"change":"new"`...)
		}
		b = appendJSONOptional(b, `,"old":`, list[i].Old)
		b = append(appendJSONParts(b, list[i].Parts), '}')
	}
	return append(b, ']')
}

func appendJSONParts(b []byte, list []Part) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(b, `,"parts":[`...)
	for i, p := range list {
		b = appendJSONComma(b, i)
		b = appendJSONString(b, `{"path":`, p.Path)
		if p.Gone {
			b = append(b, `,"gone":true`...)
		} else {
			b = appendJSONString(b, `,"value":`, p.Value)
		}
		b = append(appendJSONOptional(b, `,"old":`, p.Old), '}')
	}
	return append(b, ']')
}

func appendJSONWatch(b []byte, list []Watch) []byte {
	if len(list) == 0 {
		return b
	}
	b = append(b, `,"watch":[`...)
	for i, w := range list {
		b = appendJSONComma(b, i)
		b = appendJSONString(b, `{"expr":`, w.Expr)
		b = appendJSONString(b, `,"type":`, w.Type)
		b = appendJSONString(b, `,"value":`, w.Value)
		b = appendJSONOptional(b, `,"old":`, w.Old)
		b = append(b, '}')
	}
	return append(b, ']')
}

func appendJSONException(b []byte, x *ExceptionInfo) []byte {
	b = appendJSONString(b, `,"exception":{"class":`, string(x.Class))
	b = appendJSONString(b, `,"type":`, x.Type)
	b = appendJSONString(b, `,"value":`, x.Value)
	b = append(b, `,"recovered":`...)
	b = strconv.AppendBool(b, x.Recovered)
	b = appendJSONFrame(b, `,"recovered_by":`, x.RecoveredBy)
	b = appendJSONFrame(b, `,"origin":`, x.Origin)
	return append(b, '}')
}

const hexDigits = "0123456789abcdef"

// appendJSONQuoted escapes, besides what JSON demands, what nobody sees: a stream
// is looked at on terminals, and read by programs that split lines.
func appendJSONQuoted(b []byte, s string) []byte {
	b = append(b, '"')
	start := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= ' ' && c < 0x7f && c != '"' && c != '\\' {
			i++
			continue
		}
		r, size := rune(c), 1
		if c >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(s[i:])
			if (r != utf8.RuneError || size > 1) && !IsUnseen(r) {
				i += size
				continue
			}
		}
		b = append(b, s[start:i]...)
		b = appendJSONEscape(b, r)
		i += size
		start = i
	}
	b = append(b, s[start:]...)
	return append(b, '"')
}

// IsUnseen reports whether a rune changes how others are shown, on a terminal or in
// an editor, without being shown itself, or whether nobody sees it at all: controls, the
// C1 controls among them, what turns the direction of text, joins, blanks of no width,
// separators of lines, fillers, selectors of variants, and letters that are blank.
func IsUnseen(r rune) bool {
	const brailleBlank = '\u2800'
	return r == 0x7f || r > 0x7f && (r == brailleBlank || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector))
}

// AppendJSONString appends s as a [JSON] sink writes it.
func AppendJSONString(b []byte, s string) []byte { return appendJSONQuoted(b, s) }

// EscapeJSON escapes in a JSON text that another has written what a [JSON] sink
// escapes besides what JSON demands.
func EscapeJSON(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		if IsUnseen(r) {
			out = appendJSONEscape(out, r)
		} else {
			out = append(out, text[i:i+size]...)
		}
		i += size
	}
	return out
}

func appendJSONEscape(b []byte, r rune) []byte {
	switch r {
	case '"', '\\':
		return append(b, '\\', byte(r))
	case '\n':
		return append(b, `\n`...)
	case '\r':
		return append(b, `\r`...)
	case '\t':
		return append(b, `\t`...)
	}
	if high, low := utf16.EncodeRune(r); high != utf8.RuneError {
		return appendJSONEscape(appendJSONEscape(b, high), low)
	}
	return append(b, '\\', 'u', hexDigits[r>>12&15], hexDigits[r>>8&15], hexDigits[r>>4&15], hexDigits[r&15])
}
