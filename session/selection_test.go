package session

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gtrace/session/engine"
)

// functions lists the functions of a program, ordered by name, as
// "package name [file]".
const functions = `
example.com/app/store example.com/app/store.(*DB).Get /src/app/store/db.go
example.com/app/store example.com/app/store.(*DB).Get.func1 /src/app/store/db.go
example.com/app/store example.com/app/store.DB.Name /src/app/store/db.go
example.com/app/store/sql example.com/app/store/sql.Open /src/app/store/sql/open.go
example.com/apple example.com/apple.Pick /mod/apple/pick.go
github.com/caddyserver/caddy/v2 github.com/caddyserver/caddy/v2.Run /mod/caddy/caddy.go
github.com/caddyserver/caddy/v2/modules/caddyhttp github.com/caddyserver/caddy/v2/modules/caddyhttp.(*App).Start /mod/caddy/app.go
github.com/mattn/go-sqlite3 github.com/mattn/go-sqlite3.(*Conn).Close /mod/sqlite3/conn.go
github.com/mattn/go-sqlite3 github.com/mattn/go-sqlite3.Open /mod/sqlite3/open.go
github.com/mattn/go-sqlite3/upgrade github.com/mattn/go-sqlite3/upgrade.Run /mod/sqlite3/upgrade/run.go
gopkg.in/yaml.v3 gopkg.in/yaml%2ev3.Marshal /mod/yaml/yaml.go
main main.(*List[...]).Push /src/app/list.go
main main.(*Server).Serve /src/app/server.go
main main.Map[...] /src/app/list.go
main main.main /src/app/main.go
main main.main.func1 /src/app/main.go
main main.main.func1.2 /src/app/main.go
main main.work /src/app/main.go
net net.Dial /go/src/net/dial.go
net/http net/http.(*Server).Serve /go/src/net/http/server.go
net/http net/http.(*Server).Shutdown /go/src/net/http/server.go
net/http net/http.Get /go/src/net/http/client.go
net/http/pprof net/http/pprof.Index /go/src/net/http/pprof/pprof.go
runtime runtime.gopanic /go/src/runtime/panic.go
`

func testFunctions() []*engine.Function {
	var fns []*engine.Function
	for line := range strings.Lines(functions) {
		if words := strings.Fields(line); len(words) == 3 {
			symbol := strings.ReplaceAll(words[1], "[...]", "[go.shape.int]")
			fn := &engine.Function{
				Package: words[0], Name: words[1], Symbol: symbol, File: words[2], Entry: uint64(len(fns) + 1),
			}
			switch fn.Package {
			case "main":
				fn.CommandPath = "example.com/app/cmd/app"
			case "github.com/mattn/go-sqlite3":
				fn.PackageName = "sqlite3" // of the others the path tells
			}
			fns = append(fns, fn)
		}
	}
	return append(fns, &engine.Function{Package: "main", Name: "main.T.Method", File: "/src/app/main.go", Entry: 99, Wrapper: true})
}

const module = "example.com/app"

