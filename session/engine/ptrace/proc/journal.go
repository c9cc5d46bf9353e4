//go:build linux && amd64

package proc

import "golang.org/x/sys/unix"

// A Journal is told of what is about to change in the target, before it does,
// so that another process can undo it should this one die. Its methods must not
// fail: what could be done about it?
type Journal interface {
	Record(Change)
}

// A Change is what Journals are told. All of its fields may be empty.
type Change struct {
	// Patches is text that is about to be changed, as it is now.
	Patches []Patch `json:"patches,omitempty"`
	// Restored lists the addresses of patches that have been taken back.
	Restored []uint64 `json:"restored,omitempty"`
	// Affinity holds the CPUs which threads could use before they were pinned;
	// Rest those of the threads made since.
	Affinity map[int]CPUs `json:"affinity,omitempty"`
	Rest     CPUs         `json:"rest,omitempty"`
}

// A Patch is a piece of text as it was.
type Patch struct {
	Addr uint64 `json:"addr"`
	Text []byte `json:"text"`
}

// CPUs is a set of CPUs, by number.
type CPUs []int

func cpusOf(set unix.CPUSet) CPUs {
	var list CPUs
	for cpu := range 64 * len(set) {
		if set.IsSet(cpu) {
			list = append(list, cpu)
		}
	}
	return list
}

// Set returns the set as the kernel wants it.
func (c CPUs) Set() (set unix.CPUSet) {
	for _, cpu := range c {
		set.Set(cpu)
	}
	return set
}

// KeepJournal names the journal for all that is changed from now on.
func (p *Process) KeepJournal(j Journal) { p.journal = j }

func (p *Process) record(c Change) {
	if p.journal != nil {
		p.journal.Record(c)
	}
}
