//go:build linux && amd64

package ptrace

import (
	"slices"

	"gtrace/events/secret"
	"gtrace/session/engine"
)

// Bounds of what is read of a goroutine's labels, whatever the memory holds.
const (
	maxLabels    = 64
	maxLabelText = 1024
)

// labels returns the profiler labels of a stop's goroutine, or nil. They are a
// list of keys and values, behind a pointer in the goroutine, whatever the
// version of Go calls it.
func (e *Engine) labels(c *hitContext, capture *engine.Capture) map[string]string {
	set, err := e.word(c.g.addr + uint64(e.layout.Labels))
	if err != nil || set == 0 {
		return nil
	}
	var head [2 * wordSize]byte // of a slice
	if _, err := e.p.ReadMemory(head[:], set); err != nil {
		return nil
	}
	list, n := uint64At(head[:], 0), min(uint64At(head[:], wordSize), maxLabels)
	const size = 4 * wordSize // a pair of strings
	pairs := make([]byte, n*size)
	if _, err := e.p.ReadMemory(pairs, list); err != nil {
		return nil
	}
	labels := make(map[string]string, n)
	for i := range int64(n) {
		key, value := e.labelText(pairs[i*size:]), e.labelText(pairs[i*size+2*wordSize:])
		if capture.Limits.Hide.Match(key).Hides(secret.Text) && !slices.Contains(capture.LabelsAsked, key) {
			value = secret.Hidden
		}
		labels[key] = value
	}
	return labels
}

// labelText reads a string, given its header.
func (e *Engine) labelText(head []byte) string {
	text := make([]byte, min(uint64At(head, wordSize), maxLabelText))
	if _, err := e.p.ReadMemory(text, uint64At(head, 0)); err != nil {
		return ""
	}
	return string(text)
}
