package value

import (
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/session/engine"
)

// A chaos is memory that holds anything: parts of the real memory, words that
// point at other places, and holes.
type chaos struct {
	real  Memory
	seed  uint64
	words []uint64 // likely contents
	reads int
	bytes int
}

func (c *chaos) ReadMemory(buf []byte, addr uint64) (int, error) {
	c.reads++
	c.bytes += len(buf)
	r := rand.New(rand.NewPCG(c.seed, addr))
	switch r.IntN(8) {
	case 0:
		return 0, errors.New("a hole")
	case 1:
		return r.IntN(len(buf) + 1), nil
	case 2, 3, 4:
		if n, err := c.real.ReadMemory(buf, addr); err == nil {
			return n, nil
		}
	}
	c.fill(r, buf)
	return len(buf), nil
}

func (c *chaos) fill(r *rand.Rand, buf []byte) {
	for i := 0; i < len(buf); i += 8 {
		w := c.words[r.IntN(len(c.words))]
		if r.IntN(4) == 0 {
			w = r.Uint64() >> r.IntN(64)
		}
		var b [8]byte
		binary.LittleEndian.PutUint64(b[:], w)
		copy(buf[i:], b[:])
	}
}

// likely returns what the memory of a chaos should be full of: the addresses of
// all variables, types and itabs, and odd numbers.
func likely(tg *target, r *Reader) []uint64 {
	words := []uint64{0, 1, 2, 3, 7, 8, 64, 1 << 20, 1 << 62, 1 << 63, ^uint64(0), 0xdeadbeef}
	for _, a := range tg.addrs {
		words = append(words, a)
	}
	for addr := range r.types.found {
		words = append(words, addr)
	}
	for itab := range r.itabs {
		words = append(words, itab)
	}
	return words
}

// FuzzRead reads values of every type from bytes and memory that make no sense.
// It demands that reading neither fails nor goes on for long.
func FuzzRead(f *testing.F) {
	tg := start(f, build(f, nil))
	r := NewReader(tg.debug)
	var types []godwarf.Type
	for _, e := range tg.expected {
		typ, data := tg.variable(f, e.name)
		r.Read(tg.mem, typ, data, engine.Limits{})
		types = append(types, typ)
	}
	words, hide := likely(tg, r), secretNames(f)
	for i := range uint64(200) {
		f.Add(i, i, int8(1))
	}
	f.Fuzz(func(t *testing.T, which, seed uint64, follow int8) {
		c := &chaos{real: tg.mem, seed: seed, words: words}
		rnd := rand.New(rand.NewPCG(seed, which))
		typ := types[which%uint64(len(types))]
		data := make([]byte, max(0, typ.Size()))
		c.fill(rnd, data)
		fresh := NewReader(tg.debug)
		fresh.types = &typeIndex{
			dies: r.types.dies, moduledata: r.types.moduledata,
			types: r.types.types, etypes: r.types.etypes,
			found: make(map[uint64]*dynamicType),
		}
		got := fresh.Read(c, typ, data, engine.Limits{Follow: int(follow), Values: rnd.IntN(100) - 1, String: rnd.IntN(200) - 1, Hide: hide})
		check(t, c, got)
		_, got = fresh.Interface(c, words[rnd.IntN(len(words))], words[rnd.IntN(len(words))], engine.Limits{Hide: hide})
		check(t, c, got)
		ids, _, message := fresh.ErrorChain(c, words[rnd.IntN(len(words))], words[rnd.IntN(len(words))], engine.Limits{Hide: hide})
		if len(ids) > maxErrors {
			t.Errorf("%d errors in a chain", len(ids))
		}
		check(t, c, Rendered{Error: message})
	})
}

func check(t *testing.T, c *chaos, got Rendered) {
	t.Helper()
	if len(got.Text) > maxText+len("…") || len(got.Error) > maxText+len("…") {
		t.Errorf("%d bytes of text, %d of message", len(got.Text), len(got.Error))
	}
	if c.bytes > maxRead || c.reads > maxReads {
		t.Errorf("%d reads of %d bytes", c.reads, c.bytes)
	}
	c.bytes, c.reads = 0, 0
}
