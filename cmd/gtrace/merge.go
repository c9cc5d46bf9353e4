package main

import (
	"slices"
	"time"

	"gtrace/events"
)

// A merger puts the streams of several processes in the order of their times. What
// one does comes with a delay that differs from hit to hit, so an event waits until
// every other process has told something later, or for a while.
//
// The goroutines that trace put events in; one other takes them out. As in a trace of
// one process, a goroutine whose events are not taken waits, and a thread with it.
type merger struct {
	in        chan entry
	abandoned chan struct{} // closed when nothing is taken any more
	waiting   [][]entry     // by process
	over      []bool
}

// An entry is an event of one process, or its end.
type entry struct {
	process int
	event   events.Event
	came    time.Time
	over    bool // there is no event, and none will come
}

// mergeDelay is for how long an event waits for earlier ones of other processes.
const mergeDelay = 100 * time.Millisecond

func newMerger(processes int) *merger {
	return &merger{
		in:        make(chan entry, 256),
		abandoned: make(chan struct{}),
		waiting:   make([][]entry, processes),
		over:      make([]bool, processes),
	}
}

// put adds an entry, unless nothing is taken any more.
func (m *merger) put(e entry) {
	e.came = time.Now()
	select {
	case m.in <- e:
	case <-m.abandoned:
	}
}

// all yields the events of all processes, in order, until each is over.
func (m *merger) all(yield func(process int, e events.Event) bool) {
	defer close(m.abandoned)
	tick := time.NewTicker(mergeDelay / 4)
	defer tick.Stop()
	for slices.Contains(m.over, false) {
		select {
		case e := <-m.in:
			m.add(e)
		case <-tick.C:
		}
		for len(m.in) > 0 {
			m.add(<-m.in)
		}
		for {
			e, ok := m.next(time.Now())
			if !ok {
				break
			}
			if !yield(e.process, e.event) {
				return
			}
		}
	}
	for {
		e, ok := m.next(time.Now())
		if !ok {
			return
		}
		if !yield(e.process, e.event) {
			return
		}
	}
}

func (m *merger) add(e entry) {
	if e.over {
		m.over[e.process] = true
		return
	}
	m.waiting[e.process] = append(m.waiting[e.process], e)
}

// next takes the earliest event, if nothing earlier can come that is worth waiting
// for.
func (m *merger) next(now time.Time) (entry, bool) {
	first, complete := -1, true
	for i, queue := range m.waiting {
		switch {
		case len(queue) == 0:
			complete = complete && m.over[i]
		case first < 0 || queue[0].event.Time.Before(m.waiting[first][0].event.Time):
			first = i
		}
	}
	if first < 0 || !complete && now.Sub(m.waiting[first][0].came) < mergeDelay {
		return entry{}, false
	}
	e := m.waiting[first][0]
	m.waiting[first] = m.waiting[first][1:]
	return e, true
}
