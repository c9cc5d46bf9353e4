// Package engine is the contract between a tracing session and the machinery
// that observes a process, as database/sql/driver is to database/sql.
//
// Two kinds of engine stand behind it. One holds a thread still at every hit,
// reads values when asked and can evaluate expressions in the frame. The other
// lets the target run: its hits arrive in batches, values were captured by a
// plan made when the probe was planted, and what was lost is counted. So what
// to capture is part of a [Probe], evaluation is an optional ability
// ([Evaluator]), and losing is a hit ([Lost]).
//
// An engine is used from the one goroutine that opened it.
package engine

import (
	"context"
	"errors"
	"iter"
	"time"

	"gtrace/events"
	"gtrace/events/secret"
)

// Reasons for which an engine refuses, for a caller to branch on. An engine
// wraps them with what was tried and on what.
var (
	ErrNotSupported = errors.New("not supported by this engine")
	ErrClosed       = errors.New("engine is closed")
	ErrNoProcess    = errors.New("no such process")
	ErrNotGo        = errors.New("not a Go program")
	ErrNoDebugInfo  = errors.New("no debug information")
	ErrDamaged      = errors.New("damaged")
	ErrGoVersion    = errors.New("version of Go is not supported")
	ErrPermission   = errors.New("permission denied")
	ErrTraced       = errors.New("already traced by another process")
	ErrNotSafe      = errors.New("it might not survive the sudden death of its tracer")
	ErrPatched      = errors.New("a breakpoint stands there that a killed tracer has left")
	ErrBarred       = errors.New("nothing is planted there")
	ErrUnprotected  = errors.New("it would not survive the sudden death of its tracer")
	ErrUnguarded    = errors.New("nobody would save it from the sudden death of its tracer")
)

// A MemoryError says why the memory that an expression stands for cannot be
// observed.
type MemoryError struct {
	Expr string
	Err  error
}

func (e *MemoryError) Error() string { return e.Expr + ": " + e.Err.Error() }

// Unwrap returns the reason.
func (e *MemoryError) Unwrap() error { return e.Err }

// An Engine observes one process.
type Engine interface {
	// Target describes the process.
	Target() Target
	// Functions returns every function of the target, ordered by name. The
	// caller must not change them.
	Functions() []*Function
	// Plant prepares a probe. An error names the function. The target is
	// changed when Hits is ranged over or its loop body ends.
	Plant(Probe) (ProbeID, error)
	// Unplant removes a probe. Nothing that reaches its place is yielded any
	// more. Like Plant it may be called in the loop body of Hits.
	Unplant(ProbeID) error
	// Hits lets the target run and yields what it does. A hit's thread stands
	// still while the loop body runs, if the engine holds threads at all.
	// Breaking out of the loop leaves the whole target stopped; ranging again
	// resumes it. The sequence ends after an Ended hit, after an error, and,
	// with the context's cause as its error, after the context is cancelled:
	// that leaves the target running, and ranging again, with another context,
	// goes on without a hit lost in between.
	Hits(context.Context) iter.Seq2[Hit, error]
	// Close removes every probe and lets go of the target, which runs on. It
	// may be called twice, and after the target has ended.
	Close() error
}

// An Evaluator is implemented by engines that can evaluate Go expressions in
// the frame of the hit that was yielded last, while the loop body runs.
type Evaluator interface {
	// Check says whether an expression has a meaning anywhere in a function; the
	// error of one that has none is a [*diag.Error].
	Check(*Function, Watch) error
	// Eval evaluates an expression: what comes out, or its parts, each with an
	// expression for it as its name. The error says why it cannot be done there.
	// Nothing is told of a variable that has no value yet, or of which a part is
	// not known.
	Eval(Watch, Limits) ([]events.Value, error)
}

// A Describer is implemented by engines that know the names of what functions take
// and give.
type Describer interface {
	Parameters(*Function) (args, results []string, err error)
}

// A Watch is an expression that is evaluated again and again.
type Watch struct {
	Expr string
	// Parts opens what comes out one level: the fields of a struct, the elements
	// of a list, the entries of a map, or of one that a pointer leads to.
	Parts bool
}

// A Holder is implemented by engines that hold threads still.
type Holder interface {
	// Held returns how long threads of the target were held so far, in total.
	Held() time.Duration
}

// A Pinner is implemented by engines that can keep tracer and target on one CPU
// while tracing, which makes a hit cheaper and the target's own work slower. The
// CPUs that threads may use are restored by Close.
type Pinner interface {
	Pin() error
}

