package program

import (
	"debug/dwarf"

	"github.com/go-delve/delve/pkg/dwarf/frame"
	"github.com/go-delve/delve/pkg/dwarf/godwarf"
	"github.com/go-delve/delve/pkg/dwarf/reader"

	"gtrace/events"
	"gtrace/session/engine"
	"gtrace/session/engine/program/debuginfo"
)

// A symbolizer turns addresses into frames as a Go traceback prints them:
// inlined calls expanded, wrappers left out. What it has found once it keeps:
// a program calls a traced function from few places.
type symbolizer struct {
	im     *Image
	files  map[*debuginfo.Unit][]*dwarf.LineFile
	frames map[uint64][]events.Frame
	trees  map[uint64]*godwarf.Tree
	rows   map[*debuginfo.Unit][]row // tables of lines, by compilation unit
}

func newSymbolizer(im *Image) *symbolizer {
	return &symbolizer{
		im:     im,
		files:  map[*debuginfo.Unit][]*dwarf.LineFile{},
		frames: map[uint64][]events.Frame{},
		trees:  map[uint64]*godwarf.Tree{},
		rows:   map[*debuginfo.Unit][]row{},
	}
}

// FunctionAt returns the function that holds an address, or nil.
func (im *Image) FunctionAt(pc uint64) *engine.Function {
	fn := im.debug.At(pc)
	if fn == nil {
		return nil
	}
	return im.byEntry[fn.Entry+im.base]
}

// FunctionByEntry returns the function that is entered at an address, or nil.
func (im *Image) FunctionByEntry(entry uint64) *engine.Function { return im.byEntry[entry] }

// SymbolAt returns the name of the code that holds an address, be it of Go or not. It
// is empty where there is none.
func (im *Image) SymbolAt(pc uint64) string {
	fn := im.debug.At(pc)
	if fn == nil {
		return ""
	}
	return fn.Symbol
}

// LineAt returns the source line of the instruction at pc.
func (im *Image) LineAt(pc uint64) (file string, line int) {
	file, line, _ = im.lines.PCToLine(pc - im.base)
	return knownFile(file), line
}

// knownFile returns the name of a source file, or nothing: the linker names one that it
// does not know itself.
func knownFile(name string) string {
	const unknown = "?"
	if name == unknown {
		return ""
	}
	return name
}

// FramesAt returns the frames of the instruction at pc, innermost first. The result
// is empty for code without a name, and for a wrapper unless it is a host.
func (im *Image) FramesAt(pc uint64) []events.Frame {
	s := im.symbols
	if fs, ok := s.frames[pc]; ok {
		return fs
	}
	fs := s.expand(pc)
	s.frames[pc] = fs
	return fs
}

// PrepareFrames reads what the frames of a function will be made of. It reports
// whether that was still to be read.
func (im *Image) PrepareFrames(f *engine.Function) bool {
	s := im.symbols
	_, there := s.trees[f.Entry]
	s.tree(f)
	if fn := im.debug.Entry(f.Entry); fn != nil {
		s.file(fn.Unit, 0)
	}
	return !there
}

// FrameSize returns how far above the stack pointer the return address stands at an
// instruction, where the debug information says so.
func (im *Image) FrameSize(pc uint64) (size uint64, ok bool) {
	fde, err := im.frames().FDEForPC(pc)
	if err != nil {
		return 0, false
	}
	f, err := fde.EstablishFrame(pc)
	if err != nil || f.CFA.Rule != frame.RuleCFA || f.CFA.Reg != spRegister {
		return 0, false
	}
	return uint64(f.CFA.Offset) - wordSize, true
}

func (s *symbolizer) expand(pc uint64) []events.Frame {
	f := s.im.FunctionAt(pc)
	if f == nil {
		return nil
	}
	file, line := s.im.LineAt(pc)
	var fs []events.Frame
	for _, call := range s.inlined(f, pc) {
		name, _ := call.Val(dwarf.AttrName).(string)
		fs = append(fs, events.Frame{Func: printedName(name), File: file, Line: line})
		file, line = s.callSite(f, call)
	}
	if f.Wrapper {
		return fs // what was inlined into it
	}
	return append(fs, events.Frame{Func: f.Name, File: file, Line: line})
}

// inlined returns the inlined calls around pc, innermost first.
func (s *symbolizer) inlined(f *engine.Function, pc uint64) []*godwarf.Tree {
	tree := s.tree(f)
	if tree == nil {
		return nil
	}
	return reader.InlineStack(tree, pc)
}

// tree returns what the debug information says of the inside of a function, or
// nil.
func (s *symbolizer) tree(f *engine.Function) *godwarf.Tree {
	tree, ok := s.trees[f.Entry]
	if !ok {
		if e, _, err := s.im.subprogram(f.Entry); err == nil && e != nil {
			tree, _ = godwarf.LoadTree(e.Offset, s.im.debug.Data, s.im.base)
		}
		s.trees[f.Entry] = tree
	}
	return tree
}

// callSite returns where an inlined call was written.
func (s *symbolizer) callSite(f *engine.Function, call *godwarf.Tree) (file string, line int) {
	n, _ := call.Val(dwarf.AttrCallLine).(int64)
	index, _ := call.Val(dwarf.AttrCallFile).(int64)
	fn := s.im.debug.Entry(f.Entry)
	if fn == nil {
		return "", int(n)
	}
	return s.file(fn.Unit, index), int(n)
}

// file returns a source file of a compilation unit by its index there.
func (s *symbolizer) file(unit *debuginfo.Unit, index int64) string {
	files, ok := s.files[unit]
	if !ok {
		if lr, err := s.im.debug.LineReader(unit); err == nil && lr != nil {
			files = lr.Files()
		}
		s.files[unit] = files
	}
	if index < 0 || int(index) >= len(files) || files[index] == nil {
		return ""
	}
	return knownFile(files[index].Name)
}
