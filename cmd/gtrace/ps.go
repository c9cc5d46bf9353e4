package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"gtrace/events"
)

// psFlags are the flags of ps.
type psFlags struct {
	all    bool
	format string
	quiet  bool
}

func newPsCommand(a *app) *cobra.Command {
	var f psFlags
	cmd := &cobra.Command{
		Use:   "ps [flags] [PID|TEXT…]",
		Short: "List the Go processes, and whether they can be traced",
		Long: `List the Go processes, or those with this PID or with TEXT in their name, main
module or command line. Nothing is attached to.

BUILD tells how the program was built: opt or debug (without optimisation), pie,
cgo, race; stripped, or no-dwarf when only the symbols are left. ? stands for
what the program does not tell. ATTACH tells whether gtrace attach would be
allowed and, if not, why; gtrace doctor PID says what helps.

A process whose program may not be read, as that of another user, may be Go or
not: such processes are counted, and listed with --all, or by PID or name.

EXIT STATUS
  0    processes were listed, or there are none
  1    no process has that PID or TEXT
  2    wrong usage
  125  gtrace itself failed`,
		Example: `  gtrace ps
  gtrace ps server
  gtrace ps --format json | jq 'select(.attach) | .pid'
  sudo gtrace ps                             those of every user`,
		RunE:              func(_ *cobra.Command, args []string) error { return runPs(a, &f, args) },
		ValidArgsFunction: completeProcess(a),
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.BoolVarP(&f.all, "all", "a", false, "also list processes whose program may not be read")
	fs.StringVar(&f.format, "format", formats[0], "`FORMAT` of the list: text or json (one object a line)")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "no messages but errors")
	return cmd
}

func runPs(a *app, f *psFlags, texts []string) error {
	if !slices.Contains(formats, f.format) {
		return usage(fmt.Errorf("--format %s: use text, json", f.format))
	}
	a.say.quiet = f.quiet
	rows, hidden := a.psRows(texts, f.all)
	switch {
	case len(rows) == 0 && len(texts) > 0:
		return &exitError{statusProblem, withHint(fmt.Errorf("no Go process matches %s", quoteAll(texts)), "gtrace ps --all")}
	case len(rows) == 0:
		a.say.note("no Go process")
	case f.format == "json":
		if err := writeLines(a.out, rows); err != nil {
			return err
		}
	default:
		if err := writePs(a.out, terminalWidth(a.out), rows); err != nil {
			return err
		}
	}
	if i := slices.IndexFunc(rows, func(r psRow) bool { return !r.Attach }); i >= 0 && f.format == "text" {
		a.say.note("gtrace doctor %d tells what is in the way, and what helps", rows[i].PID)
	}
	switch left := plural(len(hidden), "program"); {
	case len(hidden) > 0 && a.say.world.euid == 0:
		a.say.note("left out %s that not even root may read: gtrace doctor %d tells why", left, hidden[0])
	case len(hidden) > 0:
		a.say.note("left out %s that may not be read: %s", left, a.say.world.sudo())
	}
	return nil
}

// writePs writes the list for people.
func writePs(w io.Writer, width int, rows []psRow) error {
	g := grid{width: width, yields: 3, rows: [][]string{{"PID", "USER", "GO", "MODULE", "BUILD", "ATTACH", "COMMAND"}}}
	for _, r := range rows {
		cells := []string{strconv.Itoa(r.PID), printable(r.User), "?", "?", "?", "yes", printable(strings.Join(r.Args, " "))}
		if p := r.Program; p != nil {
			version, _, _ := strings.Cut(p.Go, " ")
			module := p.Module
			if module == "" {
				module = "-"
			}
			cells[2], cells[3], cells[4] = printable(version), printable(module), strings.Join(p.words(), ",")
		}
		if !r.Attach {
			cells[5] = "no: " + r.why
		}
		g.rows = append(g.rows, cells)
	}
	return g.write(w)
}

// writeLines writes a list for programs: one object a line. What others have named
// is fit to be shown on a terminal.
func writeLines[T any](w io.Writer, rows []T) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	for _, r := range rows {
		if err := enc.Encode(r); err != nil {
			return err
		}
	}
	_, err := w.Write(events.EscapeJSON(b.Bytes()))
	return err
}
