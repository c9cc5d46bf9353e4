package program

import (
	"bytes"
	"cmp"
	"debug/buildinfo"
	"debug/dwarf"
	"debug/elf"
	"debug/gosym"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/go-delve/delve/pkg/dwarf/frame"

	"gtrace/session/engine"
	"gtrace/session/engine/program/debuginfo"
	"gtrace/session/engine/program/eval"
	"gtrace/session/engine/program/value"
)

// An Image is an executable as it lies on disk, with what its debug information
// says. It needs no process.
type Image struct {
	path  string
	file  *elf.File
	info  *buildinfo.BuildInfo
	debug *debuginfo.Info
	lines *gosym.Table
	base  uint64 // added to the file's addresses: 0 unless position independent

	functions  []*engine.Function
	byEntry    map[uint64]*engine.Function
	symbols    *symbolizer
	frames     func() frame.FrameDescriptionEntries // see readFrames
	values     *value.Reader
	types      *eval.Types
	flows      map[*engine.Function]*flow // of optimised code, once looked at
	signatures map[*engine.Function]*Signature
	packages   []*packageUnit
	families   map[string]*family                      // of generic code, by the symbol they share
	dicts      map[uint64]bool                         // see dictionaries
	sigpanic   *engine.Function                        // see isSigpanic; nil: not looked for
	frameFrom  map[*engine.Function]uint64             // where its frame is set up
	shared     map[*engine.Function]bool               // see sharesReturn
	hosts      map[*engine.Function][]*engine.Function // see linkHosts
	hosted     map[*engine.Function]*engine.Function   // what each of these hosts
	abstracts  map[*engine.Function]dwarf.Offset       // of those with hosts
}

// Open reads an executable.
func Open(path string) (*Image, error) {
	im, err := OpenAt(path, 0)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	return im, nil
}

// OpenAt reads an executable that is loaded with its entry point at entry; 0
// where the file says.
func OpenAt(path string, entry uint64) (*Image, error) {
	im, err := OpenFile(path)
	if err != nil {
		return nil, err
	}
	if err := im.Load(entry); err != nil {
		_ = im.Close()
		return nil, err
	}
	return im, nil
}

// OpenFile opens an executable and checks, at a glance, that it is one that can
// be read here.
func OpenFile(path string) (*Image, error) {
	if fi, err := os.Stat(path); err != nil {
		return nil, err
	} else if fi.IsDir() {
		return nil, fmt.Errorf("%w: it is a directory", engine.ErrNotGo)
	}
	if err := checkWeight(path); err != nil {
		return nil, err
	}
	file, err := elf.Open(path)
	if err != nil {
		return nil, readable(err)
	}
	im := &Image{path: path, file: file, flows: map[*engine.Function]*flow{}, signatures: map[*engine.Function]*Signature{}}
	err = im.identify()
	if err == nil && !hasDebugInfo(file) {
		err = stripped(file)
	}
	if err != nil {
		_ = im.Close()
		return nil, err
	}
	return im, nil
}

// hasDebugInfo reports whether an executable carries DWARF itself.
func hasDebugInfo(file *elf.File) bool {
	return file.Section(".debug_info") != nil || file.Section(".zdebug_info") != nil
}

// Load reads what the debug information of an opened file says. See open.
func (im *Image) Load(entry uint64) (err error) {
	if entry != 0 && im.file.Type == elf.ET_DYN {
		im.base = entry - im.file.Entry
	}
	if im.debug, err = debuginfo.Open(im.file, im.base); err != nil {
		return damagedDebugInfo(err)
	}
	if im.lines, err = im.lineTable(); err != nil {
		return err
	}
	im.symbols = newSymbolizer(im)
	im.frames = sync.OnceValue(im.readFrames)
	im.values = value.NewReader(im.debug)
	im.types = eval.NewTypes(im.values, im.debug.FindType)
	im.loadFunctions()
	return nil
}

// identify checks that the file is a Go program that can be read here.
func (im *Image) identify() error {
	info, err := buildinfo.ReadFile(im.path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		return err
	case err != nil:
		return notGo(im.file)
	}
	im.info = info
	if im.file.Machine != elf.EM_X86_64 {
		return fmt.Errorf("%w: it is built for %v, and only amd64 programs can be traced yet", engine.ErrNotSupported, im.file.Machine)
	}
	return CheckVersion(info.GoVersion)
}

func (im *Image) loadFunctions() {
	for _, u := range im.debug.Units {
		im.packages = append(im.packages, &packageUnit{Unit: u})
	}
	im.byEntry = make(map[uint64]*engine.Function, len(im.debug.Functions))
	im.functions = make([]*engine.Function, 0, len(im.debug.Functions)+len(im.debug.Inlined))
	coded := make(map[string]bool, len(im.debug.Inlined))
	code := codeReader{im: im}
	for i := range im.debug.Functions {
		fn := &im.debug.Functions[i]
		if fn.Symbol == "" || fn.Entry == 0 || !isGo(fn.Symbol) {
			continue
		}
		f := im.function(fn, &code)
		if a := im.debug.Inlined[fn.Symbol]; a != nil {
			f.Inlined = a.Calls
			coded[fn.Symbol] = true
		}
		im.byEntry[f.Entry] = f
		im.functions = append(im.functions, f)
	}
	for symbol, a := range im.debug.Inlined {
		if isGo(symbol) && !coded[symbol] {
			im.functions = append(im.functions, im.abstractFunction(a))
		}
	}
	im.linkHosts()
	slices.SortFunc(im.functions, func(a, b *engine.Function) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Symbol, b.Symbol), cmp.Compare(a.Entry, b.Entry))
	})
	im.barForked()
}

