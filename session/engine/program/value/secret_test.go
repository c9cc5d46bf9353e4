package value

import (
	"strings"
	"testing"

	"gtrace/events/secret"
	"gtrace/session/engine"
)

// hush is in every secret of the program.
const hush = "Zq7!Jk"

func secretNames(t testing.TB, more ...string) *secret.Names {
	t.Helper()
	names, err := secret.New(more...)
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestNothingLeaks reads what holds secrets with limits of all sorts. The
// secret must not come out in part, either.
func TestNothingLeaks(t *testing.T) {
	tg := start(t, build(t, nil))
	r := NewReader(tg.debug)
	hide := secretNames(t)
	found := 0
	for _, e := range tg.expected {
		if !strings.HasPrefix(e.name, "s") {
			continue
		}
		typ, data := tg.variable(t, e.name)
		for _, lim := range []engine.Limits{
			{}, {String: 1}, {String: 5000, Values: 5000, Follow: 9}, {Values: 1}, {Values: -1, Follow: -1}, {String: -1, Follow: 3},
		} {
			if got := r.Read(tg.mem, typ, data, lim); strings.Contains(got.Text+got.Error, hush) {
				found++
			}
			lim.Hide = hide
			got := r.Read(tg.mem, typ, data, lim)
			for _, part := range []string{hush, "Zq", "Jk", `"Z`, "7654", "0x5a", "+17"} {
				if strings.Contains(got.Text+got.Error, part) {
					t.Errorf("%s with %+v leaks %s: %s, error %s", e.name, lim, part, got.Text, got.Error)
				}
			}
		}
	}
	if found < 60 {
		t.Errorf("without names %d texts show the secret: the test has gone blind", found)
	}
}

// TestNamesChange reads with other names than before, as two probes may.
func TestNamesChange(t *testing.T) {
	tg := start(t, build(t, nil))
	r := NewReader(tg.debug)
	typ, data := tg.variable(t, "sPlain")
	user, all := secretNames(t, "user"), secretNames(t)
	for range 2 {
		for _, tt := range []struct {
			names *secret.Names
			want  string
		}{
			{nil, `main.Login{User:"ann", Password:"Zq7!Jk", next:nil}`},
			{all, `main.Login{User:"ann", Password:<redacted>, next:nil}`},
			{user, `main.Login{User:<redacted>, Password:<redacted>, next:nil}`},
		} {
			if got := r.Read(tg.mem, typ, data, engine.Limits{Hide: tt.names}).Text; got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		}
	}
}

// TestHiddenParts hides what a message of a known form is made of.
func TestHiddenParts(t *testing.T) {
	tg := start(t, build(t, nil))
	r := NewReader(tg.debug)
	lim := engine.Limits{Hide: secretNames(t, "path")}
	for name, want := range map[string]string{
		"eOpen":  "open <redacted>: no such file or directory",
		"sError": "&main.AuthError{Code:3, Token:<redacted>}",
	} {
		_, data := tg.variable(t, name)
		if _, _, mesg := r.ErrorChain(tg.mem, unsigned(data[:8]), unsigned(data[8:]), lim); mesg != want {
			t.Errorf("%s: %s", name, mesg)
		}
	}
	_, data := tg.variable(t, "sAnyPtr")
	if _, got := r.Interface(tg.mem, unsigned(data[:8]), unsigned(data[8:]), lim); strings.Contains(got.Text, hush) {
		t.Errorf("a panic's value leaks: %s", got.Text)
	}
}

func TestTypeBase(t *testing.T) {
	for raw, want := range map[string]string{
		"main.Password": "Password", "example.com/a.b/c.Token": "Token", "main.Box[main.Password]": "Box",
		"*main.Password": "Password", "[]main.Password": "", "string": "", "map[string]main.Token": "",
	} {
		if got := typeBase(raw); got != want {
			t.Errorf("%s: %q, want %q", raw, got, want)
		}
	}
}
