package main

import (
	"context"
	"crypto/ecdsa"
	"encoding/pem"
	"errors"
	"log/slog"
	"math/big"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"strings"
	"time"
)

// hush is in every value that must not be seen.
const hush = "Zq7!Jk"

// hidden is what stands in its place.
const hidden = "<redacted>"

type (
	Password   string
	Passphrase []byte
	TokenKind  string
	Pin        [4]byte
	pinSecret  [4]byte

	Login struct {
		User     string
		Password string
		next     *Login
	}
	Mixed struct {
		ID          int
		DBPasswd    []byte
		tokens      int
		MaxTokens   uint16
		accessToken any
		hasPassword bool
		secretNum   int64
		Cookies     []string
		Session     map[string]string
		pwd         *string
		secretFn    func()
		credentials Login
	}
	Setting struct {
		Name  string
		Value any
	}
	Parameter struct {
		Name, Value *string
	}
	Attr struct {
		Key string
		val [2]string
		def string
	}
	AuthError struct {
		Code  int
		Token string
	}
	// What a structure holds that is called a secret itself.
	APIToken struct {
		Login
		Value   string
		raw     []byte
		Scopes  []string
		Uses    int
		Valid   bool
		Expires time.Time
	}
	Secrets     map[string]string
	TokenPolicy struct{ Name string }
	// Names that are bytes, as in headers of HTTP/2.
	Field struct {
		Key, Value []byte
	}
	ZapField struct {
		Key       string
		Type      uint8
		Integer   int64
		String    string
		Interface any
	}
	HeaderValue struct {
		Key, Value string
		RawValue   []byte
	}
	Fixed struct {
		Key   [13]byte
		Value [8]byte
		N     int
	}
	Headers []string
	Named   struct {
		kv      []string
		pairs   [][]byte
		columns []string
		other   Headers
	}
	// Bytes for a cipher, beside what is called like them.
	Keys struct {
		MACKey    []byte
		mac       []byte
		seed      [32]byte
		Seed      int
		key       [16]byte
		Key       []byte
		PublicKey [32]byte
		MAC       net.HardwareAddr
	}
)

func (e *AuthError) Error() string { return "denied" }

func (e AuthError) Unwrap() error { return nil }

