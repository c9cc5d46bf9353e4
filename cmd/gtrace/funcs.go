package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"gtrace/session"
	"gtrace/session/engine"
)

// funcsFlags are the flags of funcs.
type funcsFlags struct {
	ignore []string
	format string
	build  buildFlags
}

func newFuncsCommand(a *app) *cobra.Command {
	var f funcsFlags
	cmd := &cobra.Command{
		Use:   "funcs [flags] PROG|PID|NAME [PATTERN…]",
		Short: "List the functions that patterns match",
		Long: `List the functions of a program, of the running process PID, or of the one Go
process whose program is called NAME, that the patterns match: what --trace
would trace, one probe for each. INLINED counts the places where the compiler
put a function's body into its caller: calls made there cannot be seen. A
function inlined everywhere gets no probe. Nothing is started or stopped.

EXIT STATUS
  0    functions were listed
  2    wrong usage, or a pattern that matches nothing
  125  gtrace itself failed
  126  the program cannot be read or built
  127  PROG does not exist`,
		Example: `  gtrace funcs ./server
  gtrace funcs ./cmd/server 'main.(*Server).*' '/Handler$/'
  gtrace funcs server 'store.*'              of a running process
  gtrace funcs 4711 store.go --format json`,
		Args: needArgs(1, -1, "PROG, PID or NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runFuncs(cmd.Context(), a, &f, args[0], args[1:])
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			words, _ := completeProcess(a)(cmd, args, word)
			return words, cobra.ShellCompDirectiveDefault // or a file
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringArrayVarP(&f.ignore, "ignore", "x", nil, "leave out what matches `PATTERN`; may be repeated")
	fs.StringVar(&f.format, "format", formats[0], "`FORMAT` of the list: text or json (one object a line)")
	f.build.register(fs)
	return cmd
}

func runFuncs(ctx context.Context, a *app, f *funcsFlags, prog string, patterns []string) error {
	if !slices.Contains(formats, f.format) {
		return usage(fmt.Errorf("--format %s: use text, json", f.format))
	}
	if err := checkPatterns(patterns, f.ignore); err != nil {
		return usage(err)
	}
	if _, err := f.build.parse(); err != nil {
		return usage(err)
	}
	a.say.world.prog = prog
	path, done, err := a.imagePath(ctx, prog, &f.build)
	if err != nil {
		return err
	}
	defer done()
	read := a.reading(path)
	img, err := a.engine.Open(path)
	read()
	if pid := a.say.world.pid; err != nil && pid != 0 && a.procs.ended(pid) {
		err = fmt.Errorf("read the program of PID %d: %w: it has just ended", pid, engine.ErrNoProcess)
	}
	if err != nil {
		return notStarted(err)
	}
	defer img.Close()
	sel, err := session.Select(img.Functions(), img.Module(), patterns, f.ignore)
	if _, ok := errors.AsType[*session.InlinedError](err); ok {
		err = nil // they are listed as that
	}
	if err != nil {
		return err
	}
	if _, err := sel.ResolveLines(img); err != nil {
		return err
	}
	rows := funcRows(sel)
	if f.format == "json" {
		return writeLines(a.out, rows)
	}
	if err := newFuncTable(rows).write(a.out, terminalWidth(a.out), img.Functions()); err != nil {
		return err
	}
	for _, note := range sel.Notes {
		a.say.note("note: %s", note)
	}
	if remedy := a.say.world.remedy(); sel.HasInlined() && remedy != "" {
		a.say.note("note: to see inlined calls: %s", remedy)
	}
	a.say.note("%s, %s", plural(len(rows), "function"), plural(len(sel.Functions), "probe"))
	return nil
}

// imagePath is where the program of PROG|PID|NAME can be read. A program that is there
// goes before a process of its name.
func (a *app) imagePath(ctx context.Context, prog string, build *buildFlags) (path string, done func(), err error) {
	_, err = strconv.Atoi(prog)
	isProcess := err == nil && !isFile(prog)
	if !isProcess {
		if kind, _, _ := classify(prog); kind == aPackage {
			able, _ := a.procs.named(prog)
			isProcess = len(able) > 0
		}
	}
	if isProcess {
		pid, err := a.procs.find(prog)
		a.say.world.pid = pid
		if err == nil && !isFile(a.procs.path(pid, "")) {
			err = fmt.Errorf("PID %d: %w", pid, engine.ErrNoProcess)
		}
		if err != nil {
			return "", nil, notStarted(fmt.Errorf("read the program of %w", err))
		}
		return a.procs.path(pid, "exe"), func() {}, nil
	}
	p, err := a.program(ctx, prog, build)
	if err != nil {
		return "", nil, err
	}
	return p.path, p.remove, nil
}

// A funcRow is one function of the list.
type funcRow struct {
	Func      string `json:"func"`
	Package   string `json:"package"`
	File      string `json:"file"`
	Line      int    `json:"line"`
	Probe     bool   `json:"probe"`   // it has code of its own, and may be traced
	Inlined   int    `json:"inlined"` // places
	NoReturn  bool   `json:"no_return,omitempty"`
	Optimized bool   `json:"optimized,omitempty"`
	Barred    string `json:"barred,omitempty"` // where it runs, if it is not traced for the program's sake
}

func funcRows(sel session.Selection) []funcRow {
	var rows []funcRow
	for _, fn := range slices.Concat(sel.Functions, sel.Inlined, sel.Barred) {
		rows = append(rows, funcRow{
			Func: fn.Name, Package: fn.Package, File: fn.File, Line: fn.Line,
			Probe: fn.Visible() && fn.Barred == "", Inlined: fn.Inlined, NoReturn: fn.NoReturn, Optimized: fn.Optimized,
			Barred: fn.Barred,
		})
	}
	slices.SortStableFunc(rows, func(a, b funcRow) int { return cmp.Compare(a.Func, b.Func) })
	return rows
}

// place is where the function stands, as seen from here.
func (r *funcRow) place() string {
	if r.File == "" {
		return "-"
	}
	return place(r.File, r.Line)
}

// place is a line of a source file, as seen from here.
func place(file string, line int) string {
	if dir, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(dir, file); err == nil && filepath.IsLocal(rel) {
			file = rel
		}
	}
	return file + ":" + strconv.Itoa(line)
}

// inlined says in how many places there is nothing to see.
func (r *funcRow) inlined() string {
	switch {
	case r.Barred != "":
		return "- (left out)"
	case !r.Probe:
		return "everywhere"
	case r.Inlined > 0:
		return plural(r.Inlined, "place")
	}
	return "-"
}
