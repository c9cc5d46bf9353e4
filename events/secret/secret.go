// Package secret tells by their names which values must not be shown, and finds in
// texts what their own form tells to be secret. It knows no values but texts.
//
// A [Names] never changes once it is made; any goroutine may use it.
package secret

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Hidden stands in the place of a value that is not shown.
const Hidden = "<redacted>"

// Names are words that mark what they name as secret. A name is cut into parts
// where its case changes and at everything that is neither letter nor digit; a
// word fits one part, or several that stand side by side, whatever their case:
// apikey fits apiKey, API_KEY, x-api-key and APIKeys. Nil fits nothing.
type Names struct {
	words    map[string]fit
	longest  int
	suffixes []string // those that fit inside
}

// A fit says when a word counts.
type fit uint8

const (
	anywhere fit = iota + 1
	atEnd        // only as the last part of a name
	inside       // anywhere, and also as the end of a part: dbpassword
	asked        // anywhere, and for values of every sort
	ofTexts      // as the last part, for texts and bytes, not for numbers
	ofBytes      // as the last part, for bytes only
	ofBlocks     // as the last part, for so many bytes as a cipher takes only
	ofPairs      // as the last part, for lists: of names, each with its value
)

// defaults are the words that are secret unless somebody says otherwise.
var defaults = map[fit]string{
	inside: "password passwd passphrase passcode secret token authorization authorisation cookie credential " +
		"apikey accesskey privatekey secretkey sessionid sessid",
	anywhere: "pwd cred creds jwt bearer otp totp cvv dsn privkey authkey signingkey encryptionkey masterkey " +
		"sharedkey sessionkey hmackey connectionstring connstring connstr " +
		"mackey enckey deckey aeskey cipherkey cryptokey signkey symkey symmetrickey derivedkey wrappingkey " +
		"keypem keyder pemkey rsakey ecdsakey ed25519key decapsulationkey sshkey tlskey sslkey rawkey keymaterial mnemonic",
	// A pass is also a round, and passThrough no secret.
	atEnd: "pass psk kek dek",
	// A seed may be a number, and a MAC the address of a machine.
	ofTexts: "seed",
	ofBytes: "mac hmac priv",
	// Most keys lead to a value; those of so many bytes are for a cipher.
	ofBlocks: "key",
	ofPairs:  "kv kvs pair pairs keyval keyvals keyvalue keyvalues keysandvalues header headers hdr hdrs md metadata attrs",
}

// New returns the default names and more.
func New(more ...string) (*Names, error) {
	n := &Names{words: make(map[string]fit)}
	for fit, list := range defaults {
		for word := range strings.FieldsSeq(list) {
			n.add(word, fit)
		}
	}
	for _, name := range more {
		word, err := wordOf(name)
		if err != nil {
			return nil, err
		}
		n.add(word, asked)
	}
	return n, nil
}

func (n *Names) add(word string, f fit) {
	n.words[word] = f
	if f == inside {
		n.suffixes = append(n.suffixes, word)
	}
	n.longest = max(n.longest, len(word))
}

// wordOf takes off a name what does not count when names are compared.
func wordOf(name string) (string, error) {
	var b strings.Builder
	for _, r := range name {
		switch {
		case isWord(r):
			b.WriteRune(unicode.ToLower(r))
		case r != '_' && r != '-':
			return "", fmt.Errorf("%q is no name: it may have letters, digits, _ and -", name)
		}
	}
	if b.Len() == 0 {
		return "", fmt.Errorf("%q is no name: it has no letter", name)
	}
	return b.String(), nil
}

