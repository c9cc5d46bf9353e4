package main

import (
	"cmp"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"gtrace/session/engine/program"

	"github.com/spf13/cobra"
)

func newVersionCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the versions of gtrace, Delve and Go",
		Long: `Print the versions of gtrace, of the Delve it was built with, and of Go; and the
versions of Go whose programs can be traced.

EXIT STATUS
  0    always`,
		Args: needArgs(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			info, _ := debug.ReadBuildInfo()
			return printVersion(a.out, info)
		},
	}
}

// printVersion writes the versions, one a line. The info may be nil.
func printVersion(w io.Writer, info *debug.BuildInfo) error {
	gtrace, revision, delve := "(devel)", "", "unknown"
	if info != nil {
		gtrace = cmp.Or(info.Main.Version, gtrace)
		for _, dep := range info.Deps {
			if dep.Path == "github.com/go-delve/delve" {
				delve = dep.Version
			}
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	oldest, newest := program.GoVersions()
	_, err := fmt.Fprintf(w, "gtrace %s%s\ndelve  %s\ngo     %s %s/%s\ntraces programs of %s to %s\n",
		gtrace, revision, delve, runtime.Version(), runtime.GOOS, runtime.GOARCH, oldest, newest)
	return err
}

// buildVersion is the version of this gtrace.
func buildVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return cmp.Or(info.Main.Version, "(devel)")
	}
	return "(devel)"
}
