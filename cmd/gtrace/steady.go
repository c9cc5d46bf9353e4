package main

import "io"

// A steady writer writes messages while a target is traced: to a stderr that
// takes nothing, often the same pipe or terminal as that of the events, no
// longer than patience allows.
type steady struct {
	spool    *spool
	patience patience
}

func newSteady(w io.Writer, p patience) *steady {
	return &steady{spool: newSpool(w), patience: p}
}

// Write returns once p is written, or stderr was given up.
func (s *steady) Write(p []byte) (int, error) {
	if n, err := s.spool.Write(p); err != nil {
		return n, err
	}
	if err := s.spool.await(0, s.patience, nil); err != nil {
		return 0, err
	}
	return len(p), nil
}

// offer writes p if what came before is written, and does not wait for it.
func (s *steady) offer(p []byte) {
	if n, err := s.spool.waiting(); err != nil || n > 0 {
		return
	}
	if _, err := s.spool.Write(p); err == nil {
		s.spool.wake()
	}
}
