package enginetest

import (
	"cmp"
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"gtrace/events"
	"gtrace/session/engine"
	"gtrace/session/engine/goexpr"
)

// A judgedCall is one that the condition of its probe was asked about.
type judgedCall struct {
	goroutine int64
	frame     engine.FrameID
}

// accepts checks the condition of a probe against the first call of its function.
func (f *Fake) accepts(p engine.Probe) error {
	if p.If == "" {
		return nil
	}
	for i := range f.Script {
		if h := &f.Script[i]; h.Kind == engine.Entered && h.Func == p.Func {
			_, err := condition(p.If, h)
			if err != nil && strings.Contains(err.Error(), "division by zero") {
				return nil // by the value, not by what it is
			}
			return err
		}
	}
	_, err := goexpr.Parse(p.If)
	return err
}

// admits reports whether a hit is of a call that fulfils the condition.
func (f *Fake) admits(p engine.Probe, h *engine.Hit) bool {
	call := judgedCall{h.Goroutine, h.Frame}
	if p.If == "" || h.Kind != engine.Entered {
		return p.If == "" || f.judged[call]
	}
	ok, err := condition(p.If, h)
	if err != nil {
		h.Doubt = err.Error()
	}
	if f.judged == nil {
		f.judged = make(map[judgedCall]bool)
	}
	f.judged[call] = ok || err != nil
	return f.judged[call]
}

// condition evaluates a condition at an entry.
func condition(text string, h *engine.Hit) (bool, error) {
	x, tv, err := evaluate(text, h.Values)
	if err != nil {
		return false, err
	}
	if err := x.IsCondition(tv.Type); err != nil {
		return false, err
	}
	return constant.BoolVal(tv.Value), nil
}

// evaluate evaluates an expression of values, which are constants to Go's type
// checker. What it cannot compute of them it says is a mistake.
func evaluate(text string, values []events.Value) (*goexpr.Expr, types.TypeAndValue, error) {
	x, err := goexpr.Parse(text)
	if err != nil {
		return nil, types.TypeAndValue{}, err
	}
	pkg := types.NewPackage("program", "program")
	for _, v := range values {
		kind, t := token.INT, types.Typ[types.Int]
		if _, err := strconv.Unquote(v.Value); err == nil {
			kind, t = token.STRING, types.Typ[types.String]
		}
		pkg.Scope().Insert(types.NewConst(0, pkg, v.Name, t, constant.MakeFromLiteral(v.Value, kind, 0)))
	}
	info, err := x.Check(pkg)
	if err != nil {
		return nil, types.TypeAndValue{}, err
	}
	tv := info.Types[x.Node]
	if tv.Value == nil {
		err = fmt.Errorf("%s is not known", text)
	}
	return x, tv, err
}

// Check looks whether an expression can be evaluated at some hit of a function.
func (f *Fake) Check(fn *engine.Function, w engine.Watch) error {
	var first error
	for i := range f.Script {
		if h := &f.Script[i]; h.Func == fn {
			_, _, err := evaluate(w.Expr, h.Values)
			if err == nil {
				return nil
			}
			first = cmp.Or(first, err)
		}
	}
	return first
}

// Eval evaluates an expression of the values of the hit that was yielded last.
// They have no parts.
func (f *Fake) Eval(w engine.Watch, lim engine.Limits) ([]events.Value, error) {
	if f.last == nil || w.Parts {
		return nil, fmt.Errorf("evaluate %s: %w", w.Expr, engine.ErrNotSupported)
	}
	_, tv, err := evaluate(w.Expr, f.last.Values)
	if err != nil {
		return nil, err
	}
	return shown([]events.Value{{Name: w.Expr, Type: tv.Type.String(), Value: tv.Value.ExactString()}}, lim.Hide), nil
}

var _ engine.Evaluator = (*Fake)(nil)
