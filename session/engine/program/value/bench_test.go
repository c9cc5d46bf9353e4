package value

import (
	"testing"

	"gtrace/session/engine"
)

// A still is memory that was read before, so that a benchmark measures what
// reading costs beside the reads.
type still struct {
	real  Memory
	pages map[uint64][]byte
	reads int
}

func (s *still) ReadMemory(buf []byte, addr uint64) (int, error) {
	s.reads++
	const size = 4096
	for n := 0; n < len(buf); {
		base := (addr + uint64(n)) &^ (size - 1)
		page, ok := s.pages[base]
		if !ok {
			page = make([]byte, size)
			if _, err := s.real.ReadMemory(page, base); err != nil {
				return n, err
			}
			s.pages[base] = page
		}
		n += copy(buf[n:], page[addr+uint64(n)-base:])
	}
	return len(buf), nil
}

func BenchmarkRead(b *testing.B) {
	tg := start(b, build(b, nil))
	r := NewReader(tg.debug)
	hide := secretNames(b) // as it is without --no-redact
	for _, name := range []string{
		"vInt", "vFloat64", "vString", "vSlice", "vPoint", "vPtrPoint", "vOuter", "vMap", "vHuge",
		"vAnyInt", "vTimeNow", "eNew", "eOpen", "sHeader", "sEnv",
	} {
		b.Run(name, func(b *testing.B) {
			mem := &still{real: tg.mem, pages: map[uint64][]byte{}}
			typ, data := tg.variable(b, name)
			r.Read(mem, typ, data, engine.Limits{Hide: hide})
			mem.reads = 0
			b.ReportAllocs()
			for b.Loop() {
				r.Read(mem, typ, data, engine.Limits{Hide: hide})
			}
			b.ReportMetric(float64(mem.reads)/float64(b.N), "reads/op")
		})
	}
}

func BenchmarkPrepare(b *testing.B) {
	tg := start(b, build(b, nil))
	for b.Loop() {
		NewReader(tg.debug).Prepare()
	}
}
