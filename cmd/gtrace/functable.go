package main

import (
	"fmt"
	"io"
	"unicode/utf8"

	"gtrace/events"
	"gtrace/session/engine"
)

// A funcTable is the list of functions for people: the function, its place, and where
// it was inlined.
type funcTable [][3]string

func newFuncTable(rows []funcRow) funcTable {
	t := funcTable{{"FUNCTION", "PLACE", "INLINED"}}
	for _, r := range rows {
		t = append(t, [3]string{printable(r.Func), printable(r.place()), r.inlined()})
	}
	return t
}

// write writes the table in as many columns as there are; 0: as it takes. Where there is
// no room, packages are called by their names, as lines of a trace do, then places lose
// their directories, and at last names their begin.
func (t funcTable) write(w io.Writer, columns int, all []*engine.Function) error {
	room := func() int { return columns - t.width(2) - 2*gap }
	if columns > 0 && t.width(0)+t.width(1) > room() {
		t.shorten(all)
	}
	name, place := t.width(0), t.width(1)
	if columns > 0 && name+place > room() {
		place = min(place, max(room()-name, leastPlace))
		name = min(name, max(room()-place, leastCut))
	}
	for _, row := range t {
		if _, err := fmt.Fprintf(w, "%s  %s  %s\n", cutTo(row[0], name), cutTo(row[1], place), row[2]); err != nil {
			return err
		}
	}
	return nil
}

// leastPlace is the width in which a file and a line are to be seen.
const leastPlace = 18

// cutTo makes a text as wide as a column, by its begin.
func cutTo(s string, width int) string {
	s = cutLeft(s, width)
	return fmt.Sprintf("%-*s", width, s)
}

func (t funcTable) width(column int) (width int) {
	for _, row := range t {
		width = max(width, utf8.RuneCountInString(row[column]))
	}
	return width
}

// shorten calls the functions as lines of a trace do.
func (t funcTable) shorten(all []*engine.Function) {
	var names events.Names
	for _, f := range all {
		names.Add(events.PackagePath(f.Name), f.PackageName)
	}
	for i := range t[1:] {
		t[i+1][0] = names.Shorten(t[i+1][0])
	}
}
