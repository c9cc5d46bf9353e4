package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"gtrace/diag"
)

// A preset is a named set of flags.
type preset struct {
	name  string
	flags []presetFlag
}

// A presetFlag is one flag with its values, of which there is at least one.
type presetFlag struct {
	name   string // without dashes
	values []string
	line   int
}

// A presetError says what is wrong with a file of presets, and where.
type presetError struct {
	line int // 0: the whole file
	text string
}

func (e *presetError) Error() string {
	text := e.text
	if strings.ContainsFunc(text, func(r rune) bool { return r == utf8.RuneError || !strconv.IsPrint(r) }) {
		text = strconv.Quote(text) // it repeats what stands in the file
	}
	if e.line == 0 {
		return text
	}
	return fmt.Sprintf("line %d: %s", e.line, text)
}

func presetMistake(n *yaml.Node, format string, args ...any) error {
	return &presetError{line: n.Line, text: fmt.Sprintf(format, args...)}
}

// presetKeys are what a file may hold.
var presetKeys = []string{"presets"}

// parsePresets reads a file, in YAML:
//
//	presets:
//	  http:
//	    trace: ['net/http.(*Server).*']
//	    slower: 10ms
//	    lines: true
//
// The error is an [*presetError].
func parsePresets(data []byte) ([]preset, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		return nil, yamlError(err)
	}
	if len(doc.Content) == 0 {
		return nil, &presetError{text: "it is empty"}
	}
	var sets []preset
	err := eachKey(doc.Content[0], "the file", func(key, value *yaml.Node) error {
		if !slices.Contains(presetKeys, key.Value) {
			return unknownInPreset(key.Line, "key", key.Value, presetKeys)
		}
		return eachKey(value, key.Value, func(name, flags *yaml.Node) error {
			sets = append(sets, preset{name: name.Value})
			return eachKey(flags, "preset "+name.Value, sets[len(sets)-1].add)
		})
	})
	if err != nil {
		return nil, err
	}
	return sets, nil
}

// unknownInPreset is the error for a name that is none of known.
func unknownInPreset(line int, what, name string, known []string) *presetError {
	text := fmt.Sprintf("unknown %s %q", what, name)
	if near := diag.Nearest(name, known); near != "" {
		text += "; near it: " + near
	} else {
		text += ": use " + strings.Join(known, ", ")
	}
	return &presetError{line: line, text: text}
}

// add adds one flag.
func (p *preset) add(key, value *yaml.Node) error {
	flag := presetFlag{name: key.Value, line: key.Line}
	values := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		values = value.Content
	}
	for _, v := range values {
		if v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
			return presetMistake(v, "%s: must be a value or a list of values", key.Value)
		}
		flag.values = append(flag.values, strings.TrimRight(v.Value, "\n")) // of a block
	}
	if len(flag.values) == 0 {
		return presetMistake(value, "%s: the list is empty: leave it out", key.Value)
	}
	p.flags = append(p.flags, flag)
	return nil
}

// eachKey calls do for every key of a mapping.
func eachKey(n *yaml.Node, what string, do func(key, value *yaml.Node) error) error {
	if n.Kind != yaml.MappingNode {
		return presetMistake(n, "%s: must be a mapping: names with a colon, each with what belongs to it", what)
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		switch {
		case key.Kind != yaml.ScalarNode || key.Value == "" || key.Tag == "!!merge":
			return presetMistake(key, "%s: this is not a name", what)
		case seen[key.Value]:
			return presetMistake(key, "%s: %s is given twice", what, key.Value)
		}
		seen[key.Value] = true
		if err := do(key, n.Content[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// yamlError says what the YAML library does, in one line.
func yamlError(err error) error {
	text := strings.ReplaceAll(strings.TrimPrefix(err.Error(), "yaml: "), "\n", " ")
	var line int
	if n, _ := fmt.Sscanf(text, "line %d:", &line); n == 1 {
		_, text, _ = strings.Cut(text, ": ")
	}
	return &presetError{line: line, text: "not YAML: " + text}
}

// findPreset returns the set of a name. The error is an [*presetError].
func findPreset(sets []preset, name string) (*preset, error) {
	if len(sets) == 0 {
		return nil, &presetError{text: "there are no presets in it"}
	}
	names := make([]string, len(sets))
	for i := range sets {
		if names[i] = sets[i].name; names[i] == name {
			return &sets[i], nil
		}
	}
	return nil, unknownInPreset(0, "preset", name, names)
}
