package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/spf13/cobra"
)

// doctorFlags are the flags of doctor.
type doctorFlags struct {
	format string
	build  buildFlags
	quiet  bool
}

func newDoctorCommand(a *app) *cobra.Command {
	var f doctorFlags
	cmd := &cobra.Command{
		Use:   "doctor [flags] [PID|NAME|PROG]",
		Short: "Check whether tracing would work, and what helps",
		Long: `Check everything that tracing needs, one line for each check: ok, warning
or fail, what was found, and for each problem what helps.

Without an argument it checks the machine and gtrace itself; for that a child is
started, traced and killed. With PID, or the NAME of a running Go process, it
also checks whether that can be attached to, without touching it. With PROG, as
gtrace run takes it, it checks that program; one that is source is built first,
without optimisation.

EXIT STATUS
  0    nothing is in the way; there may be warnings
  1    attaching, or running PROG, would fail
  2    wrong usage
  125  gtrace itself failed
  126  PROG cannot be built
  127  PROG does not exist`,
		Example: `  gtrace doctor
  gtrace doctor 4711
  gtrace doctor -q server                    only what is wrong
  gtrace doctor --optimized ./cmd/server
  gtrace doctor 4711 --format json | jq 'select(.status == "fail")'`,
		Args: needArgs(0, 1, ""),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runDoctor(cmd.Context(), a, &f, args)
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			words, _ := completeProcess(a)(cmd, args, word)
			return words, cobra.ShellCompDirectiveDefault // or a file
		},
	}
	fs := cmd.Flags()
	fs.SortFlags = false
	fs.StringVar(&f.format, "format", formats[0], "`FORMAT` of the checks: text or json (one object a line)")
	f.build.register(fs)
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "problems only")
	return cmd
}

func runDoctor(ctx context.Context, a *app, f *doctorFlags, args []string) error {
	if !slices.Contains(formats, f.format) {
		return usage(fmt.Errorf("--format %s: use text, json", f.format))
	}
	if _, err := f.build.parse(); err != nil {
		return usage(err)
	}
	a.say.quiet = f.quiet
	d := &doctor{app: a, world: a.say.world}
	d.meant("attach", "PID")
	path := ""
	if len(args) > 0 {
		found, done, err := d.find(ctx, args[0], &f.build)
		if err != nil {
			return err
		}
		defer done()
		path = found
	}
	if d.machine() && d.process() && path != "" {
		d.binary(path)
	}
	if err := d.write(f); err != nil {
		return err
	}
	a.say.note("%s", d.verdict())
	if d.count(bad) > 0 {
		return ended(statusProblem)
	}
	return nil
}

// write writes the checks to stdout.
func (d *doctor) write(f *doctorFlags) error {
	shown := d.checks
	if f.quiet {
		shown = slices.DeleteFunc(slices.Clone(shown), func(c check) bool { return c.Status == good })
	}
	if f.format == "json" {
		return writeLines(d.out, shown)
	}
	colors := outputFlags{color: "auto"}
	return printChecks(d.out, shown, colors.colored(d.out, d.env), terminalWidth(d.out))
}

// find takes the argument for a PID, the name of a running Go process, or a
// program, in this order, and sets the world of the hints to that. It returns
// where the program can be read.
func (d *doctor) find(ctx context.Context, who string, build *buildFlags) (path string, done func(), err error) {
	pid, err := strconv.Atoi(who)
	isPID := err == nil && !isFile(who)
	if !isPID {
		running, _ := d.procs.named(who)
		if len(running) > 1 {
			return "", nil, usage(withHint(fmt.Errorf("%s: %d Go processes have that name:\n%s", who, len(running), table(running)),
				fmt.Sprintf("gtrace doctor %d", running[0].pid)))
		}
		if len(running) == 1 {
			pid, isPID = running[0].pid, true
		}
	}
	if isPID {
		d.world.pid = pid
		d.meant("attach", strconv.Itoa(pid))
		return d.procs.path(pid, "exe"), func() {}, nil
	}
	d.say.world.prog, d.world.prog = who, who
	d.meant("run", who)
	p, err := d.program(ctx, who, build)
	if exitStatus(err) == statusNotFound && !isLocal(who) {
		return "", nil, notFound(withHint(fmt.Errorf("%s: no such process, program, file or package", quote(who)), "gtrace ps"))
	}
	if err != nil {
		return "", nil, err
	}
	return p.path, p.remove, nil
}

// meant makes hints speak of the command that the checks are made for.
func (d *doctor) meant(command, target string) {
	if len(d.world.args) > 0 {
		d.world.args = []string{d.world.args[0], command, target}
	}
}

// A status is how a check came out.
type status string

const (
	good    status = "ok"
	warning status = "warning"
	bad     status = "fail"
)

// A check is one thing that was looked at.
type check struct {
	Name   string   `json:"check"`
	Status status   `json:"status"`
	Found  string   `json:"found"`
	Hints  []string `json:"hints,omitempty"`
}

// A doctor looks at a machine, a process and a program, and collects what it
// finds.
type doctor struct {
	*app
	world  hintWorld
	checks []check
}

func (d *doctor) add(name string, s status, found string, hints ...string) {
	d.checks = append(d.checks, check{name, s, found, hints})
}

// fail notes an error, with the hints that it has elsewhere.
func (d *doctor) fail(name string, err error) {
	d.add(name, bad, err.Error(), hints(err, d.world)...)
}

// refused notes in the check of each reason that the kernel refuses for it.
func (d *doctor) refused() {
	for _, r := range d.world.refusals() {
		i := slices.IndexFunc(d.checks, func(c check) bool { return c.Name == r.about })
		switch {
		case i >= 0:
			d.checks[i] = check{r.about, bad, r.what, r.do}
		case r.what != "":
			d.add(r.about, bad, r.what, r.do...)
		default: // unknown, but for what may help
			d.checks[len(d.checks)-1].Hints = r.do
		}
	}
}

func (d *doctor) count(s status) int {
	n := 0
	for _, c := range d.checks {
		if c.Status == s {
			n++
		}
	}
	return n
}

// verdict says what it all comes to.
func (d *doctor) verdict() string {
	what := "tracing"
	switch {
	case d.world.pid != 0:
		what = fmt.Sprintf("attaching to PID %d", d.world.pid)
	case d.world.prog != "":
		what = "running " + quote(d.world.prog)
	}
	would := "would work"
	if d.count(bad) > 0 {
		would = "would fail"
	}
	return fmt.Sprintf("%s %s: %s, %s", what, would, plural(d.count(bad), "failure"), plural(d.count(warning), "warning"))
}
