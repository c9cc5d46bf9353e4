package e2e

import (
	"os/exec"
	"testing"
)

// crowd is how many busy loops share the cores with a test that is about what
// happens in between.
const crowd = 6

// crowded keeps the cores busy until the test is over. What never happens on idle
// cores happens on these.
func crowded(t *testing.T) {
	t.Helper()
	for range crowd {
		cmd := exec.Command("sh", "-c", "while :; do :; done")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
		})
	}
}
