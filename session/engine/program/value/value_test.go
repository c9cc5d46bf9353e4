package value

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/session/engine"
)

// TestRead reads every package variable of the program and compares it with
// what the program itself says it should look like.
func TestRead(t *testing.T) {
	builds := []struct {
		name  string
		needs string
		env   []string
		flags []string
	}{
		{"optimized", "", nil, nil},
		{"debug", "", nil, []string{"-gcflags=all=-N -l"}},
		{"pie", "", nil, []string{"-buildmode=pie"}},
		{"trimpath", "", nil, []string{"-trimpath", "-ldflags=-s -w=0"}},
		{"race", "cgo", []string{"CGO_ENABLED=1"}, []string{"-race"}},
		{"classic maps", "go1.23", []string{"GOTOOLCHAIN=go1.23.12"}, nil},
	}
	for _, b := range builds {
		t.Run(b.name, func(t *testing.T) {
			t.Parallel()
			if b.needs != "" {
				need(t, b.needs, canBuild(b.env))
			}
			tg := start(t, build(t, b.env, b.flags...))
			r := NewReader(tg.debug)
			r.Prepare()
			for _, e := range tg.expected {
				checkVariable(t, tg, r, e)
			}
		})
	}
}

// TestStandardErrors compares the messages of errors of the standard library with what
// their Error methods say.
func TestStandardErrors(t *testing.T) {
	tg := start(t, buildProgram(t, "stderrors", nil))
	r := NewReader(tg.debug)
	for _, e := range tg.expected {
		checkVariable(t, tg, r, e)
	}
}

// TestRuntimeTypes reads the same without what the debug information says about
// the types that interfaces hold.
func TestRuntimeTypes(t *testing.T) {
	tg := start(t, build(t, nil))
	r := NewReader(tg.debug)
	r.Prepare()
	clear(r.types.dies)
	for _, e := range tg.expected {
		checkVariable(t, tg, r, e)
	}
}

// TestInterface passes the words of an interface, as the runtime does with the
// value of a panic.
func TestInterface(t *testing.T) {
	tg := start(t, build(t, nil))
	r := NewReader(tg.debug)
	tests := []struct {
		name, typ string
		want      Rendered
	}{
		{"vAnyInt", "int", Rendered{Text: "5"}},
		{"vAnyNil", "nil", Rendered{Text: "nil"}},
		{"vAnyPtr", "*main.Point", Rendered{Text: "&main.Point{X:5, Y:6}"}},
		{"vAnyOne", "main.Ptr", Rendered{Text: "main.Ptr{P:nil}"}},
		{"vAnySlice", "[]string", Rendered{Text: `[]string{"z"}`}},
		{"vAnyMade", "", Rendered{Text: "<unreadable: type not in debug information>"}},
		{"rPlain", "string", Rendered{Text: `"plain"`}},
		{"rDivide", "runtime.errorString", Rendered{
			Text: `"integer divide by zero"`, Error: "runtime error: integer divide by zero", Runtime: true,
		}},
	}
	for _, tt := range tests {
		_, data := tg.variable(t, tt.name)
		typ, got := r.Interface(tg.mem, unsigned(data[:8]), unsigned(data[8:]), engine.Limits{})
		if typ != tt.typ || got != tt.want {
			t.Errorf("%s: got %s, %+v; want %s, %+v", tt.name, typ, got, tt.typ, tt.want)
		}
	}
}

func TestRuntimeType(t *testing.T) {
	tg := start(t, build(t, nil))
	r := NewReader(tg.debug)
	for name, want := range map[string]string{
		"vAnyOne":    "main.Ptr", // not in the debug information
		"vAnyStruct": "main.Point",
		"vAnyMapV":   "map[string]int",
	} {
		_, data := tg.variable(t, name)
		typ := r.RuntimeType(tg.mem, unsigned(data[:8]))
		if typ == nil {
			t.Fatalf("%s: no type", name)
		}
		if got := TypeName(typ); got != want || r.TypeName(typ) != want {
			t.Errorf("%s: TypeName = %s, want %s", name, got, want)
		}
		value := make([]byte, typ.Size())
		if got := r.Read(tg.mem, typ, value, engine.Limits{}); strings.Contains(got.Text, "unreadable") {
			t.Errorf("%s: zero value of %s: %s", name, want, got.Text)
		}
	}
	if typ := r.RuntimeType(tg.mem, tg.addrs["vInt"]); typ != nil {
		t.Errorf("a variable is the type %s", typ)
	}
}

