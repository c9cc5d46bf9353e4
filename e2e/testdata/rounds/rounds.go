// Package rounds is for targets that gtrace attaches to and leaves again: they
// do the same again until they are told to end, so that what they write does
// not depend on how long that took.
package rounds

import (
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// Until says "ready" and calls round until the standard input ends, once at
// least. The calls are numbered.
func Until(round func(n int)) {
	var done atomic.Bool
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		done.Store(true)
	}()
	fmt.Println("ready")
	for n := 0; n == 0 || !done.Load(); n++ {
		round(n)
	}
}
