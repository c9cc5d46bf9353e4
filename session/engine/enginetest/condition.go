package enginetest

import (
	"fmt"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"

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

// condition evaluates a condition at an entry, whose arguments are constants to
// Go's type checker. What it computes wrongly it says is no condition.
func condition(text string, h *engine.Hit) (bool, error) {
	x, err := goexpr.Parse(text)
	if err != nil {
		return false, err
	}
	pkg := types.NewPackage("program", "program")
	for _, v := range h.Values {
		kind, t := token.INT, types.Typ[types.Int]
		if _, err := strconv.Unquote(v.Value); err == nil {
			kind, t = token.STRING, types.Typ[types.String]
		}
		pkg.Scope().Insert(types.NewConst(0, pkg, v.Name, t, constant.MakeFromLiteral(v.Value, kind, 0)))
	}
	info, err := x.Check(pkg)
	if err != nil {
		return false, err
	}
	if err := x.IsCondition(info.Types[x.Node].Type); err != nil {
		return false, err
	}
	if v := info.Types[x.Node].Value; v != nil {
		return constant.BoolVal(v), nil
	}
	return false, fmt.Errorf("%s is not known", text)
}
