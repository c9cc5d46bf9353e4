package output

import "io"

// A Steady writer writes messages while a target is traced: to a stderr that
// takes nothing, often the same pipe or terminal as that of the events, no
// longer than patience allows.
type Steady struct {
	spool    *Spool
	patience Patience
}

// NewSteady returns a writer in front of a file.
func NewSteady(w io.Writer, guard Guard, p Patience) *Steady {
	return &Steady{spool: NewSpool(w, guard), patience: p}
}

// Write returns once p is written, or stderr was given up.
func (s *Steady) Write(p []byte) (int, error) {
	if n, err := s.spool.Write(p); err != nil {
		return n, err
	}
	if err := s.spool.Await(0, s.patience, nil); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Offer writes p if what came before is written, and does not wait for it.
func (s *Steady) Offer(p []byte) {
	if n, err := s.spool.waiting(); err != nil || n > 0 {
		return
	}
	if _, err := s.spool.Write(p); err == nil {
		s.spool.wake()
	}
}

// Finish writes what is left, and leaves the file open.
func (s *Steady) Finish() error { return s.spool.Finish(false, s.patience) }
