package repair

import (
	"fmt"
	"strconv"
	"strings"
)

// A mapping is one line of /proc/PID/maps.
type mapping struct {
	start, end uint64 // addresses
	perms      string // as r-xp
	offset     uint64 // in the file, of start
	dev        string // of the file, as 08:01
	inode      uint64 // of the file; 0 for memory without one
	path       string // with newlines as \012
}

// holdsCode reports whether the mapping can hold text that was loaded from a
// file. What is shared is the file itself: nobody puts breakpoints there.
func (m *mapping) holdsCode() bool {
	return m.inode != 0 && strings.HasPrefix(m.path, "/") && m.perms[2] == 'x' && m.perms[3] == 'p'
}

// parseMaps reads the text of /proc/PID/maps.
func parseMaps(text string) ([]mapping, error) {
	var ms []mapping
	for line := range strings.Lines(text) {
		m, err := parseMapping(strings.TrimSuffix(line, "\n"))
		if err != nil {
			return nil, fmt.Errorf("line %q of maps: %w", line, err)
		}
		ms = append(ms, m)
	}
	return ms, nil
}

// parseMapping reads a line: START-END PERMS OFFSET DEV INODE, each behind one
// space, then spaces and the path, which may have spaces of its own.
func parseMapping(line string) (m mapping, err error) {
	var fields [5]string
	rest := line
	for i := range fields {
		fields[i], rest, _ = strings.Cut(rest, " ")
	}
	m.path = strings.TrimLeft(rest, " ")
	from, to, _ := strings.Cut(fields[0], "-")
	if m.start, err = strconv.ParseUint(from, 16, 64); err != nil {
		return m, err
	}
	if m.end, err = strconv.ParseUint(to, 16, 64); err != nil {
		return m, err
	}
	if m.offset, err = strconv.ParseUint(fields[2], 16, 64); err != nil {
		return m, err
	}
	if m.inode, err = strconv.ParseUint(fields[4], 10, 64); err != nil {
		return m, err
	}
	m.perms, m.dev = fields[1], fields[3]
	switch {
	case m.end <= m.start:
		return m, fmt.Errorf("it ends before it starts")
	case len(m.perms) != 4:
		return m, fmt.Errorf("permissions %q", m.perms)
	case m.offset+(m.end-m.start) < m.offset:
		return m, fmt.Errorf("offset %#x", m.offset)
	}
	return m, nil
}

// fileName is the path as the file system knows it. The kernel escapes nothing
// but newlines, so that a name with \012 in it reads like one with a newline:
// whoever opens the file must check that it is the one that is mapped.
func (m *mapping) fileName() string { return strings.ReplaceAll(m.path, `\012`, "\n") }
