package main

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"gtrace/diag"
	"gtrace/events"
)

// The words that flags about the output take; the first is the default.
var (
	formats = []string{"text", "snoop", "json"}
	colors  = []string{"auto", "always", "never"}
	times   = []string{
		events.TimeWall.String(), events.TimeRelative.String(),
		events.TimeDelta.String(), events.TimeNone.String(),
	}
	widths = []string{"auto", "never"}
)

// outputFlags say where events go and how they look.
type outputFlags struct {
	file    string
	append  bool
	split   int
	format  string
	columns []string
	prefix  string
	color   string
	time    string
	width   string
	full    bool
	normal  bool
}

func (f *outputFlags) register(fs *pflag.FlagSet) {
	fs.StringVarP(&f.file, "output", "o", "", "write events to `FILE`, which only you can read; - is stdout, '|command' a command that reads them")
	fs.BoolVar(&f.append, "append", false, "add to the output file instead of replacing it")
	fs.CountVarP(&f.split, "goroutine-files", "f", "-ff: write the events of each goroutine to FILE.ID, with -o FILE for the rest; -f alone does nothing: all goroutines are traced")
	fs.StringVar(&f.format, "format", formats[0], "write events in `FORMAT`: text, snoop (the source lines, as PySnooper does), json (one object a line), or a template as '{time} {func:30} {duration}'")
	fs.StringSliceVar(&f.columns, "columns", nil, "begin each line of text with `COLUMNS`, fields of a template separated by commas, instead of the time and the goroutine")
	fs.StringVar(&f.prefix, "prefix", "", "put `S` before every line of text")
	fs.StringVar(&f.color, "color", colors[0], "colour text `WHEN`: auto, always or never")
	fs.StringVar(&f.time, "time", times[0], "show `TIME` on each line: wall, relative (to the start), delta (to the line before) or none")
	fs.StringVar(&f.width, "width", widths[0], "show less of values on lines of text that are wider than `COLUMNS`, and cut what is wider still: a number, auto (the terminal's width) or never")
	fs.BoolVar(&f.full, "full-names", false, "write functions with the whole import path of their package, also where its name says which one it is")
	fs.BoolVar(&f.normal, "normalize", false, "leave out what differs from run to run: times, durations, ids of processes and threads, directories, addresses")
}

func (f *outputFlags) check() error {
	if _, _, err := f.layout(); err != nil {
		return err
	}
	for _, word := range []struct {
		flag, value string
		choices     []string
	}{
		{"color", f.color, colors},
		{"time", f.time, times},
	} {
		if !slices.Contains(word.choices, word.value) {
			return fmt.Errorf("--%s %s: use %s", word.flag, word.value, strings.Join(word.choices, ", "))
		}
	}
	if _, err := f.columnsOf(nil); err != nil {
		return err
	}
	command, isPipe := pipeCommand(f.file)
	switch {
	case isPipe && command == "":
		return errors.New("--output |: a command is missing: write --output '|command'")
	case isPipe && (f.append || f.splits()):
		return errors.New("--append and -ff: need --output FILE, not a command")
	case f.append && (f.file == "" || f.file == "-"):
		return errors.New("--append: needs --output FILE")
	case f.splits() && (f.file == "" || f.file == "-"):
		return errors.New("-ff: needs --output FILE, to whose name the goroutine is added")
	case f.prefix != "" && f.format == "json":
		return errors.New("--prefix: only text has lines to put it before; leave it out with --format json")
	}
	return nil
}

// columnsOf returns what tells the width of text on file; nil is unlimited.
func (f *outputFlags) columnsOf(file *os.File) (func() int, error) {
	switch f.width {
	case "never":
		return nil, nil
	case "auto":
		if file == nil || !isTerminal(file) {
			return nil, nil
		}
		return func() int { return terminalWidth(file) }, nil
	}
	n, err := strconv.Atoi(f.width)
	if err != nil || n < leastWidth {
		return nil, fmt.Errorf("--width %s: use a number of columns from %d on, auto or never", printable(f.width), leastWidth)
	}
	return func() int { return n }, nil
}

// leastWidth is the width below which a line says nothing.
const leastWidth = 20

// tellsProcess reports whether the form of the lines has the process.
func (f *outputFlags) tellsProcess() bool {
	return strings.Contains(f.format, "{pid") || slices.Contains(f.columns, "pid")
}

// splits reports whether each goroutine has a file.
func (f *outputFlags) splits() bool { return f.split > 1 }

// layout reads the template of --format, and the columns; each may be nil.
func (f *outputFlags) layout() (template, columns *events.Template, err error) {
	switch {
	case strings.ContainsAny(f.format, "{}"):
		if template, err = events.ParseTemplate(f.format); err != nil {
			return nil, nil, fmt.Errorf("--format: %w", nearField(err))
		}
	case !slices.Contains(formats, f.format):
		return nil, nil, fmt.Errorf("--format %s: use %s, or a template as '{time} {func}'", f.format, strings.Join(formats, ", "))
	}
	if f.columns == nil {
		return template, nil, nil
	}
	if f.format != "text" {
		return nil, nil, errors.New("--columns: only --format text has them")
	}
	if columns, err = events.ParseColumns(f.columns); err != nil {
		return nil, nil, fmt.Errorf("--columns: %w", nearField(err))
	}
	return nil, columns, nil
}

// nearField says which field was meant, or which ones there are.
func nearField(err error) error {
	unknown, ok := errors.AsType[*events.UnknownFieldError](err)
	if !ok {
		return err
	}
	if near := diag.Nearest(unknown.Name, events.Fields()); near != "" {
		return fmt.Errorf("%w; near it: %s", err, near)
	}
	return fmt.Errorf("%w: use %s", err, strings.Join(events.Fields(), ", "))
}

// colored decides whether text on file is coloured.
func (f *outputFlags) colored(file *os.File, env []string) bool {
	switch f.color {
	case "always":
		return true
	case "never":
		return false
	}
	if variable(env, "NO_COLOR") != "" { // whatever it says
		return false
	}
	force, _ := strconv.ParseBool(variable(env, "CLICOLOR_FORCE"))
	return force || isTerminal(file) && variable(env, "TERM") != "" && !isDumb(env)
}

func isTerminal(f *os.File) bool { return term.IsTerminal(int(f.Fd())) }

// isDumb reports whether the terminal knows neither colours nor how to erase a line.
func isDumb(env []string) bool { return variable(env, "TERM") == "dumb" }

// variable returns what a variable of the environment is set to.
func variable(env []string, name string) string {
	for _, kv := range slices.Backward(env) { // the last one counts
		if key, value, _ := strings.Cut(kv, "="); key == name {
			return value
		}
	}
	return ""
}
