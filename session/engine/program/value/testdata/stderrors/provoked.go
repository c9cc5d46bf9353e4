package main

import (
	"archive/tar"
	"bufio"
	"compress/bzip2"
	"compress/flate"
	"context"
	"crypto/aes"
	"crypto/des"
	"crypto/rc4"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"debug/dwarf"
	"debug/elf"
	"debug/gosym"
	"debug/macho"
	"debug/pe"
	"debug/plan9obj"
	"encoding/ascii85"
	"encoding/asn1"
	"encoding/base32"
	"encoding/base64"
	"encoding/csv"
	"encoding/gob"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"go/build"
	"go/build/constraint"
	"go/parser"
	"go/scanner"
	"go/token"
	"go/types"
	htmltemplate "html/template"
	"image/jpeg"
	"image/png"
	"io"
	"io/fs"
	"log"
	"math"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/netip"
	"net/rpc"
	"net/textproto"
	"net/url"
	"os"
	"os/user"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"testing/quick"
	"text/template"
	"time"
)

// eStd holds errors of the standard library, provoked where that is easy.
var eStd []error

func add(errs ...error) {
	for _, err := range errs {
		if err == nil {
			panic("no error " + strconv.Itoa(len(eStd)))
		}
		eStd = append(eStd, err)
	}
}

func second[T any](_ T, err error) error { return err }

func third[T, U any](_ T, _ U, err error) error { return err }

func caught(f func()) (err error) {
	defer func() { err, _ = recover().(error) }()
	f()
	return nil
}

type badMarshaler struct{}

func (badMarshaler) MarshalJSON() ([]byte, error) { return nil, io.EOF }

type badText struct{}

func (badText) MarshalText() ([]byte, error) { return nil, io.EOF }

type conflict struct {
	A string `xml:"a"`
	B string `xml:"a>b"`
}

