// Package e2e runs the gtrace binary on real processes. It holds tests only and
// knows gtrace by its command line and its JSON lines; of gtrace's packages it
// imports only what reads and validates those lines.
//
// # Scripts
//
// Each file of testdata/script is one topic: it holds the source of a target,
// builds it, traces it and compares everything that came out. To the commands
// of testscript it adds
//
//	build MODE OUT [PKG]     build a target. MODE is opt (as go build ships it),
//	                         debug (-N -l), race, pie, trimpath, stripped or
//	                         test. Without a go.mod it writes one.
//	exits N PROG [ARGS…]     run PROG and require its exit status; a signal S
//	                         counts as 128+S
//	trace STATUS [FLAGS…] PROG [ARGS…]
//	                         run PROG under "gtrace run", which must exit with
//	                         STATUS; validate the stream and print it in compact
//	                         form. It stays in trace.jsonl
//	events [-at] FILE        print a stream of JSON lines in compact form
//	validate FILE…           check streams against the rules all streams obey
//	start NAME PROG [ARGS…]  run PROG in the background until it prints "ready"
//	                         and set $NAME to its process id; it is killed at
//	                         the end of the script
//	await PID                wait until a process started by start has ended
//	untouched PID            check that a process was let go: no tracer, no
//	                         stopped thread, its code as on disk
//
// and the conditions [ptrace], [cgo], [race], [root], [strace], [gdb] and [dlv].
//
// # The compact form
//
// events prints one line an event, without times, process ids and the names of
// directories. Goroutines are printed one after the other, the main one first
// and the others ordered by what they did, and renumbered in that order.
// Addresses become 0xADDR and line feeds \n. With -at each line ends in its place.
//
//	start main.load
//	g1 call main.load(id=-2) from main.main
//	g1 exception main.load error *errors.errorString: negative id, from main.load
//	g1 return main.load = nil, &errors.errorString{s:"negative id"}; error: negative id
//	end exited 0
//
// # Tests in Go
//
// generate_test.go traces random programs that log their own calls (see
// [gtrace/e2e/progen]) and compares log and stream, among them functions with the
// oddest of arguments and results; wrapped_test.go does the same with functions that
// are inlined into wrappers. attach_test.go attaches to
// a busy server and leaves it. ways_test.go, fault_test.go and terminal_test.go
// leave processes in every other way there is: a full disk, a reader that does
// not read, a panic in gtrace, a terminal that is closed. foreign_test.go traces
// programs written by others. lines_test.go compares the line events of a program
// with marks that it sets itself (see [gtrace/e2e/linemark]). repair_test.go
// plants breakpoints, or kills those who have, and repairs. kills_test.go kills
// gtrace and its guard at any moment, on busy cores.
//
// A test that needs what this machine lacks is skipped; the environment
// variable GTRACE_REQUIRE=ptrace,cgo,… turns such a skip into a failure.
package e2e
