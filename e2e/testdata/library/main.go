// Library is a target that uses much of the standard library, in several
// goroutines.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"sort"
	"strings"
	"sync"
	"time"
)

type T struct {
	A int
	B []string
	C map[string]float64
}

func main() {
	var wg sync.WaitGroup
	for i := range 4 {
		wg.Go(func() {
			b, _ := json.Marshal(T{i, []string{"x", "y"}, map[string]float64{"a": 1.5}})
			var t T
			if err := json.Unmarshal(b, &t); err != nil {
				panic(err)
			}
			var buf bytes.Buffer
			fmt.Fprintf(&buf, "%d %v %q", i, t, strings.Repeat("z", i))
			xs := []string{"c", "b", "a", buf.String()}
			sort.Strings(xs)
			time.Sleep(time.Millisecond)
		})
	}
	wg.Wait()
	out, err := exec.Command("echo", "child").Output()
	fmt.Printf("%q %v\n", out, err)
	os.Exit(3)
}