func TestSelect(t *testing.T) {
	tests := []struct{ trace, ignore, want string }{
		{"main.work", "", "main.work"},
		{"work", "", "main.work"},
		{"main.main", "", "main.main"},
		{"main.main.func1", "", "main.main.func1"},
		{"main.main.*", "", "main.main.func1 main.main.func1.2"},
		{"main.*", "", "main.(*List[...]).Push main.(*Server).Serve main.Map[...] main.main main.main.func1 main.main.func1.2 main.work"},
		{"main.(*Server).Serve", "", "main.(*Server).Serve"},
		{"main.Server.Serve", "", "main.(*Server).Serve"},
		{"main.(Server).Serve", "", "main.(*Server).Serve"},
		{"Server.Serve", "", "main.(*Server).Serve"},
		{"(*Server).Shutdown", "", "net/http.(*Server).Shutdown"},
		{"Shutdown", "", "net/http.(*Server).Shutdown"},
		{"http.Get", "", "net/http.Get"},
		{"Get", "", "example.com/app/store.(*DB).Get"},
		{"net/http.(*Server).*", "", "net/http.(*Server).Serve net/http.(*Server).Shutdown"},
		{"net/http.Server.S*", "", "net/http.(*Server).Serve net/http.(*Server).Shutdown"},
		{"net/http.(*).Serve", "", "net/http.(*Server).Serve"},
		{"net/http.*", "", "net/http.(*Server).Serve net/http.(*Server).Shutdown net/http.Get"},
		{"net/...", "", "net.Dial net/http.(*Server).Serve net/http.(*Server).Shutdown net/http.Get net/http/pprof.Index"},
		{"net/http...", "", "net/http.(*Server).Serve net/http.(*Server).Shutdown net/http.Get net/http/pprof.Index"},
		{"...Index", "", "net/http/pprof.Index"},
		{"main.Map", "", "main.Map[...]"},
		{"main.Map[...]", "", "main.Map[...]"},
		{"main.Map[go.shape.int]", "", "main.Map[...]"},
		{"main.List.Push", "", "main.(*List[...]).Push"},
		{"main.(*List[...]).*", "", "main.(*List[...]).Push"},
		{"main.(*List[go.shape.int]).Push", "", "main.(*List[...]).Push"},
		{"gopkg.in/yaml.v3.Marshal", "", "gopkg.in/yaml%2ev3.Marshal"},
		{"gopkg.in/yaml%2ev3.Marshal", "", "gopkg.in/yaml%2ev3.Marshal"},
		{"gopkg.in/yaml.v3/...", "", "gopkg.in/yaml%2ev3.Marshal"},
		{"yaml.v3.Marshal", "", "gopkg.in/yaml%2ev3.Marshal"},
		{"yaml.Marshal", "", "gopkg.in/yaml%2ev3.Marshal"},
		{"yaml.*", "", "gopkg.in/yaml%2ev3.Marshal"},
		{"yaml/...", "", "gopkg.in/yaml%2ev3.Marshal"},
		{"go-sqlite3.*", "", "github.com/mattn/go-sqlite3.(*Conn).Close github.com/mattn/go-sqlite3.Open"},
		{"sqlite3.*", "", "github.com/mattn/go-sqlite3.(*Conn).Close github.com/mattn/go-sqlite3.Open"},
		{"sqlite3.(*Conn).Close", "", "github.com/mattn/go-sqlite3.(*Conn).Close"},
		{"sqlite3/...", "", "github.com/mattn/go-sqlite3.(*Conn).Close github.com/mattn/go-sqlite3.Open github.com/mattn/go-sqlite3/upgrade.Run"},
		{"sqlite3/upgrade.Run", "", "github.com/mattn/go-sqlite3/upgrade.Run"},
		{"caddy.Run", "", "github.com/caddyserver/caddy/v2.Run"},
		{"v2.Run", "", "github.com/caddyserver/caddy/v2.Run"},
		{"caddy/v2.Run", "", "github.com/caddyserver/caddy/v2.Run"},
		{"github.com/caddyserver/caddy/v2.*", "", "github.com/caddyserver/caddy/v2.Run"},
		{"caddy/...", "", "github.com/caddyserver/caddy/v2.Run github.com/caddyserver/caddy/v2/modules/caddyhttp.(*App).Start"},
		{"caddyhttp/...", "", "github.com/caddyserver/caddy/v2/modules/caddyhttp.(*App).Start"},
		{"modules/...", "", "github.com/caddyserver/caddy/v2/modules/caddyhttp.(*App).Start"},
		{"http/...", "", "net/http.(*Server).Serve net/http.(*Server).Shutdown net/http.Get net/http/pprof.Index"},
		{"example.com/app/cmd/app.work", "", "main.work"},
		{"cmd/app.work", "", "main.work"},
		{"example.com/app/cmd/...", "", "main.(*List[...]).Push main.(*Server).Serve main.Map[...] main.main main.main.func1 main.main.func1.2 main.work"},
		{"server.go", "", "main.(*Server).Serve net/http.(*Server).Serve net/http.(*Server).Shutdown"},
		{"app/server.go", "", "main.(*Server).Serve"},
		{"/src/app/server.go", "", "main.(*Server).Serve"},
		{"store/*.go", "", "example.com/app/store.(*DB).Get example.com/app/store.(*DB).Get.func1 example.com/app/store.DB.Name"},
		{`/^main\.m.*1$/`, "", "main.main.func1"},
		{`/(?i)INDEX/`, "", "net/http/pprof.Index"},
		{"main.work net.Dial main.work", "", "main.work net.Dial"},
		{"main.*", "main.main.* Server.Serve main.Map /List/", "main.main main.work"},
		{"example.com/app/store/...", "", "example.com/app/store.(*DB).Get example.com/app/store.(*DB).Get.func1 example.com/app/store.DB.Name example.com/app/store/sql.Open"},
		{"example.com/app/...", "main.* store/sql.Open", "example.com/app/store.(*DB).Get example.com/app/store.(*DB).Get.func1 example.com/app/store.DB.Name"},
		{"", "main.main... store.DB.*", "example.com/app/store/sql.Open main.(*List[...]).Push main.(*Server).Serve main.Map[...] main.work"},
	}
	for _, tt := range tests {
		sel, err := Select(testFunctions(), module, strings.Fields(tt.trace), strings.Fields(tt.ignore))
		if err != nil {
			t.Errorf("%q: %v", tt.trace, err)
			continue
		}
		if diff := cmp.Diff(strings.Fields(tt.want), names(sel.Functions)); diff != "" {
			t.Errorf("%q without %q (-want +got)\n%s", tt.trace, tt.ignore, diff)
		}
		if sel.Notes != nil {
			t.Errorf("%q: notes %q", tt.trace, sel.Notes)
		}
	}
}

