package session

import (
	"slices"
	"strconv"

	"gtrace/session/engine"
)

// A statusWatch sees when a request is answered with a status of 500 or more.
type statusWatch struct {
	probes map[engine.ProbeID]bool
	traced map[string]bool // those functions that are traced themselves
}

// statusWriters are the functions through which the servers of the standard library
// send a status: their last argument.
var statusWriters = []string{
	"net/http.(*response).WriteHeader",
	"net/http.(*http2responseWriter).WriteHeader",
	"net/http/internal/http2.(*responseWriter).WriteHeader",
	"golang.org/x/net/http2.(*responseWriter).WriteHeader",
	"net/http/httptest.(*ResponseRecorder).WriteHeader",
}

// serverError is the first status that says that a server has failed.
const serverError = 500

// watchStatus plants probes in those functions, as far as the target has them. One
// where that cannot be done is left alone: it is no reason not to trace.
func watchStatus(eng engine.Engine) *statusWatch {
	w := &statusWatch{probes: map[engine.ProbeID]bool{}, traced: map[string]bool{}}
	for _, fn := range eng.Functions() {
		if !slices.Contains(statusWriters, fn.Name) || !fn.Visible() {
			continue
		}
		id, err := eng.Plant(engine.Probe{
			What: engine.Calls, Func: fn, If: "code >= " + strconv.Itoa(serverError),
			Capture: engine.Capture{Args: true, Limits: engine.Limits{String: 1, Values: 1, Follow: -1}},
		})
		if err != nil {
			w.traced[fn.Name] = true
			continue
		}
		w.probes[id] = true
	}
	return w
}

// owns reports whether a hit is of one of these probes.
func (w *statusWatch) owns(h *engine.Hit) bool { return w != nil && w.probes[h.Probe] }

// sent returns the status that a hit tells of, if it is one of a failure, or 0.
func (w *statusWatch) sent(h *engine.Hit) int {
	if w == nil || h.Func == nil || len(h.Values) == 0 || !w.owns(h) && !w.traced[h.Func.Name] {
		return 0
	}
	status, err := strconv.Atoi(h.Values[len(h.Values)-1].Value)
	if err != nil || status < serverError {
		return 0
	}
	return status
}

// answered notes in the innermost call of a hit's goroutine that it has sent a status.
// That of the function itself which sends it is none.
func (p *pairer) answered(h *engine.Hit, status int) {
	r := p.routines[routineKey(h)]
	if r == nil {
		return
	}
	for i := len(r.calls) - 1; i >= 0; i-- {
		if c := &r.calls[i]; c.fn != h.Func || i == 0 {
			c.status = status
			return
		}
	}
}
