//go:build linux && amd64

package proc

import (
	"os"
	"strconv"
	"time"
)

// CPUTime is how much a thread has run, as its scheduler counts.
type CPUTime struct {
	Ran    time.Duration
	Slices int64 // how often it was put on a CPU
}

// CPUTime reads the thread's scheduler statistics. It reports false where the
// kernel keeps none.
func (t *Thread) CPUTime() (CPUTime, bool) {
	if t.schedstat == nil {
		id := strconv.Itoa(t.ID)
		f, err := os.Open("/proc/" + id + "/task/" + id + "/schedstat")
		if err != nil {
			return CPUTime{}, false
		}
		t.schedstat = f
	}
	var buf [96]byte
	n, _ := t.schedstat.ReadAt(buf[:], 0)
	var fields [3]int64 // time on CPU, time waiting for one, slices
	i := 0
	for _, c := range buf[:n] {
		switch {
		case c >= '0' && c <= '9':
			fields[i] = fields[i]*10 + int64(c-'0')
		case i < 2:
			i++
		}
	}
	return CPUTime{Ran: time.Duration(fields[0]), Slices: fields[2]}, n > 0 && i == 2
}

// forget releases what is kept open for a thread.
func (t *Thread) forget() {
	if t.schedstat != nil {
		_ = t.schedstat.Close()
		t.schedstat = nil
	}
}
