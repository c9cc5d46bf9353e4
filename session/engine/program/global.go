package program

import (
	"debug/dwarf"
	"encoding/binary"
	"go/constant"
	"net/url"
	"slices"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/op"

	"gtrace/session/engine"
	"gtrace/session/engine/program/debuginfo"
	"gtrace/session/engine/program/eval"
)

// A packageUnit is where the debug information describes a package.
type packageUnit struct {
	*debuginfo.Unit
	index map[string]eval.Variable // its variables and constants; nil: not read yet
}

// Global finds what a package's name stands for: a variable, a constant or a
// type. The package is called by its import path or its name.
func (im *Image) Global(pkg, name string) (eval.Variable, bool) {
	for _, u := range im.packages {
		if u.Path != pkg && u.Name != pkg {
			continue
		}
		if u.index == nil {
			u.index = im.indexPackage(u)
		}
		if v, ok := u.index[name]; ok {
			return v, true
		}
		if t, err := im.debug.FindType(u.Path + "." + name); err == nil {
			return eval.Variable{Type: t, IsType: true}, true
		}
	}
	return eval.Variable{}, false
}

// isPackage reports whether the program has a package of that name.
func (im *Image) isPackage(name string) bool {
	return slices.ContainsFunc(im.packages, func(u *packageUnit) bool { return u.Name == name })
}

// namePackage says how source writes the package of a function. The linker writes
// some dots of its path as %2e.
func (im *Image) namePackage(f *engine.Function) {
	path, err := url.PathUnescape(f.Package)
	if err != nil {
		path = f.Package
	}
	f.PackageName = im.debug.Packages[path]
	if f.Package == "main" && im.info.Path != commandLine {
		f.CommandPath = im.info.Path
	}
}

// commandLine is what the go command calls a package that is made of the files on
// its command line.
const commandLine = "command-line-arguments"

// indexPackage reads which variables and constants a package has.
func (im *Image) indexPackage(u *packageUnit) map[string]eval.Variable {
	index := make(map[string]eval.Variable)
	r := im.debug.Data.Reader()
	r.Seek(u.Entry.Offset)
	if _, err := r.Next(); err != nil {
		return index
	}
	for {
		e, err := r.Next()
		if err != nil || e == nil || e.Tag == 0 {
			return index
		}
		if name, ok := e.Val(dwarf.AttrName).(string); ok {
			if v, ok := im.globalOf(e); ok {
				index[strings.TrimPrefix(name, u.Path+".")] = v
			}
		}
		if e.Children {
			r.SkipChildren()
		}
	}
}

// globalOf describes a variable or a constant of a package.
func (im *Image) globalOf(e *dwarf.Entry) (v eval.Variable, ok bool) {
	off, ok := e.Val(dwarf.AttrType).(dwarf.Offset)
	if !ok {
		return v, false
	}
	switch e.Tag {
	case dwarf.TagVariable:
		loc, _ := e.Val(dwarf.AttrLocation).([]byte)
		if len(loc) != 1+wordSize || op.Opcode(loc[0]) != op.DW_OP_addr {
			return v, false
		}
		v.Addr = binary.LittleEndian.Uint64(loc[1:]) + im.base
	case dwarf.TagConstant:
		x, ok := e.Val(dwarf.AttrConstValue).(int64)
		if !ok {
			return v, false
		}
		v.Constant = constant.MakeInt64(x)
	default:
		return v, false
	}
	var err error
	v.Type, err = im.debug.Type(off)
	return v, err == nil
}
