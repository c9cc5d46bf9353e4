package ptrace

// A Trial tells what tracing a program from its start came to.
type Trial struct {
	// Trace is why a child could not be traced.
	Trace error
	// Write is why its code could not be changed, which planting a probe does.
	Write error
}
