package secret

import (
	"strings"
	"testing"
)

// spared puts what is hidden in the place of the spans of a text.
func spared(n *Names, text string, whole bool) string {
	var b strings.Builder
	end := 0
	for _, s := range n.Spans([]byte(text), whole) {
		b.WriteString(text[end:s.Begin] + "#")
		end = s.End
	}
	return b.String() + text[end:]
}

func TestSpans(t *testing.T) {
	n := names(t)
	for in, want := range map[string]string{
		"-----BEGIN RSA PRIVATE KEY-----\nMIIE":                            "#",
		"a: 1\n-----BEGIN PRIVATE KEY-----\nMIIE":                          "#",
		"-----BEGIN CERTIFICATE-----\nMII\n-----BEGIN EC PRIVATE KEY-----": "#",
		"-----BEGIN PGP PRIVATE KEY BLOCK-----":                            "#",
		"-----BEGIN PUBLIC KEY-----\nMIIE":                                 "-----BEGIN PUBLIC KEY-----\nMIIE",
		"-----BEGIN CERTIFICATE-----\n of a PRIVATE KEY":                   "-----BEGIN CERTIFICATE-----\n of a PRIVATE KEY",

		"postgres://ann:x@h:5432/db":          "postgres://ann:#@h:5432/db",
		"a http://a:b@c and http://d:e@f/g":   "a http://a:#@c and http://d:#@f/g",
		"parse \"http://a:b@c%\": bad escape": "parse \"http://a:#@c%\": bad escape",
		"http://h:80/a@b:c":                   "http://h:80/a@b:c",
		"ssh://git@h/a":                       "ssh://git@h/a",

		"Bearer abcdefgh":            "Bearer #",
		"basic YW5uOmh1bnRlcg==":     "basic #",
		"Bearer of bad news":         "Bearer of bad news",
		"Basic training":             "Basic #", // it might be
		"Basic lesson":               "Basic lesson",
		"https://h/?a=1&token=x&b=2": "https://h/?a=1&token=#&b=2",
		"access_token=x&b=2":         "access_token=#",
		"DB_PASSWORD=a b":            "DB_PASSWORD=#",
		"max_tokens=5":               "max_tokens=5",
		"host=h password=x db=y":     "host=h password=# db=y",
		"host=h password='x y' db=z": "host=h password='#' db=z",
		"theme=x; session_id=y; a=b": "theme=x; session_id=#; a=b",
		"A=password=1":               "A=password=1",
		"password = x":               "password = x",
		"the password == x":          "the password == x",

		`{"user":"ann","password":"h\"x","n":1}`:   `{"user":"ann","password":"#","n":1}`,
		`{"a":{"api_key" : "x"}}`:                  `{"a":{"api_key" : "x"}}`,
		`{"pin_secret": 1234, "password": "x`:      `{"pin_secret": #, "password": "#`,
		"GET / HTTP/1.1\r\nAuthorization: x y\r\n": "GET / HTTP/1.1\r\nAuthorization: #\r\n",
		"a: b\npassword: x\nc: d":                  "a: b\npassword: #\nc: d",
		"{User:ann Password:x y:1}":                "{User:ann Password:# y:1}",
		"map[a:map[token:x] b:1]":                  "map[a:map[token:#] b:1]",
		"invalid [a] token: no":                    "invalid [a] token: no",
		"token: unexpected EOF":                    "token: unexpected EOF",
		"":                                         "",
		"=:\"":                                     "=:\"",
	} {
		if got := spared(n, in, true); got != want {
			t.Errorf("%q:\n got %q\nwant %q", in, got, want)
		}
	}
	if got := spared(n, "http://a:b", false); got != "http://a:#" {
		t.Errorf("of a URL that is cut off %s is shown", got)
	}
	if got := spared(nil, "token=x", true); got != "token=x" {
		t.Errorf("without names: %s", got)
	}
}

func TestPairs(t *testing.T) {
	for _, name := range []string{"key", "Key", "ParameterKey", "header", "HeaderName", "K"} {
		if !IsKey(name) {
			t.Errorf("%s names nothing", name)
		}
	}
	for _, name := range []string{"value", "Value", "RawValue", "vals", "ValueString", "Interface", "v"} {
		if !IsValue(name) {
			t.Errorf("%s is named by nothing", name)
		}
	}
	for _, name := range []string{"", "keyboard", "_", "RawPath", "dataset"} {
		if IsKey(name) || IsValue(name) {
			t.Errorf("%s names, or is named", name)
		}
	}
	n := names(t)
	for name, want := range map[string]Match{"kv": Pairs, "keysAndValues": Pairs, "reqHeaders": Pairs, "tokenPairs": Yes, "kvStore": No} {
		if got := n.Match(name); got != want {
			t.Errorf("%s: %d, want %d", name, got, want)
		}
	}
}

func FuzzSpans(f *testing.F) {
	for _, seed := range []string{"a://b:c@d", "token=x", `"token":"x"`, "\ntoken: x", "Bearer xxxxxxxx", "-----BEGIN PRIVATE KEY"} {
		f.Add([]byte(seed), true)
	}
	n := names(f)
	f.Fuzz(func(t *testing.T, text []byte, whole bool) {
		end := 0
		for _, s := range n.Spans(text, whole) {
			if s.Begin < end || s.End < s.Begin || s.End > len(text) {
				t.Fatalf("%q: %v", text, s)
			}
			end = s.End
		}
	})
}
