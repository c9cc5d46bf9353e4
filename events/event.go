// Package events defines what a traced program reports: the [Event], its parts
// and kinds, and the sinks that render or store a stream of them.
//
// The package is a leaf. It knows nothing of processes, debuggers or terminals
// and imports the standard library only. An Event is a value: whoever yields
// one never changes it afterwards, so a sink may keep it.
package events

import (
	"time"
)

// Kind says what happened. The zero Kind is invalid.
type Kind uint8

// The kinds of event, in the order in which help and docs list them.
const (
	Invalid   Kind = iota
	Start          // first record of a stream; of several processes, one for each
	Call           // a traced function was entered
	Line           // a statement's line is about to run
	Return         // a traced call ended: normally, or unwound
	Exception      // a panic, runtime or fatal error, Goexit or error result
	Write          // watched memory has changed
	Exec           // the target replaced its program; the trace goes on in the new one
	Lost           // events were dropped
	Left           // one of several processes is not traced any more
	End            // last record of a stream
)

// TraceableKinds returns the kinds of what traced code does, which a trace can be
// asked for. The others are records of the stream itself.
func TraceableKinds() []Kind { return []Kind{Call, Line, Return, Exception, Write} }

// Traceable reports whether k is one of [TraceableKinds]. Such an event has a place
// in the tree of traced calls, and so always a depth.
func (k Kind) Traceable() bool { return Call <= k && k <= Write }

var kindNames = [...]string{
	Invalid:   "invalid",
	Start:     "start",
	Call:      "call",
	Line:      "line",
	Return:    "return",
	Exception: "exception",
	Write:     "write",
	Exec:      "exec",
	Lost:      "lost",
	Left:      "left",
	End:       "end",
}

// String returns the kind's name in the JSON schema and on the command line.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Invalid]
}

// ParseKind returns the kind with the given name, or Invalid.
func ParseKind(name string) Kind {
	for k, n := range kindNames {
		if n == name {
			return Kind(k)
		}
	}
	return Invalid
}

// CallID names one invocation of a traced function, from its call event to its
// one end. Ids rise by one in the order in which calls were first seen; where
// several processes are traced, they are unique, but rise by more.
type CallID uint64

// NoCall is the id of no call.
const NoCall CallID = 0

// An Event is one record of a stream.
type Event struct {
	Kind      Kind
	PID       int       // of the process, where several are traced; see also Process
	Seq       uint64    // rises by one; 0 in Start, Exec, Lost, Left and End
	Time      time.Time // wall clock, when the thread reached the probe
	Goroutine int64     // 0 when no goroutine was running
	Thread    int
	Depth     int    // open traced calls of the goroutine around this one
	Call      CallID // NoCall where the event belongs to no traced call
	Parent    CallID // enclosing traced call of the same goroutine, or NoCall

	// Func is the function of the call; of a Write, the one that has written, which
	// may be one that the call has called.
	Func string // as a Go traceback prints it: main.(*T).Method, main.Map[...]
	File string
	Line int

	// Labels are the profiler labels of the goroutine: Call, Return; when asked for.
	Labels map[string]string

	Caller *Frame  // Call: the place of the call; nil when it could not be read
	Args   []Value // Call

	Results     []Value       // Return
	Duration    time.Duration // Return, on the target's clock
	HasDuration bool          // false for a call whose start was not seen
	Error       string        // Return: the message of a non-nil error in the last result

	Unwound   bool // Return: a panic or Goexit took the frame away
	Partial   bool // the call was already running when tracing began
	Recovered bool // Return: the call recovered a panic

	// HTTPStatus is the status of 500 or more that an HTTP request was answered with in
	// the call, but not in a traced call that it has made. Return; with a backlog.
	HTTPStatus int

	Exception *ExceptionInfo // Exception
	Stack     []Frame        // innermost first, when asked for

	Source  string   // Line: the source text
	Changes []Change // Line, Return: variables since the previous event of the call
	Locals  []Value  // Call, Return: variables of the frame, when asked for
	Watch   []Watch  // watched expressions; Write: the one that has changed

	Start *StartInfo // Start
	Exec  *ExecInfo  // Exec
	Lost  *LostInfo  // Lost
	End   *EndInfo   // End, Left
}

// Process returns the PID of the process that the event is about, as far as the event
// tells: where one is traced only Start and Exec do.
func (e *Event) Process() int {
	switch {
	case e.Start != nil:
		return e.Start.PID
	case e.Exec != nil:
		return e.Exec.PID
	}
	return e.PID
}

// A Frame is a place in the target's code.
type Frame struct {
	Func string
	File string
	Line int
}