// A Protector is implemented by engines that change the target such that it would
// not survive their sudden death, unless something is done before.
type Protector interface {
	// Protect does so before the first probe takes effect, or says why it cannot be
	// done; that wraps ErrUnprotected. A program that has just been started, and each
	// that follows it by exec, runs up to its first own instruction for it. Without
	// a call, a target that cannot be protected is traced as it is.
	Protect(context.Context) error
}

// A LineLister is implemented by engines that can observe lines.
type LineLister interface {
	// Lines returns the lines of a function on which statements begin, in
	// rising order. An error says why none can be observed.
	Lines(*Function) ([]int, error)
}

// A Follower is implemented by engines that can tell which functions a function
// calls. Functions of the runtime's machinery are left out.
type Follower interface {
	// Callees returns the functions that are called, deferred or started in its
	// code by name, and those of the closures that are made there.
	Callees(*Function) []*Function
	// Through reports whether the calls that a function makes count as its
	// caller's: wrappers, and functions of the standard library that only run
	// what they are given, such as sync.Once.
	Through(*Function) bool
	// Standard reports whether a function belongs to the standard library.
	Standard(*Function) bool
}

// An ExecFollower is implemented by engines that can go on with the program by which
// the target replaces its own.
type ExecFollower interface {
	// FollowExec lets the target be held where it has replaced its program: after
	// the Ended hit that says so, Follow may be called.
	FollowExec()
	// Follow opens the new program, which is held before its first instruction
	// until Hits is ranged over. Target and Functions are about it from then on;
	// the probes are gone with the old one. After an error there is nothing left
	// to do but to Close, which lets the target run on.
	Follow() error
}

// Target describes a traced process.
type Target struct {
	Engine    string // name of the engine: ptrace
	PID       int
	Program   string // path of the executable
	GoVersion string // go1.26.8
	Module    string // path of the main module, from the build information
	Launched  bool   // started by the engine rather than attached to
	Probes    int    // places planted so far
	// Stopped is how long attaching and planting have kept the target still.
	Stopped time.Duration
}

// A Function is a function of the target.
type Function struct {
	Name    string // as a Go traceback prints it: main.Map[...]
	Symbol  string // as the linker names it: main.Map[go.shape.int]
	Package string // import path, or main
	// PackageName is what the package clause says, and CommandPath, of a function of
	// package main, the import path of the program; "" where nobody knows.
	PackageName, CommandPath string

	File  string
	Line  int
	Entry uint64 // address; 0 when every call of it was inlined
	End   uint64
	// Inlined counts the places where the compiler inlined it: calls made
	// there cannot be seen.
	Inlined int
	// Hosts counts the wrappers into which the compiler inlined it, in place of the
	// call that each is made for: calls of a wrapper are observed as calls of it.
	Hosts int
	// Wrapper is set for code the compiler made: method wrappers, deferwrap,
	// gowrap. Patterns do not match it.
	Wrapper bool
	// NoReturn is set for a function with code but without a RET instruction.
	NoReturn bool
	// Optimized tells whether it was compiled with optimisation.
	Optimized bool
	// Barred says where it runs, if nothing is planted there for the target's sake:
	// "between fork and exec, where …". Empty: probes may be.
	Barred string
}

// Visible reports whether there are calls of the function that can be seen.
func (f *Function) Visible() bool { return f.Entry != 0 || f.Hosts > 0 }

// ProbeID names a planted probe. It is never 0.
type ProbeID uint64

// What selects what a probe observes.
type What uint8

const (
	// Calls observes the calls and returns of one function.
	Calls What = iota + 1
	// Panics observes panics, runtime errors, fatal errors, Goexit and
	// recovery in the whole target.
	Panics
	// Branches observes the calls which one function is about to make, defer or
	// hand to a go statement, where only the running program knows of what.
	Branches
	// Lines observes the lines of one function, in calls that a Calls probe
	// observes too.
	Lines
	// Entries and Returns are the two halves of Calls, so that new calls need
	// not be observed while the ends of others still are.
	Entries
	Returns
	// Writes observes what changes one piece of memory.
	Writes
)

