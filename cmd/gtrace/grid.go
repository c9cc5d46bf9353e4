package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"
)

// A grid is a table for people. Its first column is one of numbers; its last
// goes as far as there is room.
type grid struct {
	rows  [][]string
	width int // of the terminal; 0: unlimited
	// yields is the column that is cut, from the left, when there is no room.
	yields int
}

// terminalWidth is the number of columns of a terminal; 0 for other files.
func terminalWidth(f *os.File) int {
	if !isTerminal(f) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return width
}

const (
	gap       = 2  // between columns
	leastLast = 14 // columns that the last one needs to be of use
	leastCut  = 12 // to which another one is cut for that
)

func (g *grid) write(w io.Writer) error {
	widths := g.widths()
	last := len(widths) - 1
	if g.width > 0 {
		room := g.width
		for _, width := range widths[:last] {
			room -= width + gap
		}
		want := min(widths[last], leastLast)
		for room < want && widths[g.yields] > leastCut {
			widths[g.yields]--
			room++
		}
		widths[last] = max(room, want)
	}
	for _, row := range g.rows {
		if _, err := fmt.Fprintln(w, line(row, widths, g.yields)); err != nil {
			return err
		}
	}
	return nil
}

func (g *grid) widths() []int {
	widths := make([]int, len(g.rows[0]))
	for _, row := range g.rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	return widths
}

// line writes one row.
func line(row []string, widths []int, yields int) string {
	var b strings.Builder
	for i, cell := range row {
		pad := strings.Repeat(" ", max(widths[i]-utf8.RuneCountInString(cell), 0))
		switch {
		case i == 0:
			b.WriteString(pad + cell)
		case i == yields:
			b.WriteString(cutLeft(cell, widths[i]) + pad)
		case i == len(row)-1:
			b.WriteString(cutRight(cell, widths[i]))
			continue
		default:
			b.WriteString(cell + pad)
		}
		b.WriteString(strings.Repeat(" ", gap))
	}
	return strings.TrimRight(b.String(), " ")
}

// cutRight shortens a text to a width by its end, cutLeft by its begin.
func cutRight(s string, width int) string {
	r := []rune(s)
	if len(r) <= width {
		return s
	}
	return string(r[:max(width-1, 0)]) + "…"
}

func cutLeft(s string, width int) string {
	r := []rune(s)
	if len(r) <= width {
		return s
	}
	return "…" + string(r[len(r)-max(width-1, 0):])
}
