//go:build linux && amd64

package guard

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// Alive reports whether a process has a guard.
func Alive(pid int) bool {
	all, _ := filepath.Glob("/proc/[0-9]*")
	return slices.ContainsFunc(all, func(dir string) bool { return Guards(filepath.Base(dir), pid) })
}

// Guards reports whether a process, whose PID is given as text, is a guard of pid.
func Guards(process string, pid int) bool {
	line, _ := os.ReadFile("/proc/" + process + "/cmdline")
	return string(line) == name+"\x00"+strconv.Itoa(pid)+"\x00"
}