// A Probe says what to observe and what to capture there.
type Probe struct {
	What  What
	Func  *Function // for all but Panics and Writes
	Lines []int     // for Lines: which of those that a [LineLister] lists
	// Statement returns, for Lines, the line on which the statement begins that a
	// line is part of; nil is one of whose source nothing is known. A line of
	// a statement is hit once each time the statement is run, however many pieces
	// the compiler has made of it.
	Statement func(line int) int
	// Leads reports, for Lines, whether control may come from one line to another, on
	// which only a break, a continue or a goto stands; nil is as Statement. The
	// compiler may have one jump for it and for the end of other statements.
	Leads func(from, to int) bool
	// Assigned tells what the source of the function says of its variables, if it is
	// known. In optimised code an engine may need it to tell whether a variable is
	// where it is said to be; without it less can be shown. It may be nil.
	Assigned func() []Assigned
	// If is a Go expression that is true of the calls which are observed; ""
	// is of all. It is evaluated when a function is entered, by what the names
	// mean there: arguments, and variables and constants of packages. Of a call of
	// which it is false nothing is yielded, nor of one that was running before it
	// could be judged. Plant answers a mistake in it with a [*diag.Error].
	If string
	// Expr is, for Writes, a variable of a package, or a field or an element that it
	// leads to when the probe is planted: main.total, net/http.DefaultClient.Timeout.
	Expr    string
	Capture Capture
}

// Assigned is what the source of a function says of the values of one of its
// variables, or of a field of one.
type Assigned struct {
	Name     string
	Field    string // "": what is assigned to no field alone
	Declared int    // the line; 0: outside of the function
	Anywhere bool   // nobody knows where it is assigned
	Inside   bool   // nobody knows where something is that it has or leads to
	By       []Assignment
	// Reach tells, by line, which assignments may have given it its value when
	// control is there: bit 0 is set for what it was when the function was entered,
	// bit n+1 for By[n]. Where a line has several statements there are several.
	Reach map[int][]uint64
}

// An Assignment is a statement that gives a variable a value.
type Assignment struct {
	First, Last  int    // its lines
	Part         bool   // it changes something that the variable has or leads to
	Keeps        bool   // pointer and capacity of a slice may stay what they were
	Computes     bool   // the value is computed or loaded: it is no copy of a variable's
	Step         int    // 1, -1: a loop adds one, or takes it away; it may begin with a constant
	Head         bool   // it stands in the head of a loop, where more is computed
	From         string // the variable whose value it takes
	FromDeclared int    // and the line of that
	Constant     bool   // the value is a whole number, a truth value or zero: Value
	Value        int64
	Again        bool // it stands in a loop, or what it begins with does
}

// Capture says what to read at a probe. Its zero value reads places only.
type Capture struct {
	Args    bool // at the entry of a function
	Results bool // at its return
	Locals  bool // at its lines and its return: the variables of the frame
	Labels  bool // profiler labels of the goroutine, at entry and return
	// LabelsAsked are the keys of labels whose values the user has named, and knows.
	LabelsAsked []string
	Parent      bool // the frame that a call is made from, wherever it is hit
	Std         bool // functions of the standard library that are not probed count as its callers
	Stack       int  // frames of the stack to read
	Limits      Limits
}

// Limits bounds how much of a value is read, and which values are not shown at
// all. Zero fields take the default.
type Limits struct {
	String int  // bytes of a string (default 64)
	Values int  // elements of an array, slice or map, and fields of a struct (default 16)
	Fields int  // fields of a struct, where they are more than Values
	Follow int  // pointers followed (default 1; negative: none)
	All    bool // also fields that say nothing, such as a mutex that nobody holds
	// Hide says which names are secret: instead of the values of variables,
	// fields, keys and the like of such a name, wherever they stand, an engine
	// returns [secret.Hidden]. Nil: none is.
	Hide *secret.Names
}

// Default limits.
const (
	DefaultString = 64
	DefaultValues = 16
	DefaultFollow = 1
)

// HitKind says what a thread reached.
type HitKind uint8

const (
	Entered   HitKind = iota + 1 // a probed function, before its first statement
	Returned                     // the RET of such a function
	Reached                      // a line of a Lines probe, before it runs
	Branching                    // a call that a Branches probe observes: Targets is set
	Raised                       // a panic, fatal error or Goexit begins: Raise is set
	Unwound                      // frames were left without reaching their RET: Unwind is set
	Written                      // memory that a Writes probe observes has changed: Write is set
	Lost                         // hits were lost: Lost is set
	Ended                        // the target ended: Exit is set
)