func TestSelectErrors(t *testing.T) {
	tests := []struct{ trace, want string }{
		{"main.wrok", `no function matches "main.wrok"; near it: main.work`},
		{"main.Work", `no function matches "main.Work"; near it: main.work`},
		{"Server.serve", `no function matches "Server.serve"; near it: main.(*Server).Serve, http.(*Server).Serve, main.(*Server).*`},
		{"net/http", `no function matches "net/http"; near it: http.*, net/http/...`},
		{"main.Sevre", `no function matches "main.Sevre"; near it: main.(*Server).Serve`},
		{"main.Srver.Sevre", `no function matches "main.Srver.Sevre"; near it: main.(*Server).Serve`},
		{"main.Serv", `no function matches "main.Serv"; near it: main.(*Server).Serve, main.(*Server).*`},
		{"main.Srve*", `no function matches "main.Srve*"; near it: main.(*Server).Serve, main.*`},
		{"htpp.Get", `no function matches "htpp.Get"; near it: http.Get, store.(*DB).Get`},
		{"htpp.*", `no function matches "htpp.*"; near it: http.*`},
		{"nte/http.G*", `no function matches "nte/http.G*"; near it: http.G*, http.*`},
		{"htpp/...", `no function matches "htpp/..."; near it: http/..., http.*`},
		{"stroe/...", `no function matches "stroe/..."; near it: store/..., store.*`},
		{"db.Get", `no function matches "db.Get"; near it: store.(*DB).Get`},
		{"main.Index", `no function matches "main.Index"`}, // that of pprof is not meant
		{"main.nope", `no function matches "main.nope"`},
		{"mainn.*", `no function matches "mainn.*"; near it: main.*`},
		{"sqlite3", `no function matches "sqlite3"; near it: sqlite3.*, sqlite3/...`},
		{"sqlite.*", `no function matches "sqlite.*"; near it: sqlite3.*`},
		{"sever.go", `no function matches "sever.go"; near it: server.go`},
		{"app/sever.go:40-60", `no function matches "app/sever.go:40-60"; near it: app/server.go`},
		{"main.Sever", `no function matches "main.Sever"; near it: main.(*Server).*`},
		{"store.db", `no function matches "store.db"; near it: store.(*DB).*`},
		{"main.Server", `no function matches "main.Server"; near it: main.Server.*`},
		{"store.(*DB).Gt", `no function matches "store.(*DB).Gt"; near it: store.(*DB).Get, store.*`},
		{"http.Gt", `no function matches "http.Gt"; near it: http.Get`},
		{"main.[FGH]", `no function matches "main.[FGH]"`},
		{"main.[vw]ork", `no function matches "main.[vw]ork"; near it: /^main\.[vw]ork$/`},
		{"main.(work|walk)", `no function matches "main.(work|walk)"; near it: /^main\.(work|walk)$/`},
		{`^main\.work`, `no function matches "^main\\.work"; near it: /^main\.work/`},
		{"/Srever/", `no function matches "/Srever/"; near it: /Server/`},
		{"/[.]serev$/", `no function matches "/[.]serev$/"`},       // as there is only Serve
		{"/Servr.*Srve$/", `no function matches "/Servr.*Srve$/"`}, // two mistakes
		{"t", `no function matches "t"`},
		{"nothing.like.this", `no function matches "nothing.like.this"`},
		{"main.T.Method", `no function matches "main.T.Method"`},
		{"nosuch.go", `no function matches "nosuch.go"`},
		{"/main.(/", `pattern "/main.(/": at 1: missing closing ): "main.("`},
		{"/main.[z-a]/", `pattern "/main.[z-a]/": at 7: invalid character class range: "z-a"`},
		{"/main", `pattern "/main": at 5: a regular expression ends with /`},
		{"server.go:0", `pattern "server.go:0": lines are written as server.go:42 or server.go:40-60`},
		{"server.go:60-40", `pattern "server.go:60-40": lines are written as server.go:42 or server.go:40-60`},
	}
	for _, tt := range tests {
		_, err := Select(testFunctions(), module, []string{tt.trace}, nil)
		if err == nil || err.Error() != tt.want {
			t.Errorf("%q:\ngot  %v\nwant %s", tt.trace, err, tt.want)
		}
	}
	if _, err := Select(nil, "", []string{""}, nil); err == nil || err.Error() != "empty pattern" {
		t.Errorf("empty pattern: %v", err)
	}
	_, err := Select(testFunctions(), module, []string{"main.work"}, []string{"main.*"})
	if err == nil || err.Error() != `every function that matches "main.work" is ignored by "main.*"` {
		t.Errorf("everything ignored: %v", err)
	}
}

