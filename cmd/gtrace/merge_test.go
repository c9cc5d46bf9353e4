package main

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"gtrace/events"
)

// TestMerger puts events in as they come, and wants them in the order of their times.
func TestMerger(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		m := newMerger(3)
		put := func(process int, at, delay time.Duration, name string) {
			time.Sleep(time.Until(begin.Add(at + delay)))
			m.put(entry{process: process, event: events.Event{Time: begin.Add(at), Func: name}})
		}
		go func() {
			put(0, 10*time.Millisecond, 0, "b")
			put(0, 20*time.Millisecond, 0, "d")
			time.Sleep(time.Second)
			put(0, 2*time.Second, 0, "g")
			m.put(entry{process: 0, over: true})
		}()
		go func() {
			put(1, 5*time.Millisecond, 60*time.Millisecond, "a") // it took long to read
			put(1, 15*time.Millisecond, 60*time.Millisecond, "c")
			put(1, 70*time.Millisecond, 40*time.Millisecond, "e")
			m.put(entry{process: 1, over: true})
		}()
		go func() { // says nothing for long
			put(2, time.Second, 0, "f")
			time.Sleep(3 * time.Second)
			m.put(entry{process: 2, over: true})
		}()
		var order []string
		for _, e := range m.all {
			order = append(order, e.Func)
			if late := time.Since(e.Time); late > 2*mergeDelay {
				t.Errorf("%s comes %v late", e.Func, late)
			}
		}
		if got := strings.Join(order, ""); got != "abcdefg" {
			t.Errorf("order %s", got)
		}
	})
}

// TestMergerLeft lets those who put go on when nothing is taken any more.
func TestMergerLeft(t *testing.T) {
	m := newMerger(1)
	done := make(chan bool)
	go func() {
		defer close(done)
		for range 10 * cap(m.in) {
			m.put(entry{event: events.Event{Time: time.Now()}})
		}
	}()
	for range m.all {
		break
	}
	<-done
	if !slices.Equal(m.over, []bool{false}) {
		t.Error("it is over")
	}
}
