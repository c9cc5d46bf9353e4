package program

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

func structure(name string, size int64, fields ...*godwarf.StructField) *godwarf.StructType {
	return &godwarf.StructType{CommonType: godwarf.CommonType{Name: name, ByteSize: size}, StructName: name, Field: fields}
}

func embedded(t godwarf.Type, offset int64) *godwarf.StructField {
	return &godwarf.StructField{Name: t.Common().Name, Type: t, ByteOffset: offset, Embedded: true}
}

func pointer(t godwarf.Type) *godwarf.PtrType { return godwarf.FakePointerType(t, wordSize) }

// TestWay looks for a method's receiver in that of its wrapper, and goes there.
func TestWay(t *testing.T) {
	inner := structure("main.inner", 8)
	held := structure("main.held", 24, embedded(inner, 16))
	led := structure("main.led", 16, embedded(pointer(inner), 8))
	deep := structure("main.deep", 16, embedded(pointer(held), 8))
	other := structure("main.other", 8)
	plain := structure("main.plain", 8, &godwarf.StructField{Name: "field", Type: inner})

	// A held at 0x100, a pointer to its inner at 0x208, a pointer to it at 0x308.
	memory := make([]byte, 0x400)
	word := func(at int, w uint64) { binary.LittleEndian.PutUint64(memory[at:], w) }
	word(0x110, 77)
	word(0x208, 0x110)
	word(0x308, 0x100)
	read := func(buf []byte, addr uint64) error {
		if addr > uint64(len(memory)-len(buf)) {
			return errors.New("no memory")
		}
		copy(buf, memory[addr:])
		return nil
	}
	address := func(w uint64) []byte { return binary.LittleEndian.AppendUint64(nil, w) }

	for _, tt := range []struct {
		name     string
		from, to godwarf.Type
		data     []byte
		want     []byte
		err      error
	}{
		{name: "itself", from: inner, to: inner, data: address(77), want: address(77)},
		{name: "pointer", from: pointer(inner), to: inner, data: address(0x110), want: address(77)},
		{name: "nil", from: pointer(inner), to: inner, data: address(0), err: errNil},
		{name: "no memory", from: pointer(inner), to: inner, data: address(1 << 40), err: errors.ErrUnsupported},
		{name: "field", from: held, to: inner, data: memory[0x100:0x118], want: address(77)},
		{name: "field of pointee", from: pointer(held), to: inner, data: address(0x100), want: address(77)},
		{name: "address of a field", from: pointer(held), to: pointer(inner), data: address(0x100), want: address(0x110)},
		{name: "embedded pointer", from: led, to: pointer(inner), data: memory[0x200:0x210], want: address(0x110)},
		{name: "its pointee", from: led, to: inner, data: memory[0x200:0x210], want: address(77)},
		{name: "through a pointer", from: pointer(led), to: pointer(inner), data: address(0x200), want: address(0x110)},
		{name: "nil inside", from: pointer(led), to: inner, data: address(0x300 - 8), err: errNil},
		{name: "two levels", from: pointer(deep), to: pointer(inner), data: address(0x300), want: address(0x110)},
		{name: "address in a register", from: held, to: pointer(inner), data: memory[0x100:0x118], err: errLost},
		{name: "unrelated", from: held, to: other},
		{name: "not embedded", from: plain, to: inner},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path, ok := way(tt.from, tt.to, embeddings)
			if want := tt.want != nil || tt.err != nil; ok != want {
				t.Fatalf("found %t: %v", ok, path)
			}
			if !ok {
				return
			}
			got, err := walkTo(path, tt.data, sizeOf(tt.to), read)
			switch {
			case tt.err == errors.ErrUnsupported:
				if err == nil {
					t.Errorf("got % x", got)
				}
			case err != tt.err || !bytes.Equal(got, tt.want):
				t.Errorf("got % x, %v, want % x, %v", got, err, tt.want, tt.err)
			}
		})
	}
}
