// Stderrors holds errors of the standard library, prints where each is and what its
// message is, and waits for its standard input to close.
package main

import (
	"fmt"
	"io"
	"os"
)

func main() {
	stdErrors()
	for i := range eStd {
		fmt.Printf("eStd[%d]\t%p\t%q\t%q\n", i, &eStd[i], "*", eStd[i].Error())
	}
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}
