package output

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"gtrace/events"
)

// With -ff each goroutine has a file of its own. All of them are written by one
// spool, whose patience and failures they share: what goes there is framed, and a
// SplitFile in the place of the file takes the frames apart. There may be more
// goroutines than files can be open, or sinks be kept, so those that were not
// used for long are closed, and made again when they are needed.

const (
	maxSplitFiles = 128
	maxSplitSinks = 1024
)

// frameHead is the goroutine, 0 for what is about all, and the length.
const frameHead = 8 + 4

// A frameWriter writes frames for one goroutine.
type frameWriter struct {
	w  io.Writer
	id int64
}

// NewFrameWriter returns the writer of a goroutine, 0 for what is about all, in front of
// a [*SplitFile].
func NewFrameWriter(w io.Writer, id int64) io.Writer { return frameWriter{w, id} }

func (f frameWriter) Write(p []byte) (int, error) {
	b := make([]byte, 0, frameHead+len(p))
	b = binary.BigEndian.AppendUint64(b, uint64(f.id))
	b = binary.BigEndian.AppendUint32(b, uint32(len(p)))
	if _, err := f.w.Write(append(b, p...)); err != nil {
		return 0, err
	}
	return len(p), nil
}

// A SplitFile writes frames to files.
type SplitFile struct {
	file      *os.File // for what is about all
	path      string   // of file; those of goroutines are PATH.ID
	appending bool

	open recent[*os.File]
	made map[int64]bool // those that were emptied

	head []byte // of the next frame, as far as it came
	id   int64
	left int // of the frame
}

// NewSplitFile returns what writes to the file at path, and to one beside it for each
// goroutine.
func NewSplitFile(file *os.File, path string, appending bool) *SplitFile {
	s := &SplitFile{file: file, path: path, appending: appending, made: make(map[int64]bool)}
	s.open = recent[*os.File]{most: maxSplitFiles, drop: (*os.File).Close}
	return s
}

func (s *SplitFile) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		if s.left == 0 {
			n := min(frameHead-len(s.head), len(p)-done)
			s.head = append(s.head, p[done:done+n]...)
			done += n
			if len(s.head) == frameHead {
				s.id = int64(binary.BigEndian.Uint64(s.head))
				s.left = int(binary.BigEndian.Uint32(s.head[8:]))
				s.head = s.head[:0]
			}
			continue
		}
		n := min(s.left, len(p)-done)
		if err := s.write(p[done : done+n]); err != nil {
			return done, err
		}
		s.left -= n
		done += n
	}
	return done, nil
}

// write writes to the file of the frame at hand.
func (s *SplitFile) write(p []byte) error {
	if s.id == 0 {
		_, err := s.file.Write(p)
		return err
	}
	name := s.path + "." + strconv.FormatInt(s.id, 10)
	file, ok := s.open.get(s.id)
	var err error
	if !ok {
		file, err = s.reopen(name)
	}
	if err == nil {
		_, err = file.Write(p)
	}
	if planted, ok := errors.AsType[*PlantedError](err); ok {
		err = planted.Err
	}
	if err != nil {
		return fmt.Errorf("%s: %s", name, Cause(err)) // not cut off as the path of the file is
	}
	return nil
}

// reopen opens the file of a goroutine. The first time it is emptied.
func (s *SplitFile) reopen(name string) (*os.File, error) {
	file, err := Open(name, true)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() && !s.appending && !s.made[s.id] {
		if err := file.Truncate(0); err != nil {
			file.Close()
			return nil, err
		}
	}
	s.made[s.id] = true
	return file, s.open.put(s.id, file)
}

func (s *SplitFile) Close() error {
	err := s.open.dropAll()
	if cerr := s.file.Close(); err == nil {
		err = cerr
	}
	return err
}

// A SplitSink hands each event to the sink of its goroutine, and what is about the
// stream to one for all.
type SplitSink struct {
	all   events.Sink
	make  func(id int64, start *events.Event) (events.Sink, error)
	sinks recent[events.Sink]
	start *events.Event
}

// NewSplitSink returns a sink that makes one for each goroutine, at its first event.
func NewSplitSink(all events.Sink, each func(id int64, start *events.Event) (events.Sink, error)) *SplitSink {
	s := &SplitSink{all: all, make: each}
	s.sinks = recent[events.Sink]{most: maxSplitSinks, drop: events.Sink.Close}
	return s
}

func (s *SplitSink) Write(e events.Event) error {
	switch e.Kind {
	case events.Start:
		s.start = &e
		return s.all.Write(e)
	case events.Lost:
		return s.all.Write(e)
	case events.End:
		if err := s.Flush(); err != nil {
			return err
		}
		return s.all.Write(e)
	}
	sink, ok := s.sinks.get(e.Goroutine)
	if !ok {
		var err error
		if sink, err = s.make(e.Goroutine, s.start); err != nil {
			return err
		}
		if err := s.sinks.put(e.Goroutine, sink); err != nil {
			return err
		}
	}
	return sink.Write(e)
}

// Flush writes what the sinks hold back.
func (s *SplitSink) Flush() error {
	for sink := range s.sinks.all {
		if f, ok := sink.(events.Flusher); ok {
			if err := f.Flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *SplitSink) Close() error {
	err := s.sinks.dropAll()
	if cerr := s.all.Close(); err == nil {
		err = cerr
	}
	return err
}

// A recent keeps those of many things that were used last: most of them at least,
// and less than twice as many.
type recent[T any] struct {
	most       int
	drop       func(T) error
	young, old map[int64]T
}

func (r *recent[T]) get(id int64) (T, bool) {
	if v, ok := r.young[id]; ok {
		return v, true
	}
	v, ok := r.old[id]
	if ok && len(r.young) < r.most {
		delete(r.old, id)
		r.young[id] = v
	}
	return v, ok
}

// put keeps v, which get does not have.
func (r *recent[T]) put(id int64, v T) error {
	var err error
	if r.young == nil {
		r.young = make(map[int64]T)
	}
	if len(r.young) >= r.most {
		err = r.dropOld()
		r.old, r.young = r.young, make(map[int64]T)
	}
	r.young[id] = v
	return err
}

// all yields what is kept.
func (r *recent[T]) all(yield func(T) bool) {
	for _, kept := range []map[int64]T{r.young, r.old} {
		for _, v := range kept {
			if !yield(v) {
				return
			}
		}
	}
}

func (r *recent[T]) dropOld() error {
	var first error
	for _, v := range r.old {
		if err := r.drop(v); err != nil && first == nil {
			first = err
		}
	}
	r.old = nil
	return first
}

func (r *recent[T]) dropAll() error {
	err := r.dropOld()
	r.old, r.young = r.young, nil
	if derr := r.dropOld(); err == nil {
		err = derr
	}
	return err
}