// function makes the Function of one with code.
func (im *Image) function(fn *debuginfo.Function, r *codeReader) *engine.Function {
	f := &engine.Function{
		Name:      printedName(fn.Symbol),
		Symbol:    fn.Symbol,
		Package:   packageOf(fn.Symbol),
		Entry:     fn.Entry + im.base,
		End:       fn.End + im.base,
		Optimized: fn.Unit.Optimized,
	}
	f.File, f.Line = im.LineAt(f.Entry)
	if fn.Line > 0 {
		f.Line = fn.Line // optimised code may begin with the first statement
	}
	im.namePackage(f)
	f.Wrapper = fn.Trampoline || isWrapper(f)
	// What has the byte of a RET nowhere has no RET either. That one with the
	// byte has none is found when it is planted.
	if code, err := r.code(f); err == nil {
		f.NoReturn = !bytes.Contains(code, []byte{retOpcode})
	}
	return f
}

// packageOf returns the import path of the package that a symbol is of, as the linker
// writes it.
func packageOf(symbol string) string {
	if i := strings.IndexByte(symbol, '['); i >= 0 {
		symbol = symbol[:i] // arguments of types have paths, too
	}
	path := strings.LastIndexByte(symbol, '/') + 1
	dot := strings.IndexByte(symbol[path:], '.')
	if dot < 0 {
		return ""
	}
	return symbol[:path+dot]
}

// isGo reports whether a symbol is a function of Go source, rather than one of C
// or one the compiler made for a type.
func isGo(symbol string) bool {
	return !strings.HasPrefix(symbol, "go:") && !strings.HasPrefix(symbol, "type:") && !strings.HasPrefix(symbol, "C.")
}

// printedName returns a function's name as a Go traceback prints it, without
// the arguments of type parameters.
func printedName(symbol string) string {
	i, j := strings.IndexByte(symbol, '['), strings.LastIndexByte(symbol, ']')
	if i < 0 || j < i {
		return symbol
	}
	return symbol[:i] + "[...]" + symbol[j+1:]
}

// isWrapper reports whether the compiler made the function: to call a method
// through an interface or as a value, or for a go or defer statement.
func isWrapper(f *engine.Function) bool {
	if f.File == "<autogenerated>" || strings.HasSuffix(f.Symbol, "-fm") {
		return true
	}
	last := f.Symbol[strings.LastIndexByte(f.Symbol, '.')+1:]
	digits := strings.TrimLeft(last, "abcdefghijklmnopqrstuvwxyz")
	switch strings.TrimSuffix(last, digits) {
	case "gowrap", "deferwrap":
		return digits != "" && strings.Trim(digits, "0123456789") == ""
	}
	return false
}

// Path returns the name of the file, as it was opened.
func (im *Image) Path() string { return im.path }

// Relocated reports whether the program is at other addresses than its file says.
func (im *Image) Relocated() bool { return im.base != 0 }

// Values returns the reader of the program's values.
func (im *Image) Values() *value.Reader { return im.values }

// Functions returns every function of the program, ordered by name. The caller
// must not change them.
func (im *Image) Functions() []*engine.Function { return im.functions }

// Module returns the path of the main module, from the build information.
func (im *Image) Module() string { return im.info.Main.Path }

// GoVersion returns the version of Go that built the program.
func (im *Image) GoVersion() string { return im.info.GoVersion }

// Entry returns the address where the program is entered.
func (im *Image) Entry() uint64 { return im.base + im.file.Entry }

// Close closes the file.
func (im *Image) Close() error {
	return im.file.Close()
}

// Code returns the bytes of a function, as they lie on disk.
func (im *Image) Code(f *engine.Function) ([]byte, error) { return im.codeFrom(f, 0) }

// codeFrom returns the bytes of a function and, as far as there are any, so many more
// that there are atLeast in all.
func (im *Image) codeFrom(f *engine.Function, atLeast uint64) ([]byte, error) {
	start, end := f.Entry-im.base, f.End-im.base
	for _, p := range im.file.Progs {
		if p.Type == elf.PT_LOAD && p.Vaddr <= start && start <= end && end <= p.Vaddr+p.Filesz {
			code := make([]byte, min(max(end-start, atLeast), p.Vaddr+p.Filesz-start))
			_, err := p.ReadAt(code, int64(start-p.Vaddr))
			return code, err
		}
	}
	return nil, fmt.Errorf("its code is not in the file")
}

// A codeReader returns the code of functions, quickly where they are asked for in
// their order.
type codeReader struct {
	im   *Image
	at   uint64
	data []byte
}

// code returns the bytes of a function, until it is asked for the next one.
func (r *codeReader) code(f *engine.Function) ([]byte, error) {
	if f.Entry < r.at || f.Entry > f.End || f.End > r.at+uint64(len(r.data)) {
		const piece = 1 << 20
		data, err := r.im.codeFrom(f, piece)
		if err != nil {
			return nil, err
		}
		r.at, r.data = f.Entry, data
	}
	return r.data[f.Entry-r.at : f.End-r.at], nil
}
