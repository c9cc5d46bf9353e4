package session

import (
	"slices"
	"strconv"

	"gtrace/events"
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
		id, err := eng.Plant(engine.Probe{What: engine.Calls, Func: fn, If: "code >= " + strconv.Itoa(serverError)})
		if err != nil {
			w.traced[fn.Name] = true
			continue
		}
		w.probes[id] = true
	}
	return w
}

// is reports whether a hit is one of these probes.
func (w *statusWatch) is(h *engine.Hit) bool { return w != nil && w.probes[h.Probe] }

// failed reports whether an event is that a function which is traced itself sends
// such a status.
func (w *statusWatch) failed(e *events.Event) bool {
	if w == nil || e.Kind != events.Call || !w.traced[e.Func] || len(e.Args) == 0 {
		return false
	}
	status, err := strconv.Atoi(e.Args[len(e.Args)-1].Value)
	return err == nil && status >= serverError
}
