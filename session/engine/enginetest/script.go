package enginetest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"gtrace/events"
	"gtrace/session/engine"
)

// Parse reads hits from text, one a line; empty lines and those that begin with
// # count for nothing. Frames are numbers that rise from caller to callee:
//
//	g1 enter main.load 20 id=1 caller=main.main:44 running=main.main@10,main.run@15<10
//	g1 reach main.load 20 line=20 id=1 ok@20=true err@20="<optimized out>"
//	g1 return main.load 20 line=21 ~r0=nil err="negative id" ids=1,2 type=*errors.errorString
//	g1 branch main.load 20 target=main.open go=1@99
//	g1 raise panic "boom" 30 type=string origin=main.load:21 stack=main.load:21,main.main:44
//	g1 unwind 10 recovered by=main.main.func1
//	g1 unwind all
//	g1 write main.bump main.total 1 2 20
//	lost 3 "buffer full"
//	exit 3
//	exit SIGKILL
//	exec
//
// An entry, a return and a branch may say parent=20 and started=1@99.
//
// Fields of every hit are t (since the Unix epoch), held, thread, line and
// file. A time left out is a millisecond after the one before; other fields
// with = are values. Those of reach, and those with the line of a declaration in
// their name, are variables of the frame; one that begins with < says why it could
// not be read. Functions are made as they are named, in the file main.go,
// and returned in that order.
func Parse(text string) ([]engine.Hit, []*engine.Function, error) {
	p := parser{fns: make(map[string]*engine.Function), ids: make(map[string]uint64), now: time.Unix(0, 0).UTC()}
	n := 0
	for line := range strings.Lines(text) {
		n++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := p.line(line); err != nil {
			return nil, nil, fmt.Errorf("script line %d: %q: %w", n, line, err)
		}
	}
	return p.hits, p.order, nil
}

type parser struct {
	fns   map[string]*engine.Function
	ids   map[string]uint64 // of variables
	order []*engine.Function
	hits  []engine.Hit
	now   time.Time
}

// line reads one hit: verb and operands first, then the fields.
func (p *parser) line(line string) (err error) {
	words, err := split(line)
	if err != nil {
		return err
	}
	p.now = p.now.Add(time.Millisecond)
	h := engine.Hit{Thread: 1, File: "main.go", Line: 1}
	if g, ok := strings.CutPrefix(words[0], "g"); ok {
		if h.Goroutine, err = strconv.ParseInt(g, 10, 64); err != nil {
			return err
		}
		words = words[1:]
	}
	operands := 0
	for operands < len(words) && (operands == 0 || !isField(words[operands])) {
		operands++
	}
	if operands == 0 {
		return fmt.Errorf("no verb")
	}
	if err := p.verb(&h, words[0], words[1:operands]); err != nil {
		return err
	}
	for _, word := range words[operands:] {
		name, value, _ := strings.Cut(word, "=")
		if err := p.field(&h, name, value); err != nil {
			return fmt.Errorf("field %s: %w", name, err)
		}
	}
	h.Time = p.now
	p.hits = append(p.hits, h)
	return nil
}

// isField reports whether a word is name=value or the flag recovered, which end
// the operands.
func isField(word string) bool {
	return word == "recovered" || strings.Contains(word, "=") && word[0] != '"'
}

func (p *parser) verb(h *engine.Hit, verb string, args []string) error {
	want := map[string]int{"enter": 2, "return": 2, "reach": 2, "branch": 2, "raise": 3, "unwind": 1, "write": 5, "lost": 2, "exit": 1, "exec": 0}
	if n, ok := want[verb]; !ok || n != len(args) {
		return fmt.Errorf("bad verb or number of operands")
	}
	var err error
	switch verb {
	case "enter", "return", "reach", "branch":
		h.Kind = map[string]engine.HitKind{"enter": engine.Entered, "return": engine.Returned, "reach": engine.Reached, "branch": engine.Branching}[verb]
		h.Func = p.function(args[0])
		h.File, h.Line = h.Func.File, h.Func.Line
		h.Frame, err = frameID(args[1])
	case "raise":
		h.Kind = engine.Raised
		h.Raise = &engine.Raise{Class: events.Class(args[0]), Value: unquote(args[1])}
		h.Frame, err = frameID(args[2])
	case "unwind":
		h.Kind, h.Unwind = engine.Unwound, new(engine.Unwind)
		if h.Unwind.All = args[0] == "all"; !h.Unwind.All {
			h.Unwind.Keep, err = frameID(args[0])
		}
	case "write":
		h.Kind = engine.Written
		h.Write = &engine.Write{Func: args[0], Expr: args[1], Type: "int", Old: args[2], New: args[3]}
		h.Frame, err = frameID(args[4])
	case "lost":
		h.Kind = engine.Lost
		h.Lost = &events.LostInfo{Why: unquote(args[1])}
		h.Lost.Count, err = strconv.ParseUint(args[0], 10, 64)
	case "exit", "exec":
		h.Kind, h.Exit = engine.Ended, &engine.Exit{Exec: verb == "exec"}
		if verb == "exit" && strings.HasPrefix(args[0], "SIG") {
			h.Exit.Signal = args[0]
		} else if verb == "exit" {
			h.Exit.Status, err = strconv.Atoi(args[0])
		}
	}
	return err
}

func (p *parser) function(name string) *engine.Function {
	fn := p.fns[name]
	if fn == nil {
		slash := strings.LastIndexByte(name, '/') + 1
		pkg, _, _ := strings.Cut(name[slash:], ".")
		n := len(p.order) + 1
		fn = &engine.Function{
			Name: name, Symbol: name, Package: name[:slash] + pkg, File: "main.go", Line: 10 * n,
			Entry: uint64(n) << 12, End: uint64(n)<<12 + 64,
		}
		p.fns[name] = fn
		p.order = append(p.order, fn)
	}
	return fn
}

func frameID(s string) (engine.FrameID, error) {
	n, err := strconv.ParseUint(s, 10, 64)
	return engine.FrameID(n), err
}
