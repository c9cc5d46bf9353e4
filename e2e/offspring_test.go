package e2e

import "testing"

// TestChildren traces the code that starts children, up to what runs between
// fork and exec. They must end as they do without gtrace, and those that were
// forked must have their code as on disk.
func TestChildren(t *testing.T) {
	require(t, "ptrace", "cgo")
	t.Parallel()
	for _, mode := range []string{"opt", "debug"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			prog := buildTarget(t, mode, "offspring")
			for range times(1) {
				foreign{
					argv:     []string{prog, "all"},
					patterns: []string{"main.*", "os/exec.*", "os.*", "syscall.*", "internal/syscall/*"},
					calls:    20,
				}.check(t)
			}
		})
	}
}
