package program

import (
	"gtrace/session/engine"
	"gtrace/session/engine/program/debuginfo"
)

// abstractFunction makes the Function of one that has no code of its own.
func (im *Image) abstractFunction(a *debuginfo.Abstract) *engine.Function {
	f := &engine.Function{
		Name:      printedName(a.Symbol),
		Symbol:    a.Symbol,
		Package:   packageOf(a.Symbol),
		File:      im.fileOf(a),
		Line:      a.Line,
		Inlined:   a.Calls,
		Optimized: true,
	}
	im.namePackage(f)
	return f
}

// fileOf returns the file of a function that was inlined, or nothing.
func (im *Image) fileOf(a *debuginfo.Abstract) string {
	if a.Unit != nil {
		return im.symbols.file(a.Unit, int64(a.File))
	}
	ranges, err := im.debug.Ranges(a.Code)
	if err != nil || len(ranges) == 0 {
		return ""
	}
	file, _ := im.LineAt(ranges[0][0] + im.base)
	return file
}
