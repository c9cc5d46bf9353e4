package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"gtrace/events"
)

// pidFlag is the name of the flag that is strace's -p.
const pidFlag = "pid"

func newAttachCommand(a *app) *cobra.Command {
	var f traceFlags
	var pids []string
	cmd := &cobra.Command{
		Use:   "attach [flags] PID|NAME…",
		Short: "Trace a running process, or several",
		Long: `Attach to the process PID, or to the one Go process whose program is called
NAME, and write its events to stdout until it ends or Ctrl-C is typed. The
process then runs on as it was.

Several processes are traced together: their events come in the order of time,
each with its pid, and the trace goes on until all have ended.

Every other signal that can be caught, a closed pipe, --limit, --for and
--stop-at end the trace in the same way, and so does an output that takes
nothing for --stall: the process would stand still with it. Ctrl-Z does
nothing, for the same reason.

EXIT STATUS
  0    the process or the trace ended by itself
  2    wrong usage: a flag, or a pattern that matches nothing
  125  gtrace itself failed
  126  the process could not be attached to
  130  Ctrl-C ended the trace (128+N: signal N did)`,
		Example: `  gtrace attach 4711 -t 'main.(*Server).*'
  gtrace attach server -t store.Load --limit 100
  gtrace attach 4711 4712 -t 'store.*'       two processes
  gtrace attach server -e exception --for 1m -o errors.json --format json
  gtrace attach 4711 --format json | jq 'select(.kind == "return")'`,
		Args: func(cmd *cobra.Command, args []string) error {
			return needArgs(1, -1, "PID or NAME")(cmd, slices.Concat(pids, args))
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			return runAttach(cmd.Context(), a, &f, slices.Concat(pids, args))
		},
		ValidArgsFunction: completeProcess(a),
	}
	f.register(cmd.Flags(), attachedStall)
	cmd.Flags().StringSliceVarP(&pids, pidFlag, "p", nil, "also attach to the process `PID`, as in strace; may be repeated, or given a list with commas. gtrace -p PID is gtrace attach PID")
	f.complete(cmd)
	cmd.PreRunE = f.presets.apply
	return cmd
}

func runAttach(ctx context.Context, a *app, f *traceFlags, who []string) error {
	if err := a.begin(f); err != nil {
		return err
	}
	var pids []int
	for _, one := range who {
		if one == "" {
			return usage(errors.New("--pid: a PID is missing"))
		}
		pid, err := a.procs.find(one)
		a.say.world.pid = pid
		if err != nil {
			return notStarted(fmt.Errorf("attach to %w", err))
		}
		if !slices.Contains(pids, pid) {
			pids = append(pids, pid)
		}
	}
	if len(pids) > 1 {
		return attachSeveral(ctx, a, f, pids)
	}
	return attachOne(ctx, a, f, pids[0])
}

func attachOne(ctx context.Context, a *app, f *traceFlags, pid int) error {
	ctx, t, done, err := a.open(ctx, f, a.out, nil)
	if err != nil {
		return err
	}
	defer done()
	read := a.reading(fmt.Sprintf("/proc/%d/exe", pid))
	tgt, err := a.engine.Attach(pid)
	read()
	if err != nil {
		t.out.Close() // nothing was written
		return notStarted(err)
	}
	if t.wantsStatus(pid) {
		t.showStatus()
	}
	if err := t.run(ctx, tgt); err != nil && !isStop(err) {
		a.say.report(err)
		if t.released && !t.begun.IsZero() {
			a.say.note("tracing ended; PID %d runs on", pid)
		}
		return ended(exitStatus(err))
	}
	if targetEnded(t.end.Reason) {
		t.summarize("")
	} else {
		t.summarize(fmt.Sprintf("; %s; PID %d runs on", stopText(&t.end), pid))
		t.hintExec()
	}
	if stop := stopOf(ctx); stop != nil && stop.Reason == events.ReasonInterrupted {
		return ended(targetStatus(0, stop.Signal))
	}
	return nil
}

// wantsStatus decides whether a status line is shown: on a terminal of which
// neither the events nor the target make use.
func (t *trace) wantsStatus(pid int) bool {
	a := t.app
	return !t.flags.quiet && !isTerminal(t.out.file) && isTerminal(a.err) &&
		!isDumb(a.env) && !a.procs.writesTo(pid, a.err)
}

// showStatus shows it from now on.
func (t *trace) showStatus() {
	t.status = startStatus(t.stderr, t.cancel)
	t.app.say.w = t.status
}
