package enginetest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"gtrace/events"
	"gtrace/session/engine"
)

// field sets one field of a hit.
func (p *parser) field(h *engine.Hit, name, value string) (err error) {
	switch name {
	case "t":
		var d time.Duration
		d, err = time.ParseDuration(value)
		p.now = time.Unix(0, int64(d)).UTC()
	case "held":
		h.Held, err = time.ParseDuration(value)
	case "thread":
		h.Thread, err = strconv.Atoi(value)
	case "line":
		h.Line, err = strconv.Atoi(value)
	case "file":
		h.File = value
	case "caller":
		h.Caller, err = place(value)
	case "stack":
		for word := range strings.SplitSeq(value, ",") {
			var f *events.Frame
			if f, err = place(word); err != nil {
				return err
			}
			h.Stack = append(h.Stack, *f)
		}
	case "running":
		for word := range strings.SplitSeq(value, ",") {
			fn, frames, _ := strings.Cut(word, "@")
			frame, parent, made := strings.Cut(frames, "<")
			call := engine.RunningCall{Func: p.function(fn)}
			if call.Frame, err = frameID(frame); err == nil && made {
				call.Parent, err = frameID(parent)
			}
			if err != nil {
				return err
			}
			h.Running = append(h.Running, call)
		}
	case "parent":
		h.Parent, err = frameID(value)
	case "target":
		h.Target = p.function(value)
	case "go":
		h.Go, err = goStatement(value)
	case "started":
		h.Started, err = goStatement(value)
	case "err":
		h.ErrorText = unquote(value)
	case "ids":
		for word := range strings.SplitSeq(value, ",") {
			var id engine.ErrorID
			if id.Data, err = strconv.ParseUint(word, 10, 64); err != nil {
				return err
			}
			h.Errors = append(h.Errors, id)
		}
	case "type":
		h.ErrorType = value
		if h.Raise != nil {
			h.Raise.Type, h.ErrorType = value, ""
		}
	case "origin", "by", "recovered":
		return exceptionField(h, name, value)
	default:
		if _, _, declared := strings.Cut(name, "@"); declared || h.Kind == engine.Reached {
			return p.local(h, name, unquote(value))
		}
		h.Values = append(h.Values, events.Value{Name: name, Value: unquote(value)})
	}
	return err
}

// local adds a variable of the frame. Those without a line of declaration are
// arguments.
func (p *parser) local(h *engine.Hit, name, value string) (err error) {
	key := h.Func.Name + " " + name
	if p.ids[key] == 0 {
		p.ids[key] = uint64(len(p.ids) + 1)
	}
	v := engine.Variable{ID: p.ids[key], Missing: strings.HasPrefix(value, "<")}
	name, line, declared := strings.Cut(name, "@")
	v.Name, v.Value.Value, v.Argument = name, value, !declared
	if declared {
		v.Declared, err = strconv.Atoi(line)
	}
	h.Locals = append(h.Locals, v)
	return err
}

func exceptionField(h *engine.Hit, name, value string) (err error) {
	switch {
	case name == "origin" && h.Raise != nil:
		h.Raise.Origin, err = place(value)
	case name == "by" && h.Unwind != nil:
		h.Unwind.By, err = place(value + ":0")
	case name == "recovered" && h.Unwind != nil:
		h.Unwind.Recovered = true
	default:
		return fmt.Errorf("does not belong to this hit")
	}
	return err
}

// goStatement reads 7@99: goroutine and place.
func goStatement(s string) (st engine.GoStatement, err error) {
	_, err = fmt.Sscanf(s, "%d@%d", &st.Goroutine, &st.PC)
	return st, err
}

// place reads main.load:21.
func place(s string) (*events.Frame, error) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return nil, fmt.Errorf("%q is not FUNC:LINE", s)
	}
	line, err := strconv.Atoi(s[i+1:])
	return &events.Frame{Func: s[:i], File: "main.go", Line: line}, err
}

// split cuts a line at blanks outside of quotes.
func split(line string) ([]string, error) {
	var words []string
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimLeft(line, " \t") {
		n := 0
		for n < len(line) && line[n] != ' ' && line[n] != '\t' {
			if line[n] != '"' {
				n++
				continue
			}
			quoted, err := strconv.QuotedPrefix(line[n:])
			if err != nil {
				return nil, fmt.Errorf("quotes: %w", err)
			}
			n += len(quoted)
		}
		words = append(words, line[:n])
		line = line[n:]
	}
	return words, nil
}

func unquote(s string) string {
	if u, err := strconv.Unquote(s); err == nil {
		return u
	}
	return s
}
