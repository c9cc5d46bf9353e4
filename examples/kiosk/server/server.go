// Package server is the kiosk's HTTP handlers.
package server

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"gtrace/examples/kiosk/store"
)

// A Server answers visitors.
type Server struct {
	db *store.DB
}

// New returns what serves from db.
func New(db *store.DB) http.Handler {
	s := &Server{db: db}
	mux := http.NewServeMux()
	mux.HandleFunc("/papers/{id}", s.handlePaper)
	mux.HandleFunc("/orders", s.handleOrder)
	return mux
}

// handlePaper tells what a paper costs.
func (s *Server) handlePaper(w http.ResponseWriter, r *http.Request) {
	paper, err := s.db.Load(r.PathValue("id"))
	if err != nil {
		http.Error(w, err.Error(), status(err))
		return
	}
	fmt.Fprintf(w, "%s: %d cents\n", paper.ID, paper.Cents)
}

// handleOrder sells copies of a paper.
func (s *Server) handleOrder(w http.ResponseWriter, r *http.Request) {
	defer func() {
		if v := recover(); v != nil {
			http.Error(w, fmt.Sprint(v), http.StatusInternalServerError)
		}
	}()
	copies, err := strconv.Atoi(r.FormValue("copies"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	cents, err := s.db.Take(r.FormValue("paper"), copies)
	if err != nil {
		http.Error(w, err.Error(), status(err))
		return
	}
	fmt.Fprintf(w, "%d cents, %d each\n", cents, cents/copies)
}

// status is how HTTP says an error.
func status(err error) int {
	switch {
	case errors.Is(err, store.ErrUnknown):
		return http.StatusNotFound
	case errors.Is(err, store.ErrSoldOut):
		return http.StatusConflict
	}
	return http.StatusInternalServerError
}
