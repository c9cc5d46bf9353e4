package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// An executable is a binary that can be started.
type executable struct {
	path string
	temp string // directory to remove; empty when the binary was there before
}

// remove deletes what was built. What is left behind when that fails lies where
// the system keeps its temporary files.
func (p *executable) remove() {
	if p.temp != "" {
		_ = os.RemoveAll(p.temp)
	}
}

// program finds PROG, and builds it when it is source.
func (a *app) program(ctx context.Context, prog string, build *buildFlags) (*executable, error) {
	src, path, err := classify(prog)
	if err != nil {
		return nil, err
	}
	if src == aBinary {
		if len(build.extra) > 0 {
			return nil, usage(fmt.Errorf("--build-flags: %s is a program already, and nothing is built", quote(prog)))
		}
		return &executable{path: path}, nil
	}
	stderr, done := a.working("building " + printable(prog))
	defer done()
	g := &goTool{stderr: stderr, env: a.env}
	switch src {
	case aDir:
		return g.build(ctx, "build", path, ".", build)
	case aFile:
		return g.build(ctx, "build", filepath.Dir(path), filepath.Base(path), build)
	}
	if _, err := g.list(ctx, "", path, build); err != nil {
		return nil, notFound(fmt.Errorf("%s: no such program, file or package", quote(prog)))
	}
	return g.build(ctx, "build", "", path, build)
}

// A goTool runs the go command.
type goTool struct {
	stderr io.Writer
	env    []string
}

// build builds pkg, as seen from dir, into a temporary directory. The verb is
// build, or test for the test binary.
func (g *goTool) build(ctx context.Context, verb, dir, pkg string, flags *buildFlags) (*executable, error) {
	// To be killed now would leave the directory behind.
	ctx, stop := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer stop()
	temp, err := os.MkdirTemp("", "gtrace-")
	if err != nil {
		return nil, err
	}
	p := &executable{temp: temp}
	args := []string{verb}
	if verb == "test" {
		args = append(args, "-c")
	}
	// A directory lets the go command choose the name. No version control stamp,
	// as in go run: the binary does not outlive the trace.
	args = append(args, "-o", temp+string(filepath.Separator), "-buildvcs=false")
	args = append(args, flags.args()...)
	cmd := g.command(ctx, dir, append(args, pkg)...)
	cmd.Stdout, cmd.Stderr = g.stderr, g.stderr
	if err := cmd.Run(); err != nil {
		p.remove()
		if ctx.Err() != nil {
			return nil, ended(statusInterrupted)
		}
		return nil, notStarted(fmt.Errorf("%s: %w", g.tried(dir, verb, pkg), err))
	}
	built, err := os.ReadDir(temp)
	switch {
	case err != nil:
	case len(built) == 0 && verb == "test":
		err = notStarted(fmt.Errorf("%s: the package has no tests", pkg))
	case len(built) != 1:
		err = notStarted(withHint(fmt.Errorf("%s: names %d programs", pkg, len(built)), "name one package"))
	default:
		p.path = filepath.Join(temp, built[0].Name())
		return p, nil
	}
	p.remove()
	return nil, err
}

func (g *goTool) tried(dir, verb, pkg string) string {
	text := "go " + verb
	if verb == "test" {
		text += " -c"
	}
	if text += " " + quote(pkg); dir != "" {
		text += " in " + quote(dir)
	}
	return text
}

// list returns the directory of the one package that pkg names.
func (g *goTool) list(ctx context.Context, dir, pkg string, flags *buildFlags) (string, error) {
	var stderr bytes.Buffer
	args := slices.Concat([]string{"list", "-find", "-f", "{{.Dir}}"}, flags.listArgs(), []string{"--", pkg})
	cmd := g.command(ctx, dir, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		if text := strings.TrimSpace(stderr.String()); text != "" {
			return "", errors.New(text)
		}
		return "", fmt.Errorf("go list %s: %w", quote(pkg), err)
	}
	dirs := strings.Fields(string(out))
	if len(dirs) != 1 {
		return "", fmt.Errorf("%s names %d packages: name one", quote(pkg), len(dirs))
	}
	return dirs[0], nil
}

func (g *goTool) command(ctx context.Context, dir string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = dir, g.env
	if dir != "" {
		if abs, err := filepath.Abs(dir); err == nil {
			cmd.Env = append(cmd.Env[:len(cmd.Env):len(cmd.Env)], "PWD="+abs)
		}
	}
	return cmd
}
