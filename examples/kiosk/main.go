// Kiosk is a small server to try gtrace on: it sells papers. So that there is
// something to see, it also visits itself. Some visitors ask for what there is not,
// and one kind of order makes a handler panic.
package main

import (
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"gtrace/examples/kiosk/server"
	"gtrace/examples/kiosk/store"
)

func main() {
	listen := flag.String("listen", "127.0.0.1:0", "serve at this `address`")
	every := flag.Duration("visit", 100*time.Millisecond, "visit itself so often; 0: never")
	flag.Parse()
	l, err := net.Listen("tcp", *listen)
	if err != nil {
		fmt.Fprintln(os.Stderr, "kiosk:", err)
		os.Exit(1)
	}
	if *every > 0 {
		go visit("http://"+l.Addr().String(), *every)
	}
	db := store.New(
		store.Paper{ID: "times", Cents: 250, Copies: 40},
		store.Paper{ID: "mirror", Cents: 180, Copies: 3},
	)
	fmt.Fprintln(os.Stderr, "kiosk:", http.Serve(l, server.New(db)))
	os.Exit(1)
}

// visit asks for one thing after the other, for ever.
func visit(url string, every time.Duration) {
	for n := 0; ; n++ {
		path := [...]string{"/papers/times", "/papers/mirror", "/papers/moon", "/orders?paper=times&copies=1", "/orders?paper=mirror&copies=2", "/orders?paper=times&copies=0"}[n%6]
		if resp, err := http.Get(url + path); err == nil {
			resp.Body.Close()
		}
		time.Sleep(every)
	}
}