func stdErrors() {
	add(
		second(netip.ParseAddr("1.2.3")), second(netip.ParseAddr("1::2%")), second(netip.ParseAddr("zz")),
		second(netip.ParsePrefix("1.2.3.4")), second(netip.ParsePrefix("1.2.3.4/99")), second(netip.ParseAddrPort("1")),
		second(time.ParseDuration("3x")), second(time.ParseDuration("ü\"\x01")), second(time.ParseDuration("")),
		second(time.Parse(time.RFC3339, "2026-99-01T00:00:00Z")), second(time.LoadLocation("No/Where")),
		second(regexp.Compile("a(b")), second(regexp.Compile("[z-a]")), second(regexp.Compile("a**")),
		json.Unmarshal([]byte("1"), nil), json.Unmarshal([]byte("1"), 3), json.Unmarshal([]byte("1"), (*int)(nil)),
		json.Unmarshal([]byte(`{"a":}`), new(any)), json.Unmarshal([]byte(`"x"`), new(int)),
		json.Unmarshal([]byte(`{"X":{"Y":1}}`), &struct{ X map[string][]string }{}),
		second(json.Marshal(make(chan int))), second(json.Marshal(func() {})), second(json.Marshal(math.NaN())),
		second(json.Marshal(badMarshaler{})), second(json.Marshal(badText{})), &json.InvalidUTF8Error{S: "a\xff"},
		second(strconv.ParseInt("9z", 10, 64)), second(strconv.ParseUint("300", 10, 8)), second(strconv.ParseBool("maybe")),
		second(hex.DecodeString("zz")), second(hex.DecodeString("a")), second(hex.DecodeString("é0")),
		second(base64.StdEncoding.DecodeString("a*")), second(base32.StdEncoding.DecodeString("1")), ascii85.CorruptInputError(4),
		second(csv.NewReader(strings.NewReader("a,b\nc\n")).ReadAll()), second(csv.NewReader(strings.NewReader("a,\"b\n\nc")).ReadAll()),
		second(csv.NewReader(strings.NewReader("a b\"c,d")).ReadAll()),
		xml.Unmarshal([]byte("<a>\n<b>"), new(any)), xml.Unmarshal([]byte("<a>x</a>"), &struct {
			XMLName xml.Name `xml:"b"`
		}{}),
		second(xml.Marshal(make(chan int))), second(xml.Marshal(conflict{})),
		second(asn1.Unmarshal([]byte{0x30, 0x80}, new(int))), second(asn1.Unmarshal([]byte{2, 1, 1}, new(string))),
		second(aes.NewCipher(make([]byte, 3))), second(des.NewCipher(make([]byte, 3))), second(rc4.NewCipher(nil)),
		second(io.ReadAll(flate.NewReader(strings.NewReader("\xff\xff\xff")))), flate.InternalError("bad"),
		second(io.ReadAll(bzip2.NewReader(strings.NewReader("BZx")))),
		second(png.Decode(strings.NewReader("nothing"))), second(jpeg.Decode(strings.NewReader("nothing"))), png.UnsupportedError("x"), jpeg.UnsupportedError("y"),
		second(user.Lookup("nobody-of-that-name")), second(user.LookupId("99999999")), second(user.LookupGroup("no-such-group")), second(user.LookupGroupId("99999999")),
		second(url.Parse("http://a b/")), second(url.Parse("%zz")), second(url.Parse(":")), second(url.QueryUnescape("%q1")),
		second(net.LookupPort("tcp", "no-such-port")), second(net.ResolveTCPAddr("tcp", "1.2.3.4")), second(net.Dial("nonet", "x")),
		second(net.ParseMAC("zz")), second(net.DialTimeout("tcp", "127.0.0.1:1", time.Second)), third(net.ParseCIDR("1.2.3")),
		second(net.DialTimeout("unix", "/no/such/socket", time.Second)), &net.DNSConfigError{Err: io.EOF}, net.InvalidAddrError("bad"),
		textproto.ProtocolError("broken"), rpc.ServerError("server"),
		second(mail.ParseAddress("=?x-unknown?q?a?= <a@b>")), second(mail.ParseAddress("@")),
		&http.ProtocolError{ErrorString: "bad protocol"}, &http.MaxBytesError{Limit: 3}, second(http.Get("http://127.0.0.1:1/")),
		second(http.Get("nothing://x")), second(http.ReadRequest(newReader("bad"))), second(http.ReadResponse(newReader("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), nil)),
		tls.AlertError(40), tls.AlertError(250), tls.RecordHeaderError{Msg: "first record"}, &tls.ECHRejectionError{}, &tls.CertificateVerificationError{Err: io.EOF},
		x509.SystemRootsError{}, x509.SystemRootsError{Err: io.EOF}, x509.CertificateInvalidError{Reason: x509.Expired, Detail: "long ago"},
		x509.CertificateInvalidError{Reason: x509.TooManyIntermediates}, x509.UnknownAuthorityError{}, x509.UnhandledCriticalExtension{}, x509.ConstraintViolationError{},
		x509.HostnameError{Certificate: &x509.Certificate{}, Host: "a.b"}, x509.HostnameError{Certificate: &x509.Certificate{Subject: pkix.Name{CommonName: "c"}}, Host: "1.2.3.4"},
		gosym.UnknownFileError("f"), &gosym.UnknownLineError{File: "f", Line: 3}, &build.NoGoError{Dir: "d"}, &types.ArgumentError{Index: 1, Err: io.EOF},
		second(constraint.Parse("//go:build (")), quick.SetupError("setup"), second(os.Open("/no")), second(fs.ReadFile(os.DirFS("/"), "/x")),
		template.Must(template.New("t").Parse(`{{.X.Y}}`)).Execute(io.Discard, 3), second(template.New("t").Parse("{{")),
		caught(func() { reflect.ValueOf(3).Len() }), caught(func() { reflect.Value{}.Type() }), caught(func() { new(big.Float).Sub(inf(), inf()) }),
		context.Canceled, context.DeadlineExceeded, fmt.Errorf("w: %w", &fs.PathError{Op: "a", Path: "b", Err: &strconv.NumError{Func: "f", Num: "n", Err: strconv.ErrRange}}),
		errors.Join(hex.InvalidByteError('x'), io.ErrUnexpectedEOF), tar.ErrHeader, http.ErrServerClosed, &asn1.SyntaxError{Msg: "by pointer"},
	)
	formats()
	certificates()
}

// formats provokes what packages say that read files, source and templates.
func formats() {
	page := func(text string) error {
		t, err := htmltemplate.New("page").Parse(text)
		if err != nil {
			return err
		}
		return t.Execute(io.Discard, map[string]any{"X": 1})
	}
	add(
		page("<a href='{{if .X}}'>\n  {{end}}"), page("a\n<script>{{.X"), page("{{.X.Y}}"), page("<a\n b={{if .X}}'{{else}}\"{{end}}>"),
		&htmltemplate.Error{Name: "n", Line: 3, Description: "d"}, &htmltemplate.Error{Name: "n", Description: "d"}, &htmltemplate.Error{Description: "d"},
		template.Must(template.New("exec").Parse(`{{index .X 5}}`)).Execute(io.Discard, map[string][]int{"X": {1}}),
		second(parser.ParseExpr("a b")), second(parser.ParseFile(token.NewFileSet(), "f.go", "package p\nfunc {\nvar 3\n", parser.AllErrors)),
		scanner.ErrorList{}, scanner.Error{Msg: "m"}, &scanner.Error{Pos: token.Position{Line: 2}, Msg: "m"},
		second(elf.NewFile(strings.NewReader("nothing of that kind"))), second(elf.NewFile(strings.NewReader("\x7fELF\x02\x01\x09"+strings.Repeat("x", 99)))),
		second(macho.NewFile(strings.NewReader("nothing of that kind"))), second(macho.NewFatFile(strings.NewReader("nothing of that kind"))),
		second(pe.NewFile(strings.NewReader("nothing"))), second(plan9obj.NewFile(strings.NewReader("nothing of that kind"))),
		dwarf.DecodeError{Name: "info", Offset: 77, Err: "underflow"},
		&build.MultiplePackageError{Dir: "d", Packages: []string{"a", "b"}, Files: []string{"a.go", "b.go"}},
		second(asn1.Unmarshal([]byte{2, 1, 1}, nil)), second(asn1.Unmarshal([]byte{2, 1, 1}, 3)), second(asn1.Unmarshal([]byte{2, 1, 1}, (*int)(nil))),
		tar.NewWriter(io.Discard).WriteHeader(&tar.Header{Name: "a\x00b", Size: -1}),
		&flate.ReadError{Offset: 3, Err: io.EOF}, &flate.WriteError{Offset: 4, Err: io.EOF},
		gob.NewDecoder(strings.NewReader("\x03\x04\x00")).Decode(new(int)), gob.NewEncoder(io.Discard).Encode(make(chan int)),
		second(http.NewRequest("GET", "http://xn--a.b\x7f/", nil)), second(http.Get("http://\u0300a.invalid/")),
	)
}

func inf() *big.Float { return new(big.Float).SetInf(false) }

func newReader(s string) *bufio.Reader { return bufio.NewReader(strings.NewReader(s)) }

// certificates provokes what TLS clients say of a server.
func certificates() {
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	addr := srv.Listener.Addr().String()
	add(second(http.Get(srv.URL)), second(tls.Dial("tcp", addr, &tls.Config{})))
	pool := x509.NewCertPool()
	pool.AddCert(srv.Certificate())
	add(second(tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, ServerName: "other.name"})))
	add(second(tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, ServerName: "9.9.9.9"})))
	add(second(tls.Dial("tcp", addr, &tls.Config{RootCAs: pool, MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA}})))
	// Plain text where a handshake is expected.
	plain := httptest.NewServer(http.NotFoundHandler())
	defer plain.Close()
	add(second(tls.Dial("tcp", plain.Listener.Addr().String(), &tls.Config{})))
}
