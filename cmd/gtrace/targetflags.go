package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// toTarget is a command line with all that gtrace does not know behind --: flags, each
// with what follows it, and the other arguments of the target. It is nil where they are
// not the target's.
func toTarget(cmd *cobra.Command, args []string) []string {
	if cmd.Name() != "run" && cmd.Name() != "test" {
		return nil
	}
	front, tail := slices.Clone(args[:1]), []string{"--"}
	subject := false // PROG or PACKAGE stands before
	for i := 1; i < len(args); i++ {
		arg := args[i]
		if arg == "--" {
			tail = append(tail, args[i+1:]...)
			break
		}
		isFlag := len(arg) > 1 && arg[0] == '-'
		known, takesNext := false, false
		if isFlag {
			known, takesNext = flagIn(cmd, arg)
			if !known && !strings.Contains(arg, "=") && i+1 < len(args) {
				takesNext = !strings.HasPrefix(args[i+1], "-")
			}
		}
		to := &tail
		switch {
		case known, !isFlag && !subject:
			to = &front
		case isFlag && !subject && cmd.Name() == "run":
			return nil // a flag of gtrace, whatever is meant
		}
		subject = subject || !isFlag
		*to = append(*to, arg)
		if isFlag && takesNext && i+1 < len(args) {
			i++
			*to = append(*to, args[i])
		}
	}
	return append(front, tail...)
}

// flagIn reports whether a command has the flag, or flags, of an argument, and whether
// the next argument is the value.
func flagIn(cmd *cobra.Command, arg string) (known, takesNext bool) {
	if long, ok := strings.CutPrefix(arg, "--"); ok {
		name, _, hasValue := strings.Cut(long, "=")
		f := cmd.Flags().Lookup(name)
		return f != nil, f != nil && f.NoOptDefVal == "" && !hasValue
	}
	for i := 1; i < len(arg); i++ {
		switch f := cmd.Flags().ShorthandLookup(arg[i : i+1]); {
		case f == nil:
			return false, false
		case f.NoOptDefVal == "":
			return true, i+1 == len(arg)
		}
	}
	return true, false
}
