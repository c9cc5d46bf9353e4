// Package procstatus reads /proc/PID/status: what Linux says of a process, or of a
// thread. A process may end at any time, so what cannot be read is as if it were
// not there.
package procstatus

import (
	"os"
	"strconv"
	"strings"
)

// A Status is what was said at one moment. The empty one is of no process.
type Status string

// Of returns the status of a process or thread.
func Of(id int) Status {
	s, _ := In("/proc/" + strconv.Itoa(id))
	return s
}

// In returns the status in a directory such as /proc/7/task/9.
func In(dir string) (Status, error) {
	data, err := os.ReadFile(dir + "/status")
	return Status(data), err
}

// Field returns what is said behind a name, or "".
func (s Status) Field(name string) string {
	for line := range strings.Lines(string(s)) {
		if key, value, ok := strings.Cut(line, ":"); ok && key == name {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Number returns a field that is a number, be it one of kB, or 0.
func (s Status) Number(name string) int {
	n, _ := strconv.Atoi(strings.TrimSuffix(s.Field(name), " kB"))
	return n
}

// Set returns a field that is a set, of signals or capabilities, and whether it is
// there.
func (s Status) Set(name string) (set uint64, ok bool) {
	set, err := strconv.ParseUint(s.Field(name), 16, 64)
	return set, err == nil
}
