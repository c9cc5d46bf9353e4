// Package guard saves a target whose tracer is killed.
//
// A tracer that dies without a chance to clean up, as of SIGKILL, leaves its
// breakpoints in the target. While there are any, a second process, the guard,
// knows how the target was before. It learns of the tracer's end by the end of
// the pipe between them; it then puts the text back, gives the threads their
// CPUs back, takes back what the tracer has mapped, and ends.
//
// The guard is the same program, started again. It has a session of its own, so
// that what is sent to the tracer's terminal or process group does not reach it,
// and another name, so that killing by name does not either.
package guard