func isWord(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// A Sort is what a value is, as far as that matters.
type Sort uint8

const (
	Other  Sort = iota // or not known
	Text               // a string, or a few bytes
	Bytes              // a slice of them
	Block              // an array of bytes, at least 16
	Number             // of any size
	Bool
)

// IsText reports whether a value is a text, or bytes.
func (s Sort) IsText() bool { return s == Text || s == Bytes || s == Block }

// A Match says whether a name marks what it names as secret.
type Match uint8

const (
	No     Match = iota
	Pairs        // if it follows a secret name in a list
	Blocks       // if it is an array of bytes
	Binary       // if it is bytes
	Plural       // by a plural, as tokens: of numbers, that is a count
	Yes          // by default
	Always       // by a word that somebody has added
)

// Hides reports whether a value of that sort must be hidden. No boolean is a
// secret, and no number that a plural counts, unless it was asked for.
func (m Match) Hides(s Sort) bool {
	switch m {
	case Blocks:
		return s == Block
	case Binary:
		return s == Block || s == Bytes
	case Plural:
		return s != Number && s != Bool
	case Yes:
		return s != Bool
	}
	return m == Always
}

// In returns what a name says in a package: in one of cryptography a key is no name
// of something else, whatever its size.
func (m Match) In(path string) Match {
	if m != Blocks {
		return m
	}
	for element := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(element, "crypto") || element == "cipher" {
			return Binary
		}
	}
	return m
}

// Match looks at the name of a variable, a field or a key.
func (n *Names) Match(name string) Match { return n.match(name, false) }

// MatchEnd looks at the name of a type or a function, which is that of what it
// holds or returns if it ends so: Password and readPassword, but not
// PasswordPolicy or passwordAge.
func (n *Names) MatchEnd(name string) Match { return n.match(name, true) }

// longestName bounds the work for one name.
const longestName = 1 << 12

func (n *Names) match(name string, end bool) Match {
	if n == nil || name == "" {
		return No
	}
	if len(name) > longestName {
		return Yes // nobody knows
	}
	text, ends, final := split(name, make([]byte, 0, 64), make([]int, 0, 16))
	best, begin, public := No, 0, false
	for i := range ends {
		switch string(text[begin:ends[i]]) {
		case "public", "pub", "peer", "verify":
			public = true
		}
		for j := i; j < len(ends); j++ {
			part := text[begin:ends[j]]
			if len(part) > n.longest+1 && j > i {
				break
			}
			if last := j == final; last || !end {
				best = max(best, n.word(part, i == j, last))
			}
		}
		begin = ends[i]
	}
	if public && best == Blocks {
		return No // everybody may know the key
	}
	return best
}

// word looks at one part, or several side by side.
func (n *Names) word(part []byte, single, last bool) Match {
	m := No
	for match := Yes; match >= Plural; match-- {
		if f := n.words[string(part)]; f == asked {
			m = max(m, Always)
		} else if f >= ofTexts {
			if last && match == Yes {
				m = max(m, Plural-Match(f-ofTexts))
			}
		} else if f != 0 && (f != atEnd || last) || single && n.suffix(part) {
			m = max(m, match)
		}
		if len(part) < 2 || part[len(part)-1] != 's' {
			break
		}
		part = part[:len(part)-1]
	}
	return m
}

// suffix reports whether a part that is written without a gap ends in a word.
func (n *Names) suffix(part []byte) bool {
	for _, s := range n.suffixes {
		if len(part) > len(s) && string(part[len(part)-len(s):]) == s {
			return true
		}
	}
	return false
}

// split cuts a name where its case changes and at what is neither letter nor
// digit: userPassword, X-Auth-Token, APIKey, token2. It returns the parts side
// by side in lower case, where each ends, and which is the last that is no
// number.
func split(name string, text []byte, ends []int) ([]byte, []int, int) {
	var before rune
	begin, last := 0, 0
	cut := func() {
		if len(text) == begin {
			return
		}
		if text[begin] < '0' || text[begin] > '9' {
			last = len(ends)
		}
		begin = len(text)
		ends = append(ends, begin)
	}
	for i, r := range name {
		if !isWord(r) {
			cut()
			before = 0
			continue
		}
		after, _ := utf8.DecodeRuneInString(name[i+utf8.RuneLen(r):])
		switch {
		case before == 0:
		case unicode.IsDigit(before) != unicode.IsDigit(r),
			!unicode.IsUpper(before) && unicode.IsUpper(r),
			unicode.IsUpper(before) && unicode.IsUpper(r) && unicode.IsLower(after):
			cut()
		}
		text = utf8.AppendRune(text, unicode.ToLower(r))
		before = r
	}
	cut()
	return text, ends, last
}
