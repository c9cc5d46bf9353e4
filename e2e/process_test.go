package e2e

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// untouched checks that nothing of tracing is left on a process: it has no
// tracer, none of its threads stands still, and its code is as on disk.
func untouched(pid int) error {
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/status", pid))
	if err != nil {
		return err
	}
	if len(tasks) == 0 {
		return fmt.Errorf("process %d is gone", pid)
	}
	for _, task := range tasks {
		status, err := os.ReadFile(task)
		if os.IsNotExist(err) {
			continue // the thread has ended meanwhile
		}
		if err != nil {
			return err
		}
		if err := freeRunning(string(status)); err != nil {
			return fmt.Errorf("%s: %w", task, err)
		}
	}
	return pristine(pid)
}

// free checks that a process is untouched, and has no memory with code besides
// that of files.
func free(pid int) error {
	if err := untouched(pid); err != nil {
		return err
	}
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(maps)) {
		if f := strings.Fields(line); strings.Contains(f[1], "x") && len(f) == 5 {
			return fmt.Errorf("memory is left: %s", line)
		}
	}
	return nil
}

// freeRunning checks the text of a thread's status file.
func freeRunning(status string) error {
	for line := range strings.Lines(status) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":\t")
		switch {
		case key == "State" && (value[0] == 't' || value[0] == 'T'):
			return fmt.Errorf("thread stands still: %s", value)
		case key == "TracerPid" && value != "0":
			return fmt.Errorf("thread is traced by %s", value)
		}
	}
	return nil
}

// pristine compares the executable mappings of a process's own program with
// the file on disk.
func pristine(pid int) error {
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	if err != nil {
		return err
	}
	disk, err := os.ReadFile(exe)
	if err != nil {
		return err
	}
	maps, err := os.ReadFile(fmt.Sprintf("/proc/%d/maps", pid))
	if err != nil {
		return err
	}
	mem, err := os.Open(fmt.Sprintf("/proc/%d/mem", pid))
	if err != nil {
		return err
	}
	defer mem.Close()
	seen := 0
	for line := range strings.Lines(string(maps)) {
		if !strings.HasSuffix(strings.TrimSpace(line), exe) || !strings.Contains(line, " r-xp ") {
			continue
		}
		if err := sameText(mem, line, disk); err != nil {
			return err
		}
		seen++
	}
	if seen == 0 {
		return fmt.Errorf("process %d has no executable mapping of %s", pid, exe)
	}
	return nil
}

// sameText compares one mapping, given by its line in maps, with the file.
func sameText(mem io.ReaderAt, mapping string, disk []byte) error {
	var start, end, offset int64
	var perm string
	if _, err := fmt.Sscanf(mapping, "%x-%x %s %x", &start, &end, &perm, &offset); err != nil {
		return fmt.Errorf("read mapping %q: %w", mapping, err)
	}
	text := make([]byte, end-start)
	if _, err := mem.ReadAt(text, start); err != nil {
		return err
	}
	want := disk[offset:min(offset+end-start, int64(len(disk)))]
	if bytes.Equal(text[:len(want)], want) {
		return nil
	}
	for i := range want {
		if text[i] != want[i] {
			return fmt.Errorf("code at %#x is %#02x, on disk %#02x", start+int64(i), text[i], want[i])
		}
	}
	return nil
}
