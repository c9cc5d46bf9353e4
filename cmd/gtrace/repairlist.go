package main

import (
	"encoding/hex"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"gtrace/repair"
)

// mostRows is how many differences are shown to people who did not ask for all.
const mostRows = 20

// A repairRow is one difference of the list.
type repairRow struct {
	What       string `json:"what"` // breakpoint, borrowed, changed, not_compared or handler
	Binary     string `json:"binary,omitempty"`
	Address    string `json:"address,omitempty"`
	Offset     string `json:"offset,omitempty"` // in the binary
	Length     uint64 `json:"length,omitempty"`
	Disk       string `json:"disk,omitempty"`   // hexadecimal
	Memory     string `json:"memory,omitempty"` // of a long change, the first bytes
	Func       string `json:"func,omitempty"`
	FuncOffset uint64 `json:"func_offset,omitempty"`
	File       string `json:"file,omitempty"` // of the source
	Line       int    `json:"line,omitempty"`
	Restored   bool   `json:"restored,omitempty"`
	Reason     string `json:"reason,omitempty"` // why it was not compared, or is there

	program bool
}

// rows describes what was found. Left counts what is not described because
// nobody asked for all.
func (r *repairRun) rows(found *repair.Report) (rows []repairRow, left int) {
	for i := range found.Differences {
		if len(rows) == mostRows && r.flags.format != "json" && !r.flags.verbose {
			return rows, len(found.Differences) - i
		}
		d := &found.Differences[i]
		at := r.process.Locate(d)
		rows = append(rows, repairRow{
			What: d.Kind.String(), Binary: d.File, program: d.Program, Restored: d.Restored,
			Address: fmt.Sprintf("%#x", d.Address), Offset: fmt.Sprintf("%#x", d.Offset), Length: d.Length,
			Disk: hex.EncodeToString(d.Disk), Memory: hex.EncodeToString(d.Memory),
			Func: at.Func, FuncOffset: at.Offset, File: at.File, Line: at.Line,
		})
	}
	return rows, 0
}

// what is the difference in a word or two.
func (row *repairRow) what() string {
	switch {
	case row.Restored:
		return "restored"
	case row.Length > 1:
		return fmt.Sprintf("%s, %d bytes", row.What, row.Length)
	}
	return row.What
}

// where is the place in words; of a library, its name stands before it.
func (row *repairRow) where() string {
	var words []string
	if !row.program {
		words = append(words, filepath.Base(row.Binary))
	}
	if row.Func != "" {
		words = append(words, fmt.Sprintf("%s+%#x", row.Func, row.FuncOffset))
	}
	if row.File != "" {
		words = append(words, place(row.File, row.Line))
	}
	if len(words) == 0 {
		return "-"
	}
	return printable(strings.Join(words, " "))
}

// shortBytes cuts hexadecimal bytes to fit in a column.
func shortBytes(s string) string {
	const most = 16
	switch {
	case s == "":
		return "?"
	case len(s) > most:
		return s[:most] + "…"
	}
	return s
}

// writeRepair writes the list for people.
func writeRepair(w io.Writer, rows []repairRow) error {
	if len(rows) == 0 {
		return nil
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "ADDRESS\tOFFSET\tDISK\tMEMORY\tWHAT\tWHERE") // an error comes again from Flush
	for i := range rows {
		r := &rows[i]
		fmt.Fprintf(tw, "%s\t%s\t%s\t%s\t%s\t%s\n",
			r.Address, r.Offset, shortBytes(r.Disk), shortBytes(r.Memory), r.what(), printable(r.where()))
	}
	return tw.Flush()
}

// writeRepairJSON writes the list for programs: one object a line, also for the
// files that were not compared.
func writeRepairJSON(w io.Writer, rows []repairRow, found *repair.Report) error {
	for _, file := range found.Files {
		if file.Err != nil {
			rows = append(rows, repairRow{What: "not_compared", Binary: file.Path, Reason: file.Err.Error()})
		}
	}
	return writeLines(w, rows)
}