var (
	phrase    = hush
	paramName = "db-password"
	longKey   = strings.Repeat("x", 300) + "_password"
	giantKey  = strings.Repeat("x", 5000)

	sPlain       = Login{User: "ann", Password: hush}
	sEmpty       = Login{}
	sPointer     = &Login{User: "ann", Password: hush}
	sNested      = []Login{{"ann", hush, &Login{"bob", hush, nil}}, {"eve", "", nil}}
	sArray       = [2]*Login{{"ann", hush, nil}, nil}
	sAny     any = Login{User: "ann", Password: hush}
	sAnyPtr  any = &Login{User: "ann", Password: hush}
	sMixed       = Mixed{
		ID: 1, DBPasswd: []byte(hush), tokens: 5, MaxTokens: 6, accessToken: hush, hasPassword: true, secretNum: 7,
		Cookies: []string{hush}, pwd: &phrase, credentials: Login{"ann", hush, nil},
	}
	sAnonymous = struct {
		A      int
		APIKey struct{ X string }
	}{1, struct{ X string }{hush}}

	sType           = Password(hush)
	sTypePtr        = &sType
	sTypeAny    any = Password(hush)
	sTypeNil    any = Passphrase(nil)
	sTypes          = []Password{hush, hush}
	sTypeKeys       = map[Password]int{hush: 1}
	sTypeBytes      = Passphrase(hush)
	sTypeArray      = pinSecret{1, 2}
	sOtherType      = TokenKind("kind")
	sOtherArray     = Pin{1, 2}

	sHeader   = http.Header{"Authorization": {"Bearer " + hush}, "Accept": {"*/*"}, "Set-Cookie": {"a=" + hush}}
	sMap      = map[string]any{"api_key": hush, "max_tokens": 5, "token": true, "user": "ann", "x": map[any]any{"pwd": hush, 1: "one"}}
	sMapLong  = map[string]string{longKey: hush}
	sMapGiant = map[string]string{giantKey: hush}
	sMapTyped = map[TokenKind]*Login{"password": {"ann", hush, nil}, "login": {"ann", hush, nil}}
	sMapBig   = map[string][40]string{"secret": {hush}}

	sSetting   = []Setting{{"password", hush}, {"color", "red"}, {"tokens", 5}, {"/etc/token", "x"}, {"the token", "y"}}
	sParameter = Parameter{Name: &paramName, Value: &phrase}
	sAttr      = Attr{"X-Api-Key", [2]string{hush, hush}, hush}
	sCookie    = &http.Cookie{Name: "theme", Value: hush, Raw: "theme=" + hush, Unparsed: []string{hush}}
	sEnv       = []string{"PATH=/bin", "DB_PASSWORD=" + hush, "A=password=1", "token: " + hush, "tokenizer=1"}
	sArgs      = [...]string{"-v", "--password", hush, "--api-key=" + hush, "--token", "--secret", hush, "end"}
	sLog       = []any{"user", "ann", "token", hush, "count", 1, "secret", any(nil), "of the token", "z"}
	sKey       = ecdsa.PrivateKey{D: big.NewInt(76543210)}

	sTypeFields = APIToken{Login{"ann", hush, nil}, hush, []byte(hush), []string{hush}, 7, true, time.Unix(0, 0).UTC()}
	sTypeMap    = Secrets{"a": hush}
	sOtherTyped = TokenPolicy{"short"}
	sPairs      = []Field{{[]byte("authorization"), []byte(hush)}, {[]byte("accept"), []byte("*/*")}}
	sKeys       = Keys{[]byte(hush), []byte(hush), [32]byte{90, 113, 55}, 5, [16]byte{90, 113}, []byte("row"), [32]byte{1}, net.HardwareAddr{2, 0, 0, 0, 0, 1}}

	sBlock          = &pem.Block{Type: "EC PRIVATE KEY", Bytes: []byte(hush)}
	sPublic         = &pem.Block{Type: "CERTIFICATE", Bytes: []byte("cert")}
	sEncoded        = pem.EncodeToMemory(sBlock)
	sEncodedS       = "key: |\n" + string(sEncoded)
	sZap            = []ZapField{{Key: "password", Type: 15, Integer: 76543210, String: hush, Interface: hush}, {Key: "port", Type: 11, Integer: 80}}
	sEnvoy          = HeaderValue{"authorization", hush, []byte(hush)}
	sFixed          = []Fixed{{[13]byte([]byte("authorization")), [8]byte([]byte(hush + "..")), 1}, {[13]byte([]byte("accept\x00\x00\x00\x00\x00\x00\x00")), [8]byte{}, 2}}
	sNamed          = Named{[]string{"authorization", hush, "accept", "*/*"}, [][]byte{[]byte("cookie"), []byte(hush)}, []string{"password", "mail"}, Headers{"X-Api-Key", hush}}
	sTuples         = [][2]string{{"authorization", hush}, {"accept", "*/*"}, {"token", "token"}}
	sURL            = []string{"postgres://ann:" + hush + "@host/db", strings.Repeat("x", 40) + " http://ann:" + hush + strings.Repeat("y", 40) + "@host/"}
	sQuery          = "/login?user=ann&access_token=" + hush + "&page=2"
	sJSON           = []byte(`{"user":"ann","password":"` + hush + `"}`)
	sBearer         = "Bearer " + hush + "."
	sSlog           = []any{slog.String("password", hush), slog.Group("db", "token", hush), slog.Int("port", 80)}
	sContext        = context.WithValue(context.Background(), TokenKind("session_id"), hush)
	sForm           = url.Values{"passwd": {hush}, "q": {"x"}}
	sMIME           = textproto.MIMEHeader{"Proxy-Authorization": {hush}}
	sTexts    error = errors.New("dial postgres://ann:" + hush + "@host: refused")

	sError     error = &AuthError{3, hush}
	sErrorWrap       = errors.Join(sError)
)

