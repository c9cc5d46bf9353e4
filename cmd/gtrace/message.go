package main

// The voice of gtrace:
//
//   - stdout is data; messages go to stderr, each line begins "gtrace: ".
//   - An error says what was tried, on what, and why: "attach 4711: permission
//     denied". No capitals, no full stop, no "failed to".
//   - A refusal carries a hint: "gtrace: hint: " and the command to type next,
//     as it can be pasted, or the one fact that decides.
//   - -q leaves errors and hints only; -v says more. A message never asks.

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"

	"gtrace/events"
)

// A voice writes messages for the user. Goroutines that trace share it.
type voice struct {
	mu      sync.Mutex // of w
	w       io.Writer
	quiet   bool
	verbose bool
	world   hintWorld
}

// note tells something that -q leaves out.
func (v *voice) note(format string, args ...any) {
	if !v.quiet {
		v.line("", format, args...)
	}
}

// detail tells something that only -v wants.
func (v *voice) detail(format string, args ...any) {
	if v.verbose && !v.quiet {
		v.line("", format, args...)
	}
}

// report prints an error and its hints; an exit status without words is silent.
func (v *voice) report(err error) {
	if err == nil {
		return
	}
	if e, ok := errors.AsType[*exitError](err); ok && e.err == nil {
		return
	}
	for text := range strings.Lines(err.Error()) {
		v.line("", "%s", strings.TrimRight(text, "\n"))
	}
	for _, hint := range hints(err, v.world) {
		v.line("hint: ", "%s", hint)
	}
	if p, ok := errors.AsType[*panicError](err); ok {
		v.write(p.stack)
	}
}

// hint tells what to type next where there is no error; -q does not leave it
// out.
func (v *voice) hint(format string, args ...any) { v.line("hint: ", format, args...) }

// line writes one message. Nothing can be done about a stderr that cannot be
// written.
func (v *voice) line(label, format string, args ...any) {
	v.write(fmt.Appendf(nil, "gtrace: %s%s\n", label, shown(fmt.Sprintf(format, args...))))
}

func (v *voice) write(text []byte) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.w.Write(text)
}

// through has messages go through w from now on, and returns where they went before.
func (v *voice) through(w io.Writer) (before io.Writer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	before, v.w = v.w, w
	return before
}

// shown escapes in a message what a terminal would not print as itself: names in
// it may be those of others. Lines and tabs stay.
func shown(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		cells := strings.Split(line, "\t")
		for k, cell := range cells {
			cells[k] = events.Printable(cell)
		}
		lines[i] = strings.Join(cells, "\t")
	}
	return strings.Join(lines, "\n")
}

// A hinted error brings its own hints.
type hinted struct {
	error
	hints []string
}

func (h *hinted) Unwrap() error { return h.error }

// withHint adds what to type next to an error, the likeliest first.
func withHint(err error, hints ...string) error { return &hinted{err, hints} }

// quoteAll writes arguments as a shell reads them.
func quoteAll(args []string) string {
	quoted := make([]string, len(args))
	for i, arg := range args {
		quoted[i] = quote(arg)
	}
	return strings.Join(quoted, " ")
}

func quote(arg string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("-_./,:=@%+", r)
	}
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool { return !plain(r) }) < 0 {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

// printable writes text of other processes as a terminal may see it.
func printable(s string) string {
	unseen := func(r rune) bool { return r == utf8.RuneError || !strconv.IsPrint(r) || events.IsUnseen(r) }
	if !strings.ContainsFunc(s, unseen) {
		return s
	}
	quoted := events.Quote(s)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

// plural writes a count with its noun.
func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