// TestShape reads a pointer of generic code of which only the shape is known: what
// it points at is no byte.
func TestShape(t *testing.T) {
	tg := start(t, build(t, nil))
	r := NewReader(tg.debug)
	typ, data := tg.variable(t, "vPtrPoint")
	ptr := *typ.(*godwarf.PtrType)
	ptr.Name = "go.shape.*uint8"
	want := fmt.Sprintf("(go.shape.*uint8)(%#x)", unsigned(data))
	if got := r.Read(tg.mem, &ptr, data, engine.Limits{}).Text; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestErrorChain(t *testing.T) {
	tg := start(t, build(t, nil))
	r := NewReader(tg.debug)
	id := func(name string) engine.ErrorID {
		_, data := tg.variable(t, name)
		ids, _, _ := r.ErrorChain(tg.mem, unsigned(data[:8]), unsigned(data[8:]), engine.Limits{})
		if len(ids) == 0 {
			return engine.ErrorID{}
		}
		return ids[0]
	}
	tests := []struct {
		name  string
		wraps []string // that are variables, too
		more  int      // others in the chain
		typ   string
		mesg  string
	}{
		{"eNil", nil, 0, "", ""},
		{"eNew", nil, 0, "*errors.errorString", "negative id"},
		{"eFmt", []string{"eNew"}, 0, "*fmt.wrapError", "load 3: negative id"},
		{"eFmt2", []string{"eNew"}, 1, "*fmt.wrapErrors", "both negative id and EOF"},
		{"eJoin", []string{"eFmt", "eNew"}, 1, "*errors.joinError", "load 3: negative id\nEOF"},
		{"eOpen", nil, 1, "*fs.PathError", "open /does/not/exist: no such file or directory"},
		{"eErrno", nil, 0, "syscall.Errno", "no such file or directory"},
		{"eMine", nil, 0, "*main.MyErr", "&main.MyErr{Code:3}"},
		{"eHolds", nil, 0, "*main.holdsErr", `&main.holdsErr{text:"x\u3164\u2800y", Err:"open /does/not/exist: no such file or directory", mine:"t", none:nil}`},
		{"eWrapMine", nil, 1, "*fs.PathError", "read p: &main.MyErr{Code:4}"},
		{"eOp", nil, 2, "*net.OpError", "dial tcp 127.0.0.1:80: connect: connection refused"},
	}
	for _, tt := range tests {
		typ, data := tg.variable(t, tt.name)
		if len(data) == 8 { // a concrete pointer
			t.Fatalf("%s is a %s", tt.name, TypeName(typ))
		}
		ids, name, mesg := r.ErrorChain(tg.mem, unsigned(data[:8]), unsigned(data[8:]), engine.Limits{})
		if name != tt.typ || mesg != tt.mesg {
			t.Errorf("%s: got %s %q, want %s %q", tt.name, name, mesg, tt.typ, tt.mesg)
		}
		want := 1 + len(tt.wraps) + tt.more
		if tt.name == "eNil" {
			want = 0
		}
		if len(ids) != want {
			t.Errorf("%s: %d errors in the chain, want %d", tt.name, len(ids), want)
			continue
		}
		for i, w := range tt.wraps {
			if ids[1+i] != id(w) {
				t.Errorf("%s: error %d is %x, want %s, %x", tt.name, 1+i, ids[1+i], w, id(w))
			}
		}
	}
}

func TestLimits(t *testing.T) {
	tg := start(t, build(t, nil))
	r := NewReader(tg.debug)
	tests := []struct {
		name string
		lim  engine.Limits
		want string
	}{
		{"vString", engine.Limits{String: 3}, `"hel"…+2`},
		{"vString", engine.Limits{String: -1}, `""…+5`},
		{"vLongUTF", engine.Limits{String: 5}, `"üü"…+197`},
		{"vBytes", engine.Limits{String: 2}, `[]byte("te"…+3)`},
		{"vSlice", engine.Limits{Values: 2}, "[]int{1, 2, …+1}"},
		{"vSlice", engine.Limits{Values: -1}, "[]int{…+3}"},
		{"vPoint", engine.Limits{Values: 1}, "main.Point{X:1, …+1}"},
		{"vGuarded", engine.Limits{Values: 1}, "main.Guarded{A:1, …+2}"},
		{"vGuarded", engine.Limits{Values: 1, Fields: 3}, `main.Guarded{A:1, n:atomic.Int64{v:0}, B:"b"}`},
		{"vSlice", engine.Limits{Values: 1, Fields: 3}, "[]int{1, …+2}"},
		{"vNoMap", engine.Limits{Values: -1}, "map[int]int{}"},
		{"vMap", engine.Limits{Values: -1}, "map[string]int{…+3}"},
		{"vCycle", engine.Limits{Follow: -1}, ""},
		{"vPtrPtr", engine.Limits{Follow: 2}, "&&main.Point{X:5, Y:6}"},
		{"eFmt", engine.Limits{Follow: 2}, `&fmt.wrapError{msg:"load 3: negative id", err:&errors.errorString{s:"negative id"}}`},
	}
	for _, tt := range tests {
		typ, data := tg.variable(t, tt.name)
		got := r.Read(tg.mem, typ, data, tt.lim).Text
		if tt.want == "" {
			tt.want = fmt.Sprintf("(*main.List)(%#x)", unsigned(data))
		}
		if got != tt.want {
			t.Errorf("%s with %+v:\n got  %s\n want %s", tt.name, tt.lim, got, tt.want)
		}
	}
	typ, data := tg.variable(t, "vHuge")
	if got := r.Read(tg.mem, typ, data, engine.Limits{Values: 1 << 30}).Text; len(got) > maxText+len("…") {
		t.Errorf("a huge map has %d bytes of text", len(got))
	}
}

// TestAllFields reads a struct with the fields that say nothing.
func TestAllFields(t *testing.T) {
	tg := start(t, build(t, nil))
	r := NewReader(tg.debug)
	typ, data := tg.variable(t, "vGuarded")
	got := r.Read(tg.mem, typ, data, engine.Limits{All: true}).Text
	for _, want := range []string{"Mutex:sync.Mutex{mu:", "noCopy:main.noCopy{}", ", mu:sync.Mutex{mu:", "rw:sync.RWMutex{w:sync.Mutex{", "wg:sync.WaitGroup{", "once:sync.Once{"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, which lacks %s", got, want)
		}
	}
}

