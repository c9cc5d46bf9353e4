package program

import (
	"debug/buildinfo"
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"strings"

	"gtrace/session/engine/program/weight"
)

// A Build is what an executable tells at a glance of how it was built. Nil
// stands for what it does not tell.
type Build struct {
	GoVersion string // go1.26.8
	Module    string // path of the main module; empty when built without one
	Package   string // import path of the main package

	Optimized *bool // whether the main package was
	Inlined   *bool // whether calls in the main package may have been
	Cgo       *bool // whether it has code of C
	PIE       bool
	Race      bool
	Trimpath  bool

	Symbols   bool   // the symbol table is there
	DebugInfo bool   // DWARF is there
	DebugLink string // name of the file that DWARF was moved to, if it says so
}

// Inspect reads what an executable tells of how it was built. That takes some
// milliseconds; it fails with [engine.ErrNotGo] for what is no Go program.
func Inspect(path string) (Build, error) {
	f, err := os.Open(path)
	if err != nil {
		return Build{}, err
	}
	defer func() { _ = f.Close() }()
	p, err := inspect(f)
	if err != nil {
		return Build{}, fmt.Errorf("read %s: %w", path, err)
	}
	return p, nil
}

func inspect(r weight.File) (Build, error) {
	if err := weight.CheckNames(r); err != nil {
		return Build{}, readable(err)
	}
	file, err := elf.NewFile(r)
	if err != nil {
		return Build{}, readable(err)
	}
	info, err := buildinfo.Read(r)
	if err != nil {
		return Build{}, notGo(file)
	}
	settings := make(map[string]string, len(info.Settings))
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	p := Build{
		GoVersion: info.GoVersion,
		Module:    info.Main.Path,
		Package:   info.Path,
		PIE:       file.Type == elf.ET_DYN,
		Race:      settings["-race"] == "true",
		Trimpath:  settings["-trimpath"] == "true",
		Symbols:   file.Section(".symtab") != nil,
		DebugInfo: hasDebugInfo(file),
	}
	flags, ok := compilerFlags(settings)
	sound := weight.CheckFile(r) == nil // so that its sections can be read
	if sound {
		p.DebugLink = debugLink(file)
		p.Cgo = usesCgo(file, settings)
	}
	if !ok && sound {
		flags, ok = producerFlags(file)
	}
	if ok {
		p.Optimized = new(!flags["-N"])
		p.Inlined = new(!flags["-l"])
	}
	return p, nil
}

// compilerFlags returns the flags that the main package was compiled with. It is
// false when the build information does not tell: it may be missing, or name
// packages by a pattern.
func compilerFlags(settings map[string]string) (map[string]bool, bool) {
	if _, ok := settings["-compiler"]; !ok {
		return nil, false // not built by the go command
	}
	text := settings["-gcflags"]
	if text == "" || strings.HasPrefix(text, "-") {
		return flagSet(text), true // those of the packages on the command line
	}
	pattern, text, _ := strings.Cut(text, "=")
	flags := flagSet(text)
	return flags, pattern == "all" || !flags["-N"] && !flags["-l"]
}

func flagSet(text string) map[string]bool {
	set := map[string]bool{}
	for flag := range strings.FieldsSeq(text) {
		set[flag] = true
	}
	return set
}

// producerFlags returns the flags of the main package, or of another where there
// is none, as its compile unit tells them: "Go cmd/compile go1.26.8; -N -l; regabi".
func producerFlags(file *elf.File) (map[string]bool, bool) {
	if !hasDebugInfo(file) {
		return nil, false
	}
	section := file.Section(".debug_info")
	data, err := file.DWARF()
	if err != nil || section == nil {
		return nil, false
	}
	info, err := section.Data()
	if err != nil {
		return nil, false
	}
	var flags map[string]bool
	r := data.Reader()
	for _, off := range unitEntries(info, file.ByteOrder) {
		r.Seek(off)
		e, err := r.Next()
		if err != nil || e == nil {
			break
		}
		producer, _ := e.Val(dwarf.AttrProducer).(string)
		text, isGo := strings.CutPrefix(producer, "Go cmd/compile ")
		if !isGo {
			continue
		}
		_, options, _ := strings.Cut(text, ";")
		if e.Val(dwarf.AttrName) == "main" {
			return flagSet(strings.ReplaceAll(options, ";", " ")), true
		}
		if flags == nil {
			flags = flagSet(strings.ReplaceAll(options, ";", " "))
		}
	}
	return flags, flags != nil
}

// unitEntries returns where the first entry of each compile unit stands in a
// section .debug_info. Package dwarf finds the next unit only by way of every
// entry in between.
func unitEntries(info []byte, order binary.ByteOrder) []dwarf.Offset {
	const long = 0xffffffff // the length that follows has 64 bits, as offsets have then
	var entries []dwarf.Offset
	for at, end := uint64(0), uint64(len(info)); end-at >= 6; {
		length, size, offset := uint64(order.Uint32(info[at:])), uint64(4), uint64(4)
		if length == long {
			if end-at < 14 {
				break
			}
			length, size, offset = order.Uint64(info[at+4:]), 12, 8
		}
		// The rest of the header: a version, since the fifth the kind of unit, the
		// size of an address, and an offset.
		head := 2 + 1 + offset
		if order.Uint16(info[at+size:]) >= 5 {
			head++
		}
		if length < head || length > end-at-size {
			break
		}
		entries = append(entries, dwarf.Offset(at+size+head))
		at += size + length
	}
	return entries
}

// usesCgo tells whether a program has code of C. The build information says only
// whether it might.
func usesCgo(file *elf.File, settings map[string]string) *bool {
	if settings["CGO_ENABLED"] == "0" {
		return new(false)
	}
	if libs, err := file.ImportedLibraries(); err == nil && len(libs) > 0 {
		return new(true)
	}
	symbols, err := file.Symbols()
	if err != nil {
		return nil
	}
	for _, s := range symbols {
		if s.Name == "x_cgo_init" { // the begin of runtime/cgo
			return new(true)
		}
	}
	return new(false)
}

// debugLink returns the name in the section .gnu_debuglink, which objcopy leaves
// behind where it has moved debug information to a file of its own.
func debugLink(file *elf.File) string {
	section := file.Section(".gnu_debuglink")
	if section == nil {
		return ""
	}
	data, err := section.Data()
	if err != nil {
		return ""
	}
	name, _, _ := strings.Cut(string(data), "\x00")
	return name
}
