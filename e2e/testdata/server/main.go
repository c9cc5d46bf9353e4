// Server is a target to attach to: an HTTP server with a few handlers, and some
// goroutines that work beside them. It prints its address and then "ready", and
// ends when its standard input does.
package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"
)

type item struct {
	ID   int
	Name string
}

type store struct {
	mu    sync.Mutex
	items map[int]*item
}

var errNoItem = errors.New("no such item")

//go:noinline
func (s *store) load(id int) (*item, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if it := s.items[id]; it != nil {
		return it, nil
	}
	return nil, fmt.Errorf("load %d: %w", id, errNoItem)
}

func (s *store) serveItem(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	it, err := s.load(id)
	if err != nil {
		http.Error(w, err.Error(), http.StatusNotFound)
		return
	}
	fmt.Fprintln(w, it.Name)
}

func (s *store) servePanic(w http.ResponseWriter, r *http.Request) {
	defer func() { fmt.Fprintln(w, "recovered:", recover()) }()
	crash(r.URL.Path)
}

//go:noinline
func crash(path string) { panic("asked for at " + path) }

func (s *store) serveSum(w http.ResponseWriter, r *http.Request) {
	sums := make(chan int)
	for part := range 4 {
		go func() { sums <- sum(part) }()
	}
	total := 0
	for range 4 {
		total += <-sums
	}
	fmt.Fprintln(w, total)
}

//go:noinline
func sum(part int) (n int) {
	for i := range 1000 {
		n += i * part
	}
	return n
}

//go:noinline
func tick(n int) int { return n + 1 }

func main() {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	s := &store{items: map[int]*item{1: {1, "one"}, 2: {2, "two"}}}
	mux := http.NewServeMux()
	mux.HandleFunc("/item/{id}", s.serveItem)
	mux.HandleFunc("/panic", s.servePanic)
	mux.HandleFunc("/sum", s.serveSum)
	go http.Serve(l, mux)
	for range 3 {
		go func() {
			for n := 0; ; time.Sleep(5 * time.Millisecond) {
				n = tick(n)
			}
		}()
	}
	fmt.Println(l.Addr())
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
}
