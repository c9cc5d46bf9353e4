package main

import (
	"context"
	"debug/buildinfo"
	"io"
	"os"
	"time"

	"github.com/spf13/pflag"
)

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

// visibly is what to type to see calls that were inlined.
func (w hintWorld) visibly() []string {
	if again := w.fromSource(); again != "" {
		return []string{"let gtrace build it: " + again}
	}
	return w.offer(w.remedy())
}

// findSource is for how long a package is looked for.
const findSource = 5 * time.Second

// fromSource is the command line with the package that the binary PROG was built from,
// where the go command finds that from here; else it is "".
func (w hintWorld) fromSource() string {
	if w.pid != 0 || w.prog == "" {
		return ""
	}
	kind, path, err := classify(w.prog)
	if err != nil || kind != aBinary {
		return ""
	}
	info, err := buildinfo.ReadFile(path)
	if err != nil || info.Path == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(context.Background(), findSource)
	defer cancel()
	g := goTool{stderr: io.Discard, env: os.Environ()}
	if _, err := g.list(ctx, "", info.Path, new(buildFlags)); err != nil {
		return ""
	}
	return w.again(func(x word, n int) bool { return n > 0 && x.flag == "" }, w.prog, info.Path)
}
