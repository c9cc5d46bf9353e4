// Package preset reads files with named sets of flags. It knows their form, not
// which flags there are, and opens no file.
package preset

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"gtrace/spelling"
)

// A Set is the flags of one name.
type Set struct {
	Name  string
	Flags []Flag
}

// A Flag is one flag with its values, of which there is at least one.
type Flag struct {
	Name   string // without dashes
	Values []string
	Line   int
}

// An Error says what is wrong with a file, and where.
type Error struct {
	Line int // 0: the whole file
	Text string
}

func (e *Error) Error() string {
	text := e.Text
	if strings.ContainsFunc(text, func(r rune) bool { return r == utf8.RuneError || !strconv.IsPrint(r) }) {
		text = strconv.Quote(text) // it repeats what stands in the file
	}
	if e.Line == 0 {
		return text
	}
	return fmt.Sprintf("line %d: %s", e.Line, text)
}

func fail(n *yaml.Node, format string, args ...any) error {
	return &Error{Line: n.Line, Text: fmt.Sprintf(format, args...)}
}

// topKeys are what a file may hold.
var topKeys = []string{"presets"}

// Parse reads a file, in YAML:
//
//	presets:
//	  http:
//	    trace: ['net/http.(*Server).*']
//	    slower: 10ms
//	    lines: true
//
// The error is an [*Error].
func Parse(data []byte) ([]Set, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, syntaxError(err)
	}
	if len(doc.Content) == 0 {
		return nil, &Error{Text: "it is empty"}
	}
	var sets []Set
	err := each(doc.Content[0], "the file", func(key, value *yaml.Node) error {
		if !slices.Contains(topKeys, key.Value) {
			return Unknown(key.Line, "key", key.Value, topKeys)
		}
		return each(value, key.Value, func(name, flags *yaml.Node) error {
			sets = append(sets, Set{Name: name.Value})
			return each(flags, "preset "+name.Value, sets[len(sets)-1].add)
		})
	})
	if err != nil {
		return nil, err
	}
	return sets, nil
}

// Unknown is the error for a name that is none of known.
func Unknown(line int, what, name string, known []string) *Error {
	text := fmt.Sprintf("unknown %s %q", what, name)
	if near := spelling.Nearest(name, known); near != "" {
		text += "; near it: " + near
	} else {
		text += ": use " + strings.Join(known, ", ")
	}
	return &Error{Line: line, Text: text}
}

// add adds one flag to a set.
func (s *Set) add(key, value *yaml.Node) error {
	flag := Flag{Name: key.Value, Line: key.Line}
	values := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		values = value.Content
	}
	for _, v := range values {
		if v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
			return fail(v, "%s: must be a value or a list of values", key.Value)
		}
		flag.Values = append(flag.Values, strings.TrimRight(v.Value, "\n")) // of a block
	}
	if len(flag.Values) == 0 {
		return fail(value, "%s: the list is empty: leave it out", key.Value)
	}
	s.Flags = append(s.Flags, flag)
	return nil
}

// each calls do for every key of a mapping.
func each(n *yaml.Node, what string, do func(key, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return fail(n, "%s: must be names with a colon, each with what belongs to it", what)
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode || key.Value == "" || key.Tag == "!!merge":
			return fail(key, "%s: this is no name", what)
		case seen[key.Value]:
			return fail(key, "%s: %s stands there twice", what, key.Value)
		}
		seen[key.Value] = true
		if err := do(key, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// syntaxError says what the YAML library does, in one line.
func syntaxError(err error) error {
	text := strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", " ")
	var line int
	if n, _ := fmt.Sscanf(text, "line %d:", &line); n == 1 {
		_, text, _ = strings.Cut(text, ": ")
	}
	return &Error{Line: line, Text: "no YAML: " + text}
}

// Find returns the set of a name. The error is an [*Error].
func Find(sets []Set, name string) (*Set, error) {
	if len(sets) == 0 {
		return nil, &Error{Text: "there are no presets in it"}
	}
	names := make([]string, len(sets))
	for i := range sets {
		if names[i] = sets[i].Name; names[i] == name {
			return &sets[i], nil
		}
	}
	return nil, Unknown(0, "preset", name, names)
}
