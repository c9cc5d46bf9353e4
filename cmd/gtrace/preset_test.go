package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePresets(t *testing.T) {
	sets, err := parsePresets([]byte(`# what we look at most
presets:
  http:
    trace: ['net/http.(*Server).*', "main.*"]
    slower: 10ms
    lines: true
    limit: 100
  db:
    trace: store.(*DB).*
    where: >
      duration > 1s and
      error != ""
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []preset{
		{name: "http", flags: []presetFlag{
			{name: "trace", values: []string{"net/http.(*Server).*", "main.*"}, line: 4},
			{name: "slower", values: []string{"10ms"}, line: 5},
			{name: "lines", values: []string{"true"}, line: 6},
			{name: "limit", values: []string{"100"}, line: 7},
		}},
		{name: "db", flags: []presetFlag{
			{name: "trace", values: []string{"store.(*DB).*"}, line: 9},
			{name: "where", values: []string{"duration > 1s and error != \"\""}, line: 10},
		}},
	}
	if diff := cmp.Diff(want, sets, cmp.AllowUnexported(preset{}, presetFlag{})); diff != "" {
		t.Error(diff)
	}
	if set, err := findPreset(sets, "db"); err != nil || set.name != "db" {
		t.Errorf("%v, %v", set, err)
	}
	for name, want := range map[string]string{
		"htp":     `unknown preset "htp"; near it: http`,
		"unknown": `unknown preset "unknown": use http, db`,
	} {
		if _, err := findPreset(sets, name); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	if _, err := findPreset(nil, "db"); err == nil {
		t.Error("found in nothing")
	}
}

func TestParsePresetsErrors(t *testing.T) {
	for text, want := range map[string]string{
		"":                                  "it is empty",
		"# nothing":                         "it is empty",
		"a: [":                              "line 1: not YAML: ",
		"\tx: 1":                            "not YAML: found character that cannot start any token",
		"- a":                               "line 1: the file: must be a mapping",
		"preset: {}":                        `line 1: unknown key "preset"; near it: presets`,
		"\nversion: 3":                      `line 2: unknown key "version": use presets`,
		"presets: x":                        "line 1: presets: must be a mapping",
		"presets:\n  http: [a]":             "line 2: preset http: must be a mapping",
		"presets:\n  a: {}\n  a: {}":        "line 3: presets: a is given twice",
		"presets:\n  a: {x: 1, x: 2}":       "line 2: preset a: x is given twice",
		"presets:\n  a:\n    x:\n":          "line 3: x: must be a value or a list",
		"presets:\n  a:\n    x: []\n":       "line 3: x: the list is empty",
		"presets:\n  a:\n    x: {y: 1}":     "line 3: x: must be a value or a list",
		"presets:\n  a:\n    x: [[1]]":      "line 3: x: must be a value or a list",
		"presets:\n  a: {[1]: 1}":           "line 2: preset a: this is not a name",
		"presets:\n  a: &a {x: 1}\n  b: *a": "line 3: preset b: must be a mapping",
		"presets:\n  a: {x: &v 1, y: *v}":   "line 2: y: must be a value or a list",
		"presets:\n  a: &a {x: 1}\n  b: {<<: *a}": "line 3: preset b: this is not a name",
	} {
		_, err := parsePresets([]byte(text))
		if err == nil || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// FuzzParsePresets demands that a file is refused or understood: no set without a
// name, no flag without a value.
func FuzzParsePresets(f *testing.F) {
	f.Add("presets:\n  http:\n    trace: [a, b]\n    lines: true\n")
	f.Add("presets: {a: &x {b: *x}}")
	f.Add("presets:\n  a: {? [x] : 1}")
	f.Fuzz(func(t *testing.T, text string) {
		sets, err := parsePresets([]byte(text))
		if err != nil {
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q has several lines", err)
			}
			return
		}
		for _, set := range sets {
			if set.name == "" {
				t.Error("a set without a name")
			}
			for _, flag := range set.flags {
				if flag.name == "" || len(flag.values) == 0 || flag.line == 0 {
					t.Errorf("%+v", flag)
				}
			}
		}
	})
}
