package main

import "github.com/spf13/pflag"

// remedy says how calls that the compiler has inlined become visible in a program like
// that of the command line; "" where gtrace has built it so that nothing is inlined.
func (w hintWorld) remedy() string {
	const noInlining = "go build -gcflags=all=-l"
	kind := aBinary
	if w.pid == 0 && len(w.args) > 1 && w.prog != "" {
		if kind = aPackage; w.args[1] != "test" {
			kind, _, _ = classify(w.prog)
		}
	}
	switch {
	case w.pid != 0:
		return "build the program with " + noInlining + ", and start that"
	case kind == aBinary:
		return "build the program with " + noInlining + ", or let gtrace build it: gtrace run PACKAGE"
	case w.lookup(func(f *pflag.Flag) bool { return f.Name == "optimized" && f.Changed }) != nil:
		return "leave out --optimized, or add --build-flags=-gcflags=all=-l to it"
	}
	return ""
}
