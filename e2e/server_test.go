package e2e

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"testing"
	"time"
)

// A server is a running process of testdata/server.
type server struct {
	pid  int
	addr string
	stop func() error // ends it and returns how it ended
}

func startServer(t *testing.T) *server {
	t.Helper()
	return startServerBuilt(t, "opt")
}

func startServerBuilt(t *testing.T, mode string) *server {
	t.Helper()
	p := startTarget(t, buildTarget(t, mode, "server"))
	return &server{pid: p.pid, addr: p.said[0], stop: func() error {
		if o := p.end(); o.status != 0 {
			return fmt.Errorf("exit status %d\n%s", o.status, o.stderr)
		}
		return nil
	}}
}

// patience is how long a server may take to answer while it is traced, and
// gtrace to end when it is told to.
const patience = 60 * time.Second

// answers maps the server's paths to what it answers.
var answers = map[string]string{
	"/item/1": "one\n",
	"/item/7": "load 7: no such item\n",
	"/panic":  "recovered: asked for at /panic\n",
	"/sum":    "2997000\n",
}

// ask gets each path once and checks what comes back.
func (s *server) ask(client *http.Client) error {
	for path, want := range answers {
		resp, err := client.Get("http://" + s.addr + path)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if string(body) != want {
			return fmt.Errorf("%s: %q, want %q", path, body, want)
		}
	}
	return nil
}

// load keeps the server busy until the returned function is called, which
// reports the first request that failed.
func (s *server) load() (finish func() error) { return s.loadBy(4) }

// loadBy does the same with a number of clients, each of which has a connection,
// and the server a goroutine for it.
func (s *server) loadBy(n int) (finish func() error) {
	client := &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: n}}
	quit := make(chan struct{})
	failed := make(chan error, n)
	var clients sync.WaitGroup
	for range cap(failed) {
		clients.Go(func() {
			for {
				select {
				case <-quit:
					return
				case <-time.After(time.Duration(n) * time.Millisecond / 2):
				}
				if err := s.ask(client); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	return func() error {
		close(quit)
		clients.Wait()
		client.CloseIdleConnections()
		select {
		case err := <-failed:
			return err
		default:
			return nil
		}
	}
}
