package main

import (
	"errors"
	"os"
	"os/user"
	"slices"
	"strconv"
	"strings"

	"gtrace/session/engine"
	"gtrace/session/engine/program"
)

// A psRow is one process of the list.
type psRow struct {
	PID  int      `json:"pid"`
	User string   `json:"user"`
	Name string   `json:"name"`
	Args []string `json:"args"`
	// Program is missing when it may not be read.
	Program *psProgram `json:"program,omitempty"`
	Attach  bool       `json:"attach"`
	Reason  string     `json:"reason,omitempty"`  // one word
	Message string     `json:"message,omitempty"` // all of it

	why string // Reason, for people
}

// A psProgram tells how a program was built. What the program does not tell is
// missing.
type psProgram struct {
	Go        string `json:"go"`
	Module    string `json:"module,omitempty"`
	Package   string `json:"package,omitempty"`
	Optimized *bool  `json:"optimized,omitempty"`
	Inlined   *bool  `json:"inlined,omitempty"`
	Cgo       *bool  `json:"cgo,omitempty"`
	PIE       bool   `json:"pie"`
	Race      bool   `json:"race"`
	Trimpath  bool   `json:"trimpath"`
	Stripped  bool   `json:"stripped"` // no symbols, no debug information
	DebugInfo bool   `json:"debug_info"`
}

func newPsProgram(p program.Build) *psProgram {
	return &psProgram{
		Go: p.GoVersion, Module: p.Module, Package: p.Package,
		Optimized: p.Optimized, Inlined: p.Inlined, Cgo: p.Cgo,
		PIE: p.PIE, Race: p.Race, Trimpath: p.Trimpath,
		Stripped: !p.Symbols && !p.DebugInfo, DebugInfo: p.DebugInfo,
	}
}

// psRows returns the Go processes that any of the texts matches, and the PIDs of
// others of which nobody knows.
func (a *app) psRows(texts []string, all bool) (rows []psRow, hidden []int) {
	programs := map[fileID]*psProgram{} // many processes run the same
	for _, proc := range a.procs.list() {
		if proc.known && !proc.golang {
			continue
		}
		row := psRow{PID: proc.pid, Name: proc.name, Args: proc.args}
		if proc.known {
			if row.Program = a.psProgram(proc.pid, programs); row.Program == nil {
				continue // it has ended
			}
		}
		if !row.matches(texts) {
			continue
		}
		if !proc.known && !all && len(texts) == 0 {
			hidden = append(hidden, proc.pid)
			continue
		}
		if !a.askAttach(&row) {
			continue
		}
		row.User = a.userOf(proc.pid)
		rows = append(rows, row)
	}
	return rows, hidden
}

func (a *app) psProgram(pid int, programs map[fileID]*psProgram) *psProgram {
	path := a.procs.path(pid, "exe")
	info, err := os.Stat(path)
	if err != nil {
		return nil
	}
	id := idOf(info)
	if programs[id] == nil {
		p, err := a.probe.Inspect(path)
		if err != nil {
			return nil
		}
		programs[id] = newPsProgram(p)
	}
	return programs[id]
}

// matches reports whether one of the texts is in what people know of a process.
func (r *psRow) matches(texts []string) bool {
	return len(texts) == 0 || slices.ContainsFunc(texts, func(text string) bool {
		switch {
		case text == strconv.Itoa(r.PID) || strings.Contains(r.Name, text):
			return true
		case r.Program == nil:
			return false // it may be Go: one should mean it
		}
		return strings.Contains(r.Program.Module, text) || strings.Contains(strings.Join(r.Args, " "), text)
	})
}

// refusedBecause gives the reasons for not attaching their words, for programs
// and for people.
var refusedBecause = []struct {
	is           error
	word, people string
}{
	{engine.ErrTraced, "traced", "traced by "},
	{engine.ErrPatched, "patched", "breakpoints left"},
	{engine.ErrPermission, "permission", "permission"},
	{engine.ErrNoDebugInfo, "no_debug_info", "no debug info"},
	{engine.ErrDamaged, "damaged", "damaged"},
	{engine.ErrGoVersion, "go_version", "Go version"},
	{engine.ErrNotSupported, "not_supported", "not supported"},
	{engine.ErrNotGo, "not_go", "not Go"},
}

// askAttach notes whether a process can be attached to. It is false when the
// process has ended.
func (a *app) askAttach(row *psRow) bool {
	err := a.probe.Check(row.PID)
	switch {
	case err == nil:
		row.Attach = true
		return true
	case errors.Is(err, engine.ErrNoProcess):
		return false
	}
	row.Reason, row.why, row.Message = "other", "other", err.Error()
	for _, r := range refusedBecause {
		if errors.Is(err, r.is) {
			row.Reason, row.why = r.word, r.people
			break
		}
	}
	if row.Reason == "traced" {
		_, comm := a.procs.tracer(row.PID)
		row.why += comm
	}
	return true
}

// userOf names the user that a process acts for.
func (a *app) userOf(pid int) string {
	ids := a.procs.users(strconv.Itoa(pid))
	if len(ids) < 2 {
		return "?"
	}
	return userName(ids[1])
}

// userName is the name of a user, or the id of one without.
func userName(id string) string {
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// words tell how a program was built; the first, whether it was optimised.
func (p *psProgram) words() []string {
	var words []string
	switch {
	case p.Optimized == nil:
		words = append(words, "?")
	case *p.Optimized:
		words = append(words, "opt")
	default:
		words = append(words, "debug")
	}
	for _, w := range []struct {
		is   bool
		word string
	}{
		{p.PIE, "pie"},
		{p.Cgo != nil && *p.Cgo, "cgo"},
		{p.Race, "race"},
		{p.Stripped, "stripped"},
		{!p.Stripped && !p.DebugInfo, "no-dwarf"},
	} {
		if w.is {
			words = append(words, w.word)
		}
	}
	return words
}
