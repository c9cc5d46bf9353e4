package filter

import (
	"cmp"
	"math/big"
	"strconv"
	"strings"
	"time"

	"gtrace/events"
)

func valuesOf(list []events.Value) values {
	vs := make(values, 2*len(list))
	for i := range list {
		v := valueOf(&list[i])
		vs[i], vs[list[i].Name] = v, v
	}
	return vs
}

// valueOf returns a value as an expression sees it: a number, true or false, a
// duration, nil, the text of a string, the message of an error, or else what
// stands in the stream.
func valueOf(v *events.Value) any {
	switch {
	case v.Error != "":
		return v.Error
	case v.Value == "nil":
		return nil
	case v.Value == "true":
		return true
	case v.Value == "false":
		return false
	case v.Value == "":
		return ""
	case v.Value[0] == '"':
		return unquote(v.Value)
	case v.Type == "time.Duration":
		if d, err := time.ParseDuration(v.Value); err == nil {
			return d
		}
	}
	if n := numberOf(v.Value); n != nil {
		return n
	}
	return v.Value
}

// unquote returns a string without its quotes, with the mark of a cut where it
// was cut.
func unquote(text string) string {
	quoted, err := strconv.QuotedPrefix(text)
	if err != nil {
		return text
	}
	s, err := strconv.Unquote(quoted)
	if err != nil {
		return text
	}
	return s + text[len(quoted):]
}

// numberOf returns the number that text is, or nil.
func numberOf(text string) any {
	if text == "" || !strings.ContainsRune("+-.0123456789", rune(text[0])) {
		return nil
	}
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	if n, err := strconv.ParseUint(text, 10, 64); err == nil {
		return n
	}
	if x, err := strconv.ParseFloat(text, 64); err == nil {
		return x
	}
	return nil
}

// textOf returns a value as text.
func textOf(v any) (text string, ok bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int:
		return strconv.Itoa(v), true
	case int64:
		return strconv.FormatInt(v, 10), true
	case uint64:
		return strconv.FormatUint(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	case bool:
		return strconv.FormatBool(v), true
	case time.Duration:
		return v.String(), true
	}
	return "", false
}

// equal compares values as numbers where both are, and as text otherwise.
func equal(a, b any) bool {
	if c, ok := order(a, b); ok {
		return c == 0
	}
	if a == nil || b == nil {
		return a == b || a == "nil" || b == "nil"
	}
	x, ok := textOf(a)
	y, ok2 := textOf(b)
	return ok && ok2 && x == y
}

// order tells which of two values is greater. It reports false for values that
// have no order: a number and a word, something that is not there.
func order(a, b any) (int, bool) {
	x, isText := a.(string)
	y, isText2 := b.(string)
	switch {
	case isText && isText2:
		return strings.Compare(x, y), true
	case isText:
		a = likewise(x, b)
	case isText2:
		b = likewise(y, a)
	}
	if x, ok := a.(time.Duration); ok {
		y, ok := b.(time.Duration)
		return cmp.Compare(x, y), ok
	}
	if x, ok := a.(time.Time); ok {
		y, ok := b.(time.Time)
		return x.Compare(y), ok
	}
	m, n := exact(a), exact(b)
	if m == nil || n == nil {
		return 0, false
	}
	return m.Cmp(n), true
}

// likewise reads text as what other is: a number or a duration.
func likewise(text string, other any) any {
	if _, ok := other.(time.Duration); ok {
		if d, err := time.ParseDuration(text); err == nil {
			return d
		}
		return nil
	}
	return numberOf(text)
}

// exact returns a number without loss, or nil for anything else.
func exact(v any) *big.Float {
	switch v := v.(type) {
	case int:
		return new(big.Float).SetInt64(int64(v))
	case int64:
		return new(big.Float).SetInt64(v)
	case uint64:
		return new(big.Float).SetUint64(v)
	case float64:
		if v == v { // not NaN
			return new(big.Float).SetFloat64(v)
		}
	}
	return nil
}
