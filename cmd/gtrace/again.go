package main

import (
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// A word is an argument, or the value of a flag, on a command line.
type word struct {
	arg  int    // that it stands in, or begins
	flag string // "" for an argument of the command
	head string // what stands before it in its argument: "--trace=", "-ct"
	text string
}

// words takes the command line apart, as the flags of its command say: the name of
// the command is the first word. What stands behind -- is left out.
func (w hintWorld) words() []word {
	var list []word
	if len(w.args) == 0 {
		return nil
	}
	for i := 1; i < len(w.args); i++ {
		arg := w.args[i]
		flag, head := "", ""
		switch {
		case arg == "--":
			return list
		case len(arg) < 2 || arg[0] != '-':
			list = append(list, word{arg: i, text: arg})
			continue
		case strings.HasPrefix(arg, "--"):
			name, _, hasValue := strings.Cut(arg[2:], "=")
			if !w.takesValue(name) {
				continue
			}
			if flag = name; hasValue {
				head = "--" + name + "="
			}
		default:
			flag, head = w.shorthand(arg)
		}
		switch {
		case flag == "":
		case head != "":
			list = append(list, word{i, flag, head, arg[len(head):]})
		case i+1 < len(w.args):
			i++
			list = append(list, word{arg: i, flag: flag, text: w.args[i]})
		}
	}
	return list
}

// shorthand returns the flag in -abc that takes a value, and what stands before
// that value; nothing when it is the next argument.
func (w hintWorld) shorthand(arg string) (flag, head string) {
	for i := 1; i < len(arg); i++ {
		f := w.lookup(func(f *pflag.Flag) bool { return f.Shorthand == arg[i:i+1] })
		switch {
		case f == nil:
			return "", ""
		case f.NoOptDefVal != "":
			continue
		case i+1 == len(arg):
			return f.Name, ""
		}
		if arg[i+1] == '=' {
			i++
		}
		return f.Name, arg[:i+1]
	}
	return "", ""
}

func (w hintWorld) takesValue(name string) bool {
	f := w.lookup(func(f *pflag.Flag) bool { return f.Name == name })
	return f != nil && f.NoOptDefVal == ""
}

func (w hintWorld) lookup(is func(*pflag.Flag) bool) (found *pflag.Flag) {
	if w.flags == nil {
		return nil
	}
	w.flags.VisitAll(func(f *pflag.Flag) {
		if found == nil && is(f) {
			found = f
		}
	})
	return found
}

// patternFlags take patterns.
var patternFlags = []string{"trace", "ignore", "from", "start-at", "stop-at"}

// isPattern reports whether a word of the command line is a pattern.
func (w hintWorld) isPattern(x word, n int) bool {
	return slices.Contains(patternFlags, x.flag) || x.flag == "" && n > 1 && w.args[1] == "funcs"
}

// again is the command line with one pattern, or one value of a flag, exchanged. It
// is "" where the command line does not have it: it may come from a preset.
func (w hintWorld) again(is func(x word, n int) bool, old, by string) string {
	args := slices.Clone(w.args)
	found := false
	for n, x := range w.words() {
		if x.text == old && is(x, n) {
			args[x.arg] = x.head + by
			found = true
		}
	}
	if !found {
		return ""
	}
	args[0] = "gtrace"
	return quoteAll(args)
}

// with is the command line with one value for a flag, instead of those that it has.
// It is "" where that cannot be written.
func (w hintWorld) with(flag, short, value string) string {
	args := slices.Clone(w.args)
	if len(args) == 0 {
		return ""
	}
	args[0] = "gtrace"
	has := slices.DeleteFunc(w.words(), func(x word) bool { return x.flag != flag })
	if len(has) == 1 {
		args[has[0].arg] = has[0].head + value
		return quoteAll(args)
	}
	for _, x := range slices.Backward(has) {
		switch {
		case x.head == short || x.head == "--"+flag+"=":
			args = slices.Delete(args, x.arg, x.arg+1)
		case args[x.arg-1] == short || args[x.arg-1] == "--"+flag:
			args = slices.Delete(args, x.arg-1, x.arg+1)
		default:
			return "" // among other flags
		}
	}
	at := slices.Index(args, "--")
	if at < 0 {
		at = len(args)
	}
	return quoteAll(slices.Insert(args, at, short, value))
}

// asOne is the command line with two words for one argument.
func (w hintWorld) asOne(who, instead string) string {
	for n, x := range w.words() {
		if n > 0 && x.flag == "" && x.text == who {
			args := slices.Clone(w.args)
			args[0] = "gtrace"
			return quoteAll(args[:x.arg]) + " " + instead + strings.TrimSuffix(" "+quoteAll(args[x.arg+1:]), " ")
		}
	}
	return ""
}

// patternAsProgram is the command line -tt PATTERN PROG with -t, where the pattern was
// taken for PROG.
func (w hintWorld) patternAsProgram() string {
	words := w.words()
	for i, x := range words {
		if x.head != "-t" || strings.Trim(x.text, "t") != "" || i+2 >= len(words) {
			continue
		}
		if next, prog := words[i+1], words[i+2]; next.flag == "" && next.text == w.prog && prog.flag == "" && isFile(prog.text) {
			args := slices.Clone(w.args)
			args[0], args[x.arg] = "gtrace", "-t"
			return quoteAll(args)
		}
	}
	return ""
}

// stamps is the command line without -tt, which others than gtrace take for time
// stamps: -t takes the second t for its pattern. When the next argument is a pattern
// that chooses something, -t is meant.
func (w hintWorld) stamps(chooses func(string) bool) string {
	for _, x := range w.words() {
		if x.head != "-t" || strings.Trim(x.text, "t") != "" {
			continue
		}
		args := slices.Clone(w.args)
		args[0] = "gtrace"
		if next := x.arg + 1; next < len(args) && chooses(args[next]) {
			args[x.arg] = "-t"
		} else {
			args = slices.Delete(args, x.arg, x.arg+1)
		}
		return quoteAll(args)
	}
	return ""
}