// A Value is a captured variable, already detached from the target's memory.
type Value struct {
	Name  string
	Type  string // as Go source writes it; the dynamic type is part of Value
	Value string // Go syntax as %#v prints it, cut at limits with …
	Error string // the message, when the value is a non-nil error
}

// A Change is a variable that is new or modified.
type Change struct {
	Value
	Modified bool   // false: new
	Old      string // the value before, when asked for
	Parts    []Part // the pieces of a composite value that have changed, if few
}

// A Watch is the value of a watched expression.
type Watch struct {
	Expr  string
	Type  string
	Value string
	Old   string // Write: the value before
}

// Class tells exceptions apart.
type Class string

// The classes of exception.
const (
	ClassPanic   Class = "panic"   // panic(v)
	ClassRuntime Class = "runtime" // a run-time panic: index, nil, division, …
	ClassFatal   Class = "fatal"   // the runtime gives up: not recoverable
	ClassGoexit  Class = "goexit"  // runtime.Goexit
	ClassError   Class = "error"   // a non-nil error result
)

// ExceptionInfo describes an exception.
type ExceptionInfo struct {
	Class       Class
	Type        string // dynamic type; empty for fatal and goexit
	Value       string // message of an error, else the value in Go syntax
	Recovered   bool   // the call of this event recovered it
	RecoveredBy *Frame // the function that recovered it, where known
	Origin      *Frame // where it began
}

// StartInfo is what a Start event carries.
type StartInfo struct {
	Version   string // of gtrace
	Engine    string
	PID       int
	Program   string
	GoVersion string
	Patterns  []string      // as given, or the default that was used
	Functions int           // functions with a probe
	Probes    int           // places planted
	Stopped   time.Duration // how long attaching kept the target still
	Notes     []string      // functions that cannot be seen fully, and why
}

// ExecInfo is what an Exec event carries: of the new program what a start record
// says, but for Version and Engine, and what became of the old one. Nothing of
// that is left: goroutines and threads are those of the new program from here
// on, while the ids of calls go on rising.
type ExecInfo struct {
	StartInfo
	Open []OpenCall // calls that were open, outermost first within a goroutine: they ended with the program
}

// LostInfo is what a Lost event carries: events that were lost, or a time in
// which calls of a function were not observed, however many there were.
type LostInfo struct {
	Count  uint64 // events known to be lost
	Why    string
	Func   string        // the function that was not observed
	Unseen time.Duration // for how long
}

// Reason says why a stream ended.
type Reason string

// The reasons for the end of a stream.
const (
	ReasonExited      Reason = "exited"      // the target exited: Status is set
	ReasonSignaled    Reason = "signaled"    // a signal killed the target: Signal is set
	ReasonExec        Reason = "exec"        // the target replaced itself by exec
	ReasonInterrupted Reason = "interrupted" // gtrace was told to stop by a signal
	ReasonLimit       Reason = "limit"       // --limit was reached
	ReasonDuration    Reason = "duration"    // --for has passed
	ReasonStopAt      Reason = "stop-at"     // a function that --stop-at names was called
	ReasonOutput      Reason = "output"      // the output could not be written
	ReasonError       Reason = "error"       // gtrace failed: Message says how
)

// EndInfo is what an End event carries; and a Left event, of its process. Where
// several processes were traced, the End has the sums, and no Open and Thinned.
type EndInfo struct {
	Reason  Reason
	Status  *int          // exit status of the target, with ReasonExited
	Signal  string        // e.g. SIGKILL, with ReasonSignaled or ReasonInterrupted
	Message string        // details of ReasonOutput and ReasonError, and why an exec was not followed
	Events  uint64        // events of the stream, without start, lost and end
	Lost    uint64        // events lost
	Held    time.Duration // how long threads of the target were held for tracing, in total
	// Overhead is Held as a share of the time for which the target was traced:
	// 0.05 are 5 %. It is more than 1 when several threads were held at once.
	Overhead float64
	Thinned  []Thinned  // functions that were not observed all the time
	Open     []OpenCall // calls still open, outermost first within a goroutine
}

// A Thinned is a function whose calls were not observed for a time.
type Thinned struct {
	Func   string
	Unseen time.Duration // in total
	Times  int           // how often that began
}

// An OpenCall is a call that had not ended when tracing, or its program, did.
type OpenCall struct {
	Call      CallID
	Goroutine int64
	Func      string
	Partial   bool
}

// A Sink consumes a stream of events. Close flushes what is buffered and is
// called once, after the last Write.
type Sink interface {
	Write(Event) error
	Close() error
}
