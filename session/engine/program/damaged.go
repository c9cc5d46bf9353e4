package program

import (
	"debug/buildinfo"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/go-delve/delve/pkg/dwarf/frame"
	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/session/engine"
	"gtrace/session/engine/program/weight"
)

// checkWeight refuses a file that would take more memory than it is worth.
func checkWeight(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return readable(weight.CheckFile(f))
}

// readable names the reason for which an executable cannot be read.
func readable(err error) error {
	if weight.Claims(err) {
		return fmt.Errorf("%w file: %w", engine.ErrDamaged, err)
	}
	_, ok := errors.AsType[*elf.FormatError](err)
	switch {
	case errors.Is(err, weight.ErrNotELF):
		return fmt.Errorf("%w: it is not an ELF executable", engine.ErrNotGo)
	case ok || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return fmt.Errorf("%w file: its ELF headers: %w", engine.ErrDamaged, err)
	}
	return err
}

// notGo says why a file without build information that can be read is no Go
// program, or what is wrong with it.
func notGo(file *elf.File) error {
	for _, name := range []string{".go.buildinfo", ".gopclntab", ".data.rel.ro.gopclntab"} {
		if file.Section(name) != nil {
			return fmt.Errorf("%w file: its build information cannot be read", engine.ErrDamaged)
		}
	}
	return engine.ErrNotGo
}

// stripped says of a file without debug information what was taken away, or that
// only what leads to it is damaged.
func stripped(file *elf.File) error {
	for _, s := range file.Sections {
		if strings.HasPrefix(s.Name, ".debug_line") || strings.HasPrefix(s.Name, ".debug_abbrev") {
			return fmt.Errorf("%w debug information: section .debug_info is missing, and %s is there", engine.ErrDamaged, s.Name)
		}
	}
	switch {
	case len(file.Sections) > 1 && (file.Section(".text") == nil || slices.ContainsFunc(file.Sections[1:], isNameless)):
		return fmt.Errorf("%w file: its sections have lost their names", engine.ErrDamaged)
	case file.Section(".symtab") != nil:
		return fmt.Errorf("%w: it was built without (-ldflags=-w), or that was stripped (strip -g)", engine.ErrNoDebugInfo)
	}
	return fmt.Errorf("%w: it was stripped (-ldflags=-s or strip)", engine.ErrNoDebugInfo)
}

// isNameless reports whether a section has a name that nobody would give one.
func isNameless(s *elf.Section) bool {
	return s.Name == "" || strings.ContainsFunc(s.Name, func(r rune) bool { return r <= ' ' || r >= unicode.MaxASCII })
}

// IsGo reports whether a file is a Go program.
func IsGo(f *os.File) bool {
	if weight.CheckNames(f) != nil {
		return false
	}
	_, err := buildinfo.Read(f)
	return err == nil
}

// damagedDebugInfo is the error of debug information that is there and cannot be
// read.
func damagedDebugInfo(err error) error {
	if errors.Is(err, weight.ErrUnknown) {
		return fmt.Errorf("%w: its debug information has what gtrace cannot read: %w", engine.ErrNotSupported, err)
	}
	return fmt.Errorf("%w debug information: %w", engine.ErrDamaged, err)
}

// readFrames reads what is said of frames. Where there is nothing, or it cannot be
// read, the frame pointer has to do.
func (im *Image) readFrames() (list frame.FrameDescriptionEntries) {
	defer func() {
		if recover() != nil { // the package trusts what it reads
			list = nil
		}
	}()
	data, err := godwarf.GetDebugSectionElf(im.file, "frame")
	if err != nil {
		return nil
	}
	list, _ = frame.Parse(data, binary.LittleEndian, im.base, wordSize, 0)
	return list
}
