package secret

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func names(t testing.TB, more ...string) *Names {
	t.Helper()
	n, err := New(more...)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestMatch(t *testing.T) {
	n := names(t)
	for match, list := range map[Match]string{
		Yes: "password Password PASSWORD userPassword UserPassword password2 db_password DB_PASSWD passwd old-passwd " +
			"pwd newPwd passphrase ssh_passphrase passcode secret clientSecret SECRET_KEY secretary_secret " +
			"token Token accessToken X-Auth-Token x_csrf_token oauth2Token tokenURL id_token authtoken AUTHTOKEN " +
			"authorization Authorization AuthorizationHeader Proxy-Authorization authorisation " +
			"cookie Cookie Set-Cookie sessionCookie apikey apiKey APIKey api_key API-KEY X-Api-Key myapikey " +
			"accessKey access_key AWS_ACCESS_KEY_ID secretAccessKey privateKey PRIVATE_KEY privKey credential userCredential " +
			"cred creds sessionID session_id SessionId JSESSIONID PHPSESSID jwt JWTAuth bearer BearerValue " +
			"otp TOTP cvv dsn DB_DSN connString connection_string signingKey hmacKey masterKey " +
			"MACKey macKey mac_key keyPEM keyPEMBlock key_pem aesKey encKey symmetricKey RSAKey sshKey rawKey keyMaterial mnemonic PSK kek dek " +
			"pass dbPass SMTP_PASS pass2 pass_word passWord password_hash (*Config).password user.password",
		Blocks: "key Key sessionTicketKey userKey",
		Binary: "mac MAC HMAC priv",
		Plural: "seed Seed rngSeed passwords tokens maxTokens totalTokens tokensUsed secrets credentials cookies APIKeys JWTs accesstokens",
		No: "tokenize tokenizer tokenized passwordless passThrough passes bypass compass passenger firstPassRate " +
			"secretary authorize authorized auth author keys publicKey monkey cookiecutter session sessions pubKey peerKey machine macro " +
			"id name value user access api api2 keyapi credit accredited pin spin sid signature salt nonce hash " +
			"paſsword _ - -- 123 é",
	} {
		for name := range strings.FieldsSeq(list) {
			if got := n.Match(name); got != match {
				t.Errorf("%s: %d, want %d", name, got, match)
			}
		}
	}
	if n.Match("") != No || (*Names)(nil).Match("password") != No {
		t.Error("nothing matches")
	}
	if n.Match(strings.Repeat("x", longestName+1)) == No {
		t.Error("a name that is too long to look at is shown")
	}
}

func TestMatchEnd(t *testing.T) {
	n := names(t)
	for match, list := range map[Match]string{
		Yes:    "Password readPassword AccessToken APIKey PrivateKey getDBPass password2",
		Plural: "Tokens listSecrets",
		No:     "PasswordPolicy TokenKind passwordAge newTokenService Secretary",
	} {
		for name := range strings.FieldsSeq(list) {
			if got := n.MatchEnd(name); got != match {
				t.Errorf("%s: %d, want %d", name, got, match)
			}
		}
	}
}

func TestIn(t *testing.T) {
	n := names(t)
	for path, want := range map[string]Match{
		"crypto/aes": Binary, "golang.org/x/crypto/nacl": Binary, "example.com/store": Blocks, "": Blocks, "crypto/internal/fips140/hmac.HMAC": Binary,
	} {
		if got := n.Match("key").In(path); got != want {
			t.Errorf("%s: %d, want %d", path, got, want)
		}
		if got := n.Match("password").In(path); got != Yes {
			t.Errorf("%s: a password is %d", path, got)
		}
	}
}

func TestAdded(t *testing.T) {
	n := names(t, "iban", "card-number", "Tokens", "md5sum", "Größe")
	for match, list := range map[Match]string{
		Always: "iban IBAN userIban ibans cardNumber CARD_NUMBER card_numbers cardnumber tokens maxTokens md5sum größe GRÖSSE_GRÖßE",
		Yes:    "password token",
		No:     "caribbean ibanking card number discardNumber",
	} {
		for name := range strings.FieldsSeq(list) {
			if got := n.Match(name); got != match {
				t.Errorf("%s: %d, want %d", name, got, match)
			}
		}
	}
	for _, bad := range []string{"", "_", "--", "a b", "a.b", "*", "x="} {
		if _, err := New(bad); err == nil || !strings.Contains(err.Error(), "no name") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestHides(t *testing.T) {
	for m, want := range map[Match]string{No: "", Pairs: "", Blocks: "A", Binary: "YA", Plural: "OTYA", Yes: "OTYAN", Always: "OTYANB"} {
		var got []byte
		for s, letter := range "OTYANB" {
			if m.Hides(Sort(s)) {
				got = append(got, byte(letter))
			}
		}
		if string(got) != want {
			t.Errorf("%d hides %s, want %s", m, got, want)
		}
	}
}

func TestCommandLine(t *testing.T) {
	n := names(t)
	for in, want := range map[string]string{
		"serve --password=x -v":                "serve --password=<redacted> -v",
		"serve -password=x":                    "serve -password=<redacted>",
		"serve --password x y":                 "serve --password <redacted> y",
		"serve --token --password x y":         "serve --token <redacted> <redacted> y",
		"serve --db-password":                  "serve --db-password",
		"serve password x":                     "serve password x",
		"serve DB_PASSWORD=x PATH=/bin":        "serve DB_PASSWORD=<redacted> PATH=/bin",
		"curl -H Authorization:~Bearer~x":      "curl -H Authorization:~<redacted>",
		"serve --config={\"password\":~\"x\"}": "serve --config={\"password\":~\"x\"}",
		"sh -c serve~--token~x~-v":             "sh -c serve~--token~<redacted>",
		"sh -c A=1~API_KEY=x~serve":            "sh -c A=1~API_KEY=<redacted>",
		"get https://h/?a=1&access_token=x&b":  "get https://h/?a=1&access_token=<redacted>",
		"get postgres://ann:x@h:5432/db":       "get postgres://ann:<redacted>@h:5432/db",
		"get postgres://ann:a@b@h/db":          "get postgres://ann:<redacted>@h/db",
		"get http://h:80/a@b":                  "get http://h:80/a@b",
		"serve --tokenizer=x --passwordless=y": "serve --tokenizer=x --passwordless=y",
		"token x":                              "token x",
		"--token x":                            "--token x",
		"server:~--token~x":                    "server:~--token~<redacted>",
		"serve":                                "serve",
	} {
		argv := strings.Fields(in)
		for i := range argv {
			argv[i] = strings.ReplaceAll(argv[i], "~", " ")
		}
		shown := n.CommandLine(argv)
		got := strings.ReplaceAll(strings.Join(shown, "\x00"), " ", "~")
		if got = strings.ReplaceAll(got, "\x00", " "); got != want {
			t.Errorf("%s\n got %s\nwant %s", in, got, want)
		}
		if plain := (*Names)(nil).CommandLine(argv); !slices.Equal(plain, argv) {
			t.Errorf("without names: %q", plain)
		}
	}
}

// style writes the parts of a name together.
func style(rt *rapid.T, parts []string) string {
	var b strings.Builder
	kind := rapid.IntRange(0, 4).Draw(rt, "style")
	for i, part := range parts {
		switch {
		case kind == 0 && i > 0:
			b.WriteByte('_')
		case kind == 1 && i > 0:
			b.WriteByte('-')
		case kind == 2:
			part = strings.ToUpper(part)
			if i > 0 {
				b.WriteByte('_')
			}
		case kind == 3 && i > 0, kind == 4:
			part = strings.ToUpper(part[:1]) + part[1:]
		}
		b.WriteString(part)
	}
	return b.String()
}

var innocent = []string{"user", "old", "db", "x", "header", "id", "main", "of", "value", "http"}

// TestAnyStyle writes words among others in every style that there is: they
// match, however the word itself is cut, and the others alone do not.
func TestAnyStyle(t *testing.T) {
	n := names(t)
	words := [][]string{
		{"password"},
		{"pass", "word"},
		{"token"},
		{"api", "key"},
		{"apikey"},
		{"access", "key"},
		{"session", "id"},
		{"connection", "string"},
		{"cookie"},
		{"pwd"},
	}
	rapid.Check(t, func(rt *rapid.T) {
		some := rapid.SliceOfN(rapid.SampledFrom(innocent), 0, 4)
		before, after := some.Draw(rt, "before"), some.Draw(rt, "after")
		word := rapid.SampledFrom(words).Draw(rt, "word")
		if name := style(rt, slices.Concat(before, word, after)); n.Match(name) != Yes {
			rt.Fatalf("%s is not hidden", name)
		}
		if name := style(rt, slices.Concat(before, after)); n.Match(name) > Pairs {
			rt.Fatalf("%s is hidden", name)
		}
		if name := style(rt, slices.Concat(before, word)); n.MatchEnd(name) != Yes {
			rt.Fatalf("%s is not hidden at its end", name)
		}
	})
}

// TestAnyAddition adds any word: it then matches alone and among others.
func TestAnyAddition(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		word := rapid.StringMatching(`[a-z][a-z0-9]{0,30}`).Draw(rt, "word")
		n := names(t, word)
		for _, name := range []string{word, strings.ToUpper(word), "old_" + word, word + "-of"} {
			if n.Match(name) != Always {
				rt.Fatalf("%s does not match %s", name, word)
			}
		}
	})
}

func TestNoAllocation(t *testing.T) {
	n := names(t)
	for _, name := range []string{"password", "Content-Type", "someRatherLongNameOfAField"} {
		if got := testing.AllocsPerRun(100, func() { n.Match(name) }); got > 0 {
			t.Errorf("%s: %v allocations", name, got)
		}
	}
}

func FuzzMatch(f *testing.F) {
	for _, seed := range []string{"userPassword", "X-Auth-Token", "tokens", "é\xff_İK", "-p=1", "a://b:c@d"} {
		f.Add(seed, "word")
	}
	n := names(f)
	f.Fuzz(func(t *testing.T, name, word string) {
		m := n.Match(name)
		if n.MatchEnd(name) > m {
			t.Errorf("%q matches at its end only", name)
		}
		if len(name) < longestName/8 && m == No {
			// Neither what is no part of a name, nor its case, counts.
			if n.Match("_"+name+"-") != No {
				t.Errorf("%q matches with separators around it", name)
			}
		}
		if len(name) < longestName/8 && n.Match(name+"_password") < Yes {
			t.Errorf("%q with a password is shown", name)
		}
		if own, err := New(word); err == nil && isASCII(word) && len(word) < longestName && own.Match(word) != Always {
			t.Errorf("%q does not match itself", word)
		}
		shown, here, next := n.Argument(name)
		if shown > len(name) || here && next {
			t.Errorf("%q: %d, %t, %t", name, shown, here, next)
		}
		line := n.CommandLine([]string{"prog", name, "--password", word, "--password=" + word, word})
		if line[0] != "prog" || line[3] != Hidden || strings.ReplaceAll(line[4], " ", "") != "--password="+Hidden || len(line) != 6 {
			t.Errorf("command line %q", line)
		}
	})
}

func isASCII(s string) bool {
	return strings.IndexFunc(s, func(r rune) bool { return r > unicode.MaxASCII }) < 0
}

func BenchmarkMatch(b *testing.B) {
	n := names(b)
	for b.Loop() {
		n.Match("Content-Type")
	}
}