func secrets() {
	text := strings.NewReplacer("HIDDEN", hidden)
	is := func(name string, p any, want string, mesg ...string) {
		show(name, p, append([]string{text.Replace(want)}, append(mesg, "")[:1]...)...)
	}
	is("sPlain", &sPlain, `main.Login{User:"ann", Password:HIDDEN, next:nil}`)
	is("sEmpty", &sEmpty, `main.Login{User:"", Password:HIDDEN, next:nil}`)
	is("sPointer", &sPointer, `&main.Login{User:"ann", Password:HIDDEN, next:nil}`)
	is("sNested", &sNested, `*main.Login{main.Login{User:"ann", Password:HIDDEN, next:&main.Login{User:"bob", Password:HIDDEN, next:nil}}, main.Login{User:"eve", Password:HIDDEN, next:nil}}`)
	is("sArray", &sArray, `[2]*main.Login{&main.Login{User:"ann", Password:HIDDEN, next:nil}, nil}`)
	is("sAny", &sAny, `main.Login{User:"ann", Password:HIDDEN, next:nil}`)
	is("sAnyPtr", &sAnyPtr, `&main.Login{User:"ann", Password:HIDDEN, next:nil}`)
	is("sMixed", &sMixed, `main.Mixed{ID:1, DBPasswd:HIDDEN, tokens:5, MaxTokens:6, accessToken:HIDDEN, hasPassword:true, secretNum:HIDDEN, Cookies:HIDDEN, Session:nil, pwd:HIDDEN, secretFn:HIDDEN, credentials:HIDDEN}`)
	is("sAnonymous", &sAnonymous, `*{A:1, APIKey:HIDDEN}`)
	is("sType", &sType, `HIDDEN`)
	is("sTypePtr", &sTypePtr, `&HIDDEN`)
	is("sTypeAny", &sTypeAny, `HIDDEN`)
	is("sTypeNil", &sTypeNil, `HIDDEN`)
	is("sTypes", &sTypes, `[]main.Password{HIDDEN, HIDDEN}`)
	is("sTypeKeys", &sTypeKeys, `map[main.Password]int{HIDDEN:1}`)
	is("sTypeBytes", &sTypeBytes, `HIDDEN`)
	is("sTypeArray", &sTypeArray, `HIDDEN`)
	is("sOtherType", &sOtherType, `"kind"`)
	is("sOtherArray", &sOtherArray, `main.Pin{0x1, 0x2, 0x0, 0x0}`)
	is("sHeader", &sHeader, `http.Header{"Accept":[]string{"*/*"}, "Authorization":HIDDEN, "Set-Cookie":HIDDEN}`)
	is("sMap", &sMap, `map[string]any{"api_key":HIDDEN, "max_tokens":5, "token":true, "user":"ann", "x":map[any]any{"pwd":HIDDEN, 1:"one"}}`)
	is("sMapLong", &sMapLong, `map[string]string{"`+strings.Repeat("x", 64)+`"…+245:HIDDEN}`)
	is("sMapGiant", &sMapGiant, `map[string]string{"`+strings.Repeat("x", 64)+`"…+4936:HIDDEN}`)
	is("sMapTyped", &sMapTyped, `map[main.TokenKind]*main.Login{"login":&main.Login{User:"ann", Password:HIDDEN, next:nil}, "password":HIDDEN}`)
	is("sMapBig", &sMapBig, `map[string][40]string{"secret":HIDDEN}`)
	is("sSetting", &sSetting, `[]main.Setting{main.Setting{Name:"password", Value:HIDDEN}, main.Setting{Name:"color", Value:"red"}, main.Setting{Name:"tokens", Value:5}, main.Setting{Name:"/etc/token", Value:"x"}, main.Setting{Name:"the token", Value:"y"}}`)
	is("sParameter", &sParameter, `main.Parameter{Name:&"db-password", Value:HIDDEN}`)
	is("sAttr", &sAttr, `main.Attr{Key:"X-Api-Key", val:HIDDEN, def:HIDDEN}`)
	is("sCookie", &sCookie, `*&http.Cookie{Name:"theme", Value:HIDDEN, Quoted:false, `)
	is("sEnv", &sEnv, `[]string{"PATH=/bin", "DB_PASSWORD=HIDDEN", "A=password=1", "token: HIDDEN", "tokenizer=1"}`)
	is("sArgs", &sArgs, `[8]string{"-v", "--password", HIDDEN, "--api-key=HIDDEN", "--token", HIDDEN, HIDDEN, "end"}`)
	is("sLog", &sLog, `[]any{"user", "ann", "token", HIDDEN, "count", 1, "secret", HIDDEN, "of the token", "z"}`)
	is("sKey", &sKey, `*, D:HIDDEN}`)
	is("sTypeFields", &sTypeFields, `main.APIToken{Login:main.Login{User:"ann", Password:HIDDEN, next:nil}, Value:HIDDEN, raw:HIDDEN, Scopes:HIDDEN, Uses:7, Valid:true, Expires:1970-01-01T00:00:00Z}`)
	is("sTypeMap", &sTypeMap, `HIDDEN`)
	is("sOtherTyped", &sOtherTyped, `main.TokenPolicy{Name:"short"}`)
	is("sPairs", &sPairs, `[]main.Field{main.Field{Key:[]byte("authorization"), Value:HIDDEN}, main.Field{Key:[]byte("accept"), Value:[]byte("*/*")}}`)
	is("sKeys", &sKeys, `main.Keys{MACKey:HIDDEN, mac:HIDDEN, seed:HIDDEN, Seed:5, key:HIDDEN, Key:[]byte("row"), PublicKey:[32]byte{0x1`+strings.Repeat(", 0x0", 15)+`, …+16}, MAC:net.HardwareAddr{0x2, 0x0, 0x0, 0x0, 0x0, 0x1}}`)
	is("sBlock", &sBlock, `&pem.Block{Type:"EC PRIVATE KEY", Headers:nil, Bytes:HIDDEN}`)
	is("sPublic", &sPublic, `&pem.Block{Type:"CERTIFICATE", Headers:nil, Bytes:[]byte("cert")}`)
	is("sEncoded", &sEncoded, `HIDDEN`)
	is("sEncodedS", &sEncodedS, `HIDDEN`)
	is("sZap", &sZap, `[]main.ZapField{main.ZapField{Key:"password", Type:15, Integer:HIDDEN, String:HIDDEN, Interface:HIDDEN}, main.ZapField{Key:"port", Type:11, Integer:80, String:"", Interface:nil}}`)
	is("sEnvoy", &sEnvoy, `main.HeaderValue{Key:"authorization", Value:HIDDEN, RawValue:HIDDEN}`)
	is("sFixed", &sFixed, `*Value:HIDDEN, N:1}, `)
	is("sNamed", &sNamed, `main.Named{kv:[]string{"authorization", HIDDEN, "accept", "*/*"}, pairs:[][]byte{[]byte("cookie"), HIDDEN}, columns:[]string{"password", "mail"}, other:main.Headers{"X-Api-Key", HIDDEN}}`)
	is("sTuples", &sTuples, `[][2]string{[2]string{"authorization", HIDDEN}, [2]string{"accept", "*/*"}, [2]string{"token", HIDDEN}}`)
	is("sURL", &sURL, `[]string{"postgres://ann:HIDDEN@host/db", "`+strings.Repeat("x", 40)+` http://ann:HIDDEN"…}`)
	is("sQuery", &sQuery, `"/login?user=ann&access_token=HIDDEN&page=2"`)
	is("sJSON", &sJSON, `[]byte("{\"user\":\"ann\",\"password\":\"HIDDEN\"}")`)
	is("sBearer", &sBearer, `"Bearer HIDDEN"`)
	is("sSlog", &sSlog, `*slog.Attr{Key:"password", Value:HIDDEN}, `)
	is("sContext", &sContext, `*key:"session_id", val:HIDDEN}`)
	is("sForm", &sForm, `url.Values{"passwd":HIDDEN, "q":[]string{"x"}}`)
	is("sMIME", &sMIME, `textproto.MIMEHeader{"Proxy-Authorization":HIDDEN}`)
	is("sTexts", &sTexts, `&errors.errorString{s:"dial postgres://ann:HIDDEN@host: refused"}`, "dial postgres://ann:"+hidden+"@host: refused")
	is("sError", &sError, `&main.AuthError{Code:3, Token:HIDDEN}`, hiddenError)
	is("sErrorWrap", &sErrorWrap, `*&errors.joinError{errs:[]error{`, hiddenError)
}

const hiddenError = "&main.AuthError{Code:3, Token:" + hidden + "}"
