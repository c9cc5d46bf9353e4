// Package weight tells, before an executable is read, whether reading it would take
// more memory than it is worth. What an executable says of itself its owner has
// written, who may want harm: a section of some bytes claims to be gigabytes once
// it is inflated, a thousand sections are the same bytes, a million symbols share
// one long name. Packages that read executables believe it.
//
// It knows ELF, and nothing of Go.
package weight

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"syscall"
)

// Limits. Programs that were built rather than made up are far below: debug
// information shrinks to a third or a fourth where it is compressed.
const (
	maxSections = 1 << 12
	maxNames    = 1 << 16 // bytes of the names of sections
	maxGrowth   = 5       // times the size of the file: all sections together, inflated
	maxTotal    = 4 << 30 // bytes: the same
	slack       = 16 << 20
)

// An Error says what an executable claims that is not believed.
type Error struct{ what string }

func (e *Error) Error() string { return e.what }

func claims(format string, args ...any) error { return &Error{fmt.Sprintf(format, args...)} }

// A File can be read in any order, and tells its size, as *os.File does.
type File interface {
	io.ReaderAt
	Stat() (fs.FileInfo, error)
}

// CheckFile is Check for a file. Holes in a large one do not count as its size.
func CheckFile(f File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	size := info.Size()
	if st, ok := info.Sys().(*syscall.Stat_t); ok && size > 1<<28 && st.Blocks > 0 {
		size = min(size, st.Blocks*512)
	}
	return Check(f, size)
}

// Check looks at the headers of an executable of size bytes. It returns an [*Error]
// for one that claims too much, and any other for one that is no ELF file.
func Check(r io.ReaderAt, size int64) error {
	if err := CheckNames(r); err != nil {
		return err
	}
	file, err := elf.NewFile(r)
	if err != nil {
		return err
	}
	defer file.Close()
	if err := checkSections(file, uint64(size)); err != nil {
		return err
	}
	return checkSymbols(file, uint64(size))
}

// checkSections adds up what the sections hold once they are inflated.
func checkSections(file *elf.File, size uint64) error {
	limit := min(maxGrowth*size+slack, maxTotal)
	var total uint64
	for _, s := range file.Sections {
		claimed, err := inflated(s)
		if err != nil {
			return err
		}
		if claimed > limit {
			return claims("section %s claims to be %s large, in a file of %s", printable(s.Name), bytesText(claimed), bytesText(size))
		}
		if total += claimed; total > limit {
			return claims("its sections claim to be more than %s large, in a file of %s", bytesText(limit), bytesText(size))
		}
	}
	return nil
}

// inflated returns the size of what a section holds.
func inflated(s *elf.Section) (uint64, error) {
	if s.Type == elf.SHT_NOBITS {
		if s.Name == ".eh_frame" { // it is made room for all the same
			return s.Size, nil
		}
		return 0, nil
	}
	if !strings.HasPrefix(s.Name, ".zdebug") {
		return s.Size, nil
	}
	var head [4]byte
	content := s.Open() // which finds out what it claims
	// What is inflated must not claim to be compressed in its turn.
	if _, err := io.ReadFull(content, head[:]); err == nil && string(head[:]) == "ZLIB" {
		return 0, claims("section %s is compressed twice", printable(s.Name))
	}
	return s.Size, nil
}

// checkSymbols adds up the names of symbols and libraries: many may be the same text,
// of which each gets a copy.
func checkSymbols(file *elf.File, size uint64) error {
	limit := min(maxGrowth*size+slack, maxTotal)
	for _, s := range file.Sections {
		var step, at uint64
		switch {
		case s.Type == elf.SHT_SYMTAB || s.Type == elf.SHT_DYNSYM:
			step, at = elf.Sym64Size, 0
		case s.Type == elf.SHT_DYNAMIC:
			step, at = 16, 8
		default:
			continue
		}
		if file.Class != elf.ELFCLASS64 {
			step, at = 16, 0
		}
		if int(s.Link) >= len(file.Sections) || file.Sections[s.Link].Type == elf.SHT_NOBITS {
			continue // nobody finds names there
		}
		names, err := file.Sections[s.Link].Data()
		if err != nil {
			continue
		}
		if s.Size/step*longest(names) <= limit {
			continue
		}
		table, err := s.Data()
		if err != nil {
			continue
		}
		if !fits(file, table, names, step, at, limit) {
			return claims("the names in section %s claim to be more than %s long, in a file of %s", printable(s.Name), bytesText(limit), bytesText(size))
		}
	}
	return nil
}

// fits reports whether the names at the offsets in a table are no longer than limit
// together.
func fits(file *elf.File, table, names []byte, step, at, limit uint64) bool {
	var total uint64
	for ; uint64(len(table)) >= step; table = table[step:] {
		name := uint64(file.ByteOrder.Uint32(table[at:]))
		if name >= uint64(len(names)) {
			continue
		}
		if end := bytes.IndexByte(names[name:], 0); end > 0 {
			total += uint64(end)
		}
		if total > limit {
			return false
		}
	}
	return true
}

// longest returns the length of the longest text in a table of texts, each of which
// ends in a zero.
func longest(table []byte) uint64 {
	most := 0
	for text := range bytes.SplitSeq(table, []byte{0}) {
		most = max(most, len(text))
	}
	return uint64(most)
}

// bytesText writes a number of bytes for people.
func bytesText(n uint64) string {
	switch {
	case n >= 1<<60:
		return fmt.Sprintf("%d EB", n>>60)
	case n >= 10<<30:
		return fmt.Sprintf("%d GB", n>>30)
	case n >= 10<<20:
		return fmt.Sprintf("%d MB", n>>20)
	case n >= 10<<10:
		return fmt.Sprintf("%d kB", n>>10)
	}
	return fmt.Sprintf("%d bytes", n)
}

// printable makes a name fit for a message.
func printable(name string) string {
	const most = 40
	if len(name) > most {
		name = name[:most] + "…"
	}
	return strings.Trim(fmt.Sprintf("%+q", name), `"`)
}

// Claims reports whether an error says that an executable claims too much.
func Claims(err error) bool {
	_, ok := errors.AsType[*Error](err)
	return ok
}
