package main

import (
	"strings"
	"testing"
)

// TestShown is about messages with names that others have given.
func TestShown(t *testing.T) {
	for text, want := range map[string]string{
		"no function matches \"main.x\"":       "no function matches \"main.x\"",
		"gtrace run -t '/a\\.b/' é 中":          "gtrace run -t '/a\\.b/' é 中",
		"./a.go:5: have\n\thave (int)\n\twant": "./a.go:5: have\n\thave (int)\n\twant",
		"\x1b[31mred\x07 \u202e\u200b\u009b":   `\x1b[31mred\x07 \u202e\u200b\u009b`,
		"bytes \xff":                           `bytes \xff`,
	} {
		var b strings.Builder
		v := voice{w: &b}
		v.note("%s", text)
		if got := b.String(); got != "gtrace: "+want+"\n" {
			t.Errorf("%q is shown as %q", text, got)
		}
	}
}
