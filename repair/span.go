package repair

import (
	"cmp"
	"slices"
)

// A span is a range of addresses, or of offsets in a file: from, but not to.
type span struct{ from, to uint64 }

func (s span) empty() bool { return s.to <= s.from }

// and returns what both have.
func (s span) and(t span) span { return span{max(s.from, t.from), min(s.to, t.to)} }

// joined sorts spans and joins those that touch.
func joined(spans []span) []span {
	slices.SortFunc(spans, func(a, b span) int { return cmp.Compare(a.from, b.from) })
	var out []span
	for _, s := range spans {
		if last := len(out) - 1; last >= 0 && s.from <= out[last].to {
			out[last].to = max(out[last].to, s.to)
		} else if !s.empty() {
			out = append(out, s)
		}
	}
	return out
}

// within calls yield for the parts of s that sorted spans cover.
func within(s span, spans []span, yield func(span)) {
	i, _ := slices.BinarySearchFunc(spans, s.from, func(t span, from uint64) int {
		if t.to <= from {
			return -1
		}
		return 1
	})
	for ; i < len(spans) && spans[i].from < s.to; i++ {
		if part := s.and(spans[i]); !part.empty() {
			yield(part)
		}
	}
}