func TestDefaultPatterns(t *testing.T) {
	tests := []struct {
		module string
		want   []string
	}{
		{module, []string{"main.*", "example.com/app/..."}},
		{"example.com/other", []string{"main.*"}},
		{"", []string{"main.*"}},
	}
	for _, tt := range tests {
		sel, err := Select(testFunctions(), tt.module, nil, nil)
		if err != nil {
			t.Error(err)
		} else if diff := cmp.Diff(tt.want, sel.Patterns); diff != "" {
			t.Errorf("module %q (-want +got)\n%s", tt.module, diff)
		}
	}
}

func TestNotes(t *testing.T) {
	fns := []*engine.Function{
		{Name: "main.a", Package: "main", Entry: 1, Inlined: 2},
		{Name: "main.b", Package: "main", Entry: 2, Inlined: 1, NoReturn: true},
		{Name: "main.c", Package: "main", Entry: 3, Inlined: 1},
		{Name: "main.d", Package: "main", Entry: 4, Inlined: 1},
		{Name: "main.e", Package: "main", Entry: 5, Inlined: 1},
		{Name: "main.small", Package: "main", Inlined: 4},
		{Name: "main.sum", Package: "main", File: "/src/sum_amd64.s", Entry: 6},
	}
	sel, err := Select(fns, "", []string{"main.*"}, []string{"main.nothing"})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"1 function is inlined everywhere, so that no call is seen: main.small",
		"5 functions are inlined in places, and calls made there are not seen: main.a, main.b, main.c, … (gtrace funcs lists them)",
		"1 function has no return instruction, so that calls are seen but no end, unless a panic takes them: main.b",
		"1 function is written in assembly, so that arguments and results are not known: main.sum",
		"nothing that is traced matches the ignored pattern main.nothing",
	}
	if diff := cmp.Diff(want, sel.Notes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}

	_, err = Select(fns, "", []string{"main.small"}, nil)
	wantErr := "no call of main.small can be seen, as all were inlined"
	if inlined, ok := errors.AsType[*InlinedError](err); !ok || inlined.Error() != wantErr {
		t.Errorf("inlined: %v", err)
	}
}

func FuzzPattern(f *testing.F) {
	for _, text := range []string{"main.(*T[...]).M", "a/...", "/re(/", "x.go:1-2", "*.go", "...*...", "%2e", "(*)", "\xb0*"} {
		f.Add(text)
	}
	fns := testFunctions()
	f.Fuzz(func(t *testing.T, text string) {
		sel, err := Select(fns, module, []string{text}, nil)
		if err == nil && len(sel.Functions) == 0 {
			t.Errorf("%q chooses nothing, and that is no error", text)
		}
		_, _ = Select(fns, module, nil, []string{text}) // must not panic
	})
}
