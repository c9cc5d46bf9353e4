package events_test

import (
	"testing"

	"gtrace/events"
	"gtrace/events/eventstest"
)

func TestNames(t *testing.T) {
	names := new(events.Names)
	for path, name := range map[string]string{
		"main": "main", "log": "log", "net/http": "http", "internal/log": "log", "vendor/x/http": "http",
		"example.com/shop/store": "store", "example.com/shop/v2": "shop",
		"example.com/a/rand": "rand", "math/rand": "rand", "gopkg.in/yaml%2ev3": "yaml",
	} {
		names.Add(path, name)
		names.Add(path, name) // is one package still
	}
	for _, tt := range []struct{ name, want string }{
		{"main.main.func1", "main.main.func1"},
		{"log.Println", "log.Println"},
		{"internal/log.x", "internal/log.x"},
		{"net/http.(*Server).Serve", "http.(*Server).Serve"},
		{"example.com/shop/store.Load[...]", "store.Load[...]"},
		{"example.com/shop/v2.Cart.Add-fm", "shop.Cart.Add-fm"},
		{"math/rand.Int", "math/rand.Int"},
		{"example.com/a/rand.Int", "example.com/a/rand.Int"},
		{"gopkg.in/yaml%2ev3.Unmarshal", "yaml.Unmarshal"},
		{"example.com/unknown.F", "example.com/unknown.F"},
		{"main.Map[example.com/shop/store.Item]", "main.Map[example.com/shop/store.Item]"},
		{"_cgo_abcdef", "_cgo_abcdef"},
		{"", ""},
	} {
		opts := events.TextOptions{Names: names}
		got := line(t, "{func}|{stack}", opts, eventstest.Format(events.Event{
			Kind: events.Call, Func: tt.name, Stack: []events.Frame{{Func: tt.name, File: "/a.go", Line: 3}},
		}))
		want := tt.want + "|" + tt.want + " a.go:3\n"
		if tt.name == "" {
			want = "|a.go:3\n"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", tt.name, got, want)
		}
		value := eventstest.Format(events.Event{Kind: events.Call, Args: []events.Value{{Name: "f", Value: tt.name}}})
		if got := line(t, "{args}", opts, value); got != "f="+tt.want+"\n" {
			t.Errorf("value %s: %q, want %q", tt.name, got, "f="+tt.want)
		}
		if got := names.Shorten(tt.name); got != tt.want {
			t.Errorf("Shorten(%s) = %s, want %s", tt.name, got, tt.want)
		}
		if got := (*events.Names)(nil).Shorten(tt.name); got != tt.name {
			t.Errorf("without names: %s becomes %s", tt.name, got)
		}
	}
}
