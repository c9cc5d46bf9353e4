package session

import "gtrace/events"

// A Pick thins out the calls that are let through otherwise. Its zero value
// leaves none out.
type Pick struct {
	Skip   uint64 // leave out so many first calls of each function
	Every  uint64 // of those behind, keep the call of this number, twice this number, …; 0: all
	Sample uint64 // of those, keep each with a chance of one in so many; 0: all
}

// picker is a Pick at work. It is an [events.Filter] that must be asked last,
// because it counts.
type picker struct {
	Pick
	seen map[string]uint64 // calls of each function
}

func newPicker(p Pick) *picker { return &picker{Pick: p, seen: make(map[string]uint64)} }

// NeedsEnd is false: it counts when it is asked.
func (p *picker) NeedsEnd() bool { return false }

// Keep counts a call.
func (p *picker) Keep(call []events.Event) bool {
	first := &call[0]
	p.seen[first.Func]++
	n := p.seen[first.Func]
	switch {
	case n <= p.Skip:
		return false
	case p.Every > 1 && (n-p.Skip)%p.Every != 0:
		return false
	}
	return p.Sample <= 1 || scatter(uint64(first.Call))%p.Sample == 0
}

// scatter makes a number that looks random of the id of a call, so that a sample
// does not follow the loops of the program, and yet is the same each time that
// the program does the same.
func scatter(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
