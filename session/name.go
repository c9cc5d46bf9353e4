package session

import (
	"net/url"
	"strings"
)

// plainName returns a function's name, or a pattern of names, without type
// arguments and without the parentheses and star around a receiver:
// main.(*List[...]).Push becomes main.List.Push.
func plainName(name string) string {
	if !strings.ContainsAny(name, "[(") {
		return name
	}
	b := make([]byte, 0, len(name))
	brackets := 0
	for i := 0; i < len(name); i++ {
		switch c := name[i]; {
		case c == '[':
			brackets++
		case c == ']' && brackets > 0:
			brackets--
		case brackets > 0, c == '(', c == ')':
		case c == '*' && i > 0 && name[i-1] == '(' && !strings.HasPrefix(name[i+1:], ")"):
		default:
			b = append(b, c)
		}
	}
	return string(b)
}

// unescape returns a name with the dots of its import path as they are written
// in source: the linker writes gopkg.in/yaml%2ev3.Marshal.
func unescape(name string) string {
	if !strings.Contains(name, "%") {
		return name
	}
	if s, err := url.PathUnescape(name); err == nil {
		return s
	}
	return name
}
