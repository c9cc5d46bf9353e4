package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"gtrace/session"
	"gtrace/session/engine"
)

// funcsFlags are the flags of funcs.
type funcsFlags struct {
	ignore    []string
	format    string
	optimized bool
}

func newFuncsCommand(a *app) *cobra.Command {
	var f funcsFlags
	cmd := &cobra.Command{
		Use:   "funcs [flags] PROG|PID [PATTERN…]",
		Short: "List the functions that patterns match",
		Long: `List the functions of a program, or of a running process, that the patterns
match: what --trace would trace. Each takes one probe. INLINED counts the places
where the compiler put a function's body into its caller: calls made there
cannot be seen. Nothing is started and nothing is stopped.

EXIT STATUS
  0    functions were listed
  2    wrong usage, or a pattern that matches nothing
  125  gtrace itself failed
  126  the program cannot be read or built
  127  PROG does not exist`,
		Example: `  gtrace funcs ./server
  gtrace funcs ./cmd/server 'main.(*Server).*' '/Handler$/'
  gtrace funcs 4711 store.go --format json`,
		Args: needArgs(1, -1, "PROG or PID"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runFuncs(cmd.Context(), a, &f, args[0], args[1:])
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringArrayVarP(&f.ignore, "ignore", "x", nil, "leave out what matches `PATTERN`; may be repeated")
	fs.StringVar(&f.format, "format", formats[0], "`FORMAT` of the list: text or json (one object a line)")
	fs.BoolVar(&f.optimized, "optimized", false, "build as for release, instead of with -gcflags='all=-N -l'")
	return cmd
}

func runFuncs(ctx context.Context, a *app, f *funcsFlags, prog string, patterns []string) error {
	if !slices.Contains(formats, f.format) {
		return usage(fmt.Errorf("--format %s: use text, json", f.format))
	}
	a.say.world.prog = prog
	path, done, err := a.imagePath(ctx, prog, f.optimized)
	if err != nil {
		return err
	}
	defer done()
	img, err := a.engine.Open(path)
	if err != nil {
		return notStarted(fmt.Errorf("read %s: %w", quote(prog), err))
	}
	defer img.Close()
	sel, err := session.Select(img.Functions(), img.Module(), patterns, f.ignore)
	if err != nil {
		return err
	}
	if f.format == "json" {
		return writeFuncsJSON(a.out, sel)
	}
	if err := writeFuncs(a.out, sel); err != nil {
		return err
	}
	for _, note := range sel.Notes {
		a.say.note("note: %s", note)
	}
	a.say.note("%s, %s", plural(len(sel.Functions), "function"), plural(len(sel.Functions), "probe"))
	return nil
}

// imagePath is where the program of PROG|PID can be read.
func (a *app) imagePath(ctx context.Context, prog string, optimized bool) (path string, done func(), err error) {
	if pid, err := strconv.Atoi(prog); err == nil && !isFile(prog) {
		a.say.world.pid = pid
		if !isFile(a.procs.path(pid, "")) {
			return "", nil, notStarted(fmt.Errorf("read the program of PID %d: %w", pid, engine.ErrNoProcess))
		}
		return a.procs.path(pid, "exe"), func() {}, nil
	}
	p, err := a.program(ctx, prog, optimized)
	if err != nil {
		return "", nil, err
	}
	return p.path, p.remove, nil
}

// writeFuncs writes the list for people.
func writeFuncs(w io.Writer, sel session.Selection) error {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "FUNCTION\tPLACE\tINLINED")
	for _, fn := range sel.Functions {
		inlined := "-"
		if fn.Inlined > 0 {
			inlined = plural(fn.Inlined, "place")
		}
		fmt.Fprintf(tw, "%s\t%s:%d\t%s\n", fn.Name, fn.File, fn.Line, inlined)
	}
	return tw.Flush()
}

// writeFuncsJSON writes the list for programs: one object a line.
func writeFuncsJSON(w io.Writer, sel session.Selection) error {
	type function struct {
		Func      string `json:"func"`
		Package   string `json:"package"`
		File      string `json:"file"`
		Line      int    `json:"line"`
		Inlined   int    `json:"inlined"`
		NoReturn  bool   `json:"no_return,omitempty"`
		Optimized bool   `json:"optimized,omitempty"`
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, fn := range sel.Functions {
		err := enc.Encode(function{fn.Name, fn.Package, fn.File, fn.Line, fn.Inlined, fn.NoReturn, fn.Optimized})
		if err != nil {
			return err
		}
	}
	return nil
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
