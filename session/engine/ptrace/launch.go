package ptrace

import "os"

// Launch says how to start a program. A nil file is /dev/null.
type Launch struct {
	Path                  string
	Args                  []string // without the program's own name
	Dir                   string   // empty: the current one
	Env                   []string // nil: the current one
	Stdin, Stdout, Stderr *os.File
}