func checkVariable(t *testing.T, tg *target, r *Reader, e expectation) {
	typ, data := tg.element(t, e)
	if at, ok := tg.addrs[e.name]; ok && at != e.addr {
		t.Fatalf("%s is at %#x, debug information says %#x", e.name, e.addr, tg.addrs[e.name])
	}
	var lim engine.Limits
	if strings.HasPrefix(e.name, "s") {
		lim.Hide = secretNames(t)
	}
	got := r.Read(tg.mem, typ, data, lim)
	if part, ok := strings.CutPrefix(e.text, "*"); ok {
		if !strings.Contains(got.Text, part) || strings.Contains(got.Text, "unreadable") {
			t.Errorf("%s:\n got  %s\n want … %s …", e.name, got.Text, part)
		}
	} else if got.Text != e.text {
		t.Errorf("%s:\n got  %s\n want %s", e.name, got.Text, e.text)
	}
	if got.Error != e.mesg {
		t.Errorf("%s: error\n got  %s\n want %s", e.name, got.Error, e.mesg)
	}
	runtime := strings.HasPrefix(e.name, "r") && e.name != "rPlain" && e.name != "rError"
	if got.Runtime != runtime {
		t.Errorf("%s: runtime error: got %v, want %v", e.name, got.Runtime, runtime)
	}
}
