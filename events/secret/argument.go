package secret

import (
	"strings"
	"unicode/utf8"
)

// Argument looks at one element of a list of arguments or of an environment:
// NAME=value, -NAME=value, NAME: value, or -NAME, whose value is the next
// element. For a secret name it returns how much may be shown, and whether a
// value follows that text, or is the next element.
func (n *Names) Argument(arg string) (shown int, here, next bool) {
	begin := len(arg) - len(strings.TrimLeft(arg, "-"))
	end := begin + nameLen(arg[begin:])
	if n == nil || end == begin || !n.Match(arg[begin:end]).Hides(Text) {
		return len(arg), false, false
	}
	switch {
	case end == len(arg):
		return end, false, begin > 0
	case arg[end] == '=' || arg[end] == ':':
		return valueAt(arg, end), true, false
	}
	return len(arg), false, false
}

// IsName reports whether a text can be a name: it has letters, digits, and _, -
// or . between them.
func IsName(s string) bool { return s != "" && nameLen(s) == len(s) }

// IsKey reports whether a variable or field of that name holds the name of
// others beside it: of those that [IsValue] knows.
func IsKey(name string) bool {
	text, ends, last := split(name, make([]byte, 0, 64), make([]int, 0, 16))
	if len(ends) == 0 {
		return false
	}
	begin := 0
	if last > 0 {
		begin = ends[last-1]
	}
	switch string(text[begin:ends[last]]) {
	case "key", "name", "header", "hdr", "k", "type", "label", "attr", "attribute", "field", "param", "parameter", "option", "property":
		return true
	}
	return false
}

// IsValue reports whether a variable or field of that name holds what another
// beside it names.
func IsValue(name string) bool {
	text, ends, _ := split(name, make([]byte, 0, 64), make([]int, 0, 16))
	begin := 0
	for _, end := range ends {
		switch string(text[begin:end]) {
		case "value", "values", "val", "vals", "v", "vs", "def", "defvalue", "default", "defaultvalue", "fallback":
			return true
		case "string", "str", "strings", "text", "bytes", "integer", "interface", "any", "raw", "data", "content", "payload":
			if len(ends) == 1 {
				return true
			}
		}
		begin = end
	}
	return false
}

// nameLen returns the length of the name that s begins with.
func nameLen(s string) int {
	for i, r := range s {
		if !isWord(r) && r != '_' && r != '-' && r != '.' {
			return i
		}
	}
	return len(s)
}

// valueAt returns where the value behind a name begins.
func valueAt(s string, end int) int {
	end++
	for end < len(s) && s[end] == ' ' {
		end++
	}
	return end
}

// CommandLine returns the arguments of a process as they may be shown. It
// searches them: what follows a secret name is hidden to the end of the
// argument, and so is a password in a URL.
func (n *Names) CommandLine(argv []string) []string {
	out := make([]string, len(argv))
	hide := false
	for i, arg := range argv {
		out[i] = Hidden
		if !hide {
			out[i] = n.search(userinfo(n, arg))
		}
		_, _, hide = n.Argument(arg)
		hide = hide && i > 0 // the first is the program, or what it calls itself
	}
	return out
}

// search hides what follows the first secret name in a text: after = or :, or,
// where the name is that of a flag, after a blank.
func (n *Names) search(text string) string {
	for i := 0; i < len(text); {
		size := nameLen(text[i:])
		if size == 0 {
			_, size = utf8.DecodeRuneInString(text[i:])
			i += size
			continue
		}
		end := i + size
		if end < len(text) && strings.IndexByte("=: ", text[end]) >= 0 && (text[end] != ' ' || text[i] == '-') &&
			n.Match(text[i:end]).Hides(Text) {
			return text[:valueAt(text, end)] + Hidden
		}
		i = end
	}
	return text
}

// userinfo hides the password of a URL: scheme://user:password@host.
func userinfo(n *Names, text string) string {
	if n == nil {
		return text
	}
	_, rest, ok := strings.Cut(text, "://")
	if !ok {
		return text
	}
	authority := rest
	if i := strings.IndexAny(rest, "/?# "); i >= 0 {
		authority = rest[:i]
	}
	at := strings.LastIndexByte(authority, '@')
	colon := strings.IndexByte(authority, ':')
	if at < 0 || colon < 0 || colon > at {
		return text
	}
	begin := len(text) - len(rest)
	return text[:begin+colon+1] + Hidden + text[begin+at:]
}