// FrameID identifies a frame of a goroutine: the distance in bytes of its
// canonical frame address from the high end of the goroutine's stack. It does
// not change when the stack moves. A callee's is larger than its caller's.
type FrameID uint64

// A Hit is one thread reaching one probe.
type Hit struct {
	Kind  HitKind
	Probe ProbeID
	Func  *Function // Entered, Returned, Reached

	Time time.Time
	// Held is how long the goroutine has been held by the engine so far, this
	// hit not counted. Time.Sub of two hits minus the difference of their Held
	// is the time between them on the target's clock.
	Held      time.Duration
	Thread    int
	Goroutine int64 // 0 when none was running, as on a system stack
	Frame     FrameID
	// Parent is the frame of the call that this one is made from: Entered,
	// Returned, Reached, for probes that capture it. What a [Follower] sees through
	// and the runtime's machinery do not count. A deferred call is made from the one
	// that has deferred it, also while a panic passes. 0: a go statement has started
	// it, or nobody knows.
	Parent FrameID
	File   string // of the instruction that was hit
	Line   int

	Caller *events.Frame  // Entered; nil for the function of a go statement
	Values []events.Value // Entered: arguments; Returned: results
	// Doubt says why the condition of the probe could not be evaluated: Entered.
	// The call is observed.
	Doubt string
	// Locals are the variables that can be seen from the line: Reached, Returned.
	Locals []Variable
	// Errors identifies the error in the last result and those it wraps,
	// outermost first. Empty when the last result is not a non-nil error.
	Errors []ErrorID
	Labels map[string]string // of the goroutine: Entered, Returned
	// ErrorType is the dynamic type of that error, ErrorText its message.
	ErrorType, ErrorText string
	Stack                []events.Frame // innermost first

	// Target is the function that is about to be called: Branching. The Frame of
	// such a hit is the one that the call is made from, as Parent would be. Go is
	// set when a goroutine is started for it: the first hits there tell Started.
	Target *Function
	Go     GoStatement
	// Started is the go statement that has started the goroutine: Entered where
	// Parent is captured and 0, Branching where Frame is 0.
	Started GoStatement

	// Running lists, outermost first, the probed functions which the goroutine
	// was already running when it was first seen. Only set on the first hit of
	// a goroutine that is older than the trace.
	Running []RunningCall

	Raise  *Raise
	Unwind *Unwind
	Write  *Write
	Lost   *events.LostInfo
	Exit   *Exit
}

// A GoStatement is one go statement as one goroutine runs it. Its zero value is
// none.
type GoStatement struct {
	Goroutine int64  // that runs it
	PC        uint64 // behind the statement
}

// A Variable is a variable of a frame: local, argument or named result.
type Variable struct {
	events.Value
	Whole    string // the value with all fields of structs, if Value lacks some
	ID       uint64 // tells those of a function apart
	Declared int    // line
	Argument bool   // or result, or captured by a closure: it is there from the start
	Missing  bool   // Value says why it could not be read
}

// ErrorID identifies an error value: two errors with the same id are the same.
type ErrorID struct{ Type, Data uint64 }

// A RunningCall is a call that began before it could be seen.
type RunningCall struct {
	Func   *Function
	Frame  FrameID
	Parent FrameID // as that of a hit, captured or not
}

// Raise describes the begin of a panic, a fatal error or Goexit. The Hit's
// Frame is that of the runtime function that carries it out.
type Raise struct {
	Class  events.Class // panic, runtime, fatal or goexit
	Type   string
	Value  string
	Origin *events.Frame // innermost frame outside the runtime
}

// Unwind says which frames are gone: those whose FrameID is greater than Keep.
type Unwind struct {
	Keep FrameID
	// Recovered is set when a deferred call of the frame Keep recovered a panic
	// and that frame now returns; By is its function.
	Recovered bool
	By        *events.Frame
	// All is set when no frame of the goroutine is left, because Goexit has
	// finished or the program is about to die; Keep is 0 then.
	All bool
}

// A Write is a change of memory.
type Write struct {
	Func     string // that has written, outside of the runtime
	Expr     string // of the probe
	Type     string
	Old, New string // as it was when last looked at, and is now
}

// Exit tells how the target ended.
type Exit struct {
	Status int    // exit status
	Signal string // name of the signal that killed it, e.g. SIGKILL; else empty
	Signum int    // its number
	Exec   bool   // it replaced itself by exec; only an [ExecFollower] goes on
}
