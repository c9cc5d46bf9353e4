package value

import "strings"

// An errorForm says how the Error and Unwrap methods of a type work, so that
// they need not be called.
type errorForm struct {
	words   string // see wording
	wraps   string // the field that Unwrap returns: an error or a slice of them
	special func(p *printer, pl *plan, v val) string
	runtime bool // has the method RuntimeError
}

// errorFormOf returns the form of an error type by its full name, nil for
// types it does not know.
func errorFormOf(name string) *errorForm {
	if f := knownForm(name); f != nil {
		return f
	}
	// A pointer has the methods of what it points at.
	if elem, ok := strings.CutPrefix(name, "*"); ok {
		return knownForm(elem)
	}
	return nil
}

func knownForm(name string) *errorForm {
	for _, of := range []func(string) *errorForm{
		basicErrorForm, netErrorForm, httpErrorForm, cryptoErrorForm, encodingErrorForm, jsonErrorForm,
		textErrorForm, formatErrorForm, mediaErrorForm, runtimeErrorForm, moduleErrorForm,
	} {
		if f := of(name); f != nil {
			return f
		}
	}
	return nil
}

func basicErrorForm(name string) *errorForm {
	switch name {
	case "*errors.errorString":
		return &errorForm{words: "{s}"}
	case "*fmt.wrapError":
		return &errorForm{words: "{msg}", wraps: "err"}
	case "*fmt.wrapErrors":
		return &errorForm{words: "{msg}", wraps: "errs"}
	case "*errors.joinError":
		return &errorForm{special: (*printer).joined, wraps: "errs"}
	case "syscall.Errno":
		return &errorForm{special: (*printer).errno}
	case "*io/fs.PathError":
		return &errorForm{words: "{Op} {Path}: {Err}", wraps: "Err"}
	case "*os.LinkError":
		return &errorForm{words: "{Op} {Old} {New}: {Err}", wraps: "Err"}
	case "*os.SyscallError":
		return &errorForm{words: "{Syscall}: {Err}", wraps: "Err"}
	case "*os/exec.ExitError":
		return &errorForm{special: (*printer).exitError}
	case "*os/exec.Error":
		return &errorForm{words: "exec: {Name:q}: {Err}", wraps: "Err"}
	case "os/exec.wrappedError":
		return &errorForm{words: "{prefix}: {err}", wraps: "err"}
	case "os/signal.signalError":
		return &errorForm{words: "{}"}
	case "os/user.UnknownUserIdError":
		return &errorForm{words: "user: unknown userid {}"}
	case "os/user.UnknownUserError":
		return &errorForm{words: "user: unknown user {}"}
	case "os/user.UnknownGroupIdError":
		return &errorForm{words: "group: unknown groupid {}"}
	case "os/user.UnknownGroupError":
		return &errorForm{words: "group: unknown group {}"}
	case "*strconv.NumError":
		return &errorForm{words: "strconv.{Func}: parsing {Num:q}: {Err}", wraps: "Err"}
	case "context.deadlineExceededError":
		return &errorForm{words: "context deadline exceeded"}
	case "*time.ParseError":
		return &errorForm{special: (*printer).timeParseError}
	case "*time.parseDurationError":
		return &errorForm{special: (*printer).durationError}
	case "time.fileSizeError":
		return &errorForm{words: "time: file {} is too large"}
	case "math/big.ErrNaN":
		return &errorForm{words: "{msg}"}
	}
	return nil
}

func netErrorForm(name string) *errorForm {
	switch name {
	case "*net.OpError":
		return &errorForm{special: (*printer).opError, wraps: "Err"}
	case "*net.DNSError":
		return &errorForm{special: (*printer).dnsError, wraps: "UnwrapErr"}
	case "*net.AddrError":
		return &errorForm{special: (*printer).addrError}
	case "*net.ParseError":
		return &errorForm{words: "invalid {Type}: {Text}"}
	case "*net.DNSConfigError":
		return &errorForm{words: "error reading DNS config: {Err}", wraps: "Err"}
	case "*net.notFoundError", "*net.temporaryError":
		return &errorForm{words: "{s}"}
	case "net.UnknownNetworkError":
		return &errorForm{words: "unknown network {}"}
	case "net.InvalidAddrError", "net/rpc.ServerError", "net/textproto.ProtocolError":
		return &errorForm{words: "{}"}
	case "net.canceledError":
		return &errorForm{words: "operation was canceled"}
	case "*net.timeoutError", "*internal/poll.DeadlineExceededError":
		return &errorForm{words: "i/o timeout"}
	case "internal/poll.errNetClosing":
		return &errorForm{words: "use of closed network connection"}
	case "net/netip.parseAddrError":
		return &errorForm{special: (*printer).netipError}
	case "net/netip.parsePrefixError":
		return &errorForm{words: "netip.ParsePrefix({in:q}): {msg}"}
	case "*net/url.Error":
		return &errorForm{words: "{Op} {URL:q}: {Err}", wraps: "Err"}
	case "net/url.EscapeError":
		return &errorForm{words: "invalid URL escape {:q}"}
	case "net/url.InvalidHostError":
		return &errorForm{words: "invalid character {:q} in host name"}
	case "*net/textproto.Error":
		return &errorForm{special: (*printer).textprotoError}
	case "*vendor/golang.org/x/net/dns/dnsmessage.nestedError", "*golang.org/x/net/dns/dnsmessage.nestedError":
		return &errorForm{words: "{s}: {err}"}
	case "net/mail.charsetError":
		return &errorForm{words: "charset not supported: {:q}"}
	}
	return nil
}

func httpErrorForm(name string) *errorForm {
	switch strings.Replace(name, "golang.org/x/net/http2.", "net/http.http2", 1) {
	case "*net/http.MaxBytesError":
		return &errorForm{words: "http: request body too large"}
	case "*net/http.ProtocolError":
		return &errorForm{words: "{ErrorString}"}
	case "*net/http.timeoutError", "*net/http.unsupportedTEError":
		return &errorForm{words: "{err}"}
	case "net/http.tlsHandshakeTimeoutError":
		return &errorForm{words: "net/http: TLS handshake timeout"}
	case "net/http.transportReadFromServerError":
		return &errorForm{words: "net/http: Transport failed to read from server: {err}", wraps: "err"}
	case "net/http.nothingWrittenError", "net/http.requestBodyReadError":
		return &errorForm{words: "{error}", wraps: "error"}
	case "net/http.statusError":
		return &errorForm{special: (*printer).httpStatusError}
	case "*net/http.http2httpError":
		return &errorForm{words: "{msg}"}
	case "net/http.http2StreamError":
		return &errorForm{special: (*printer).http2StreamError, wraps: "Cause"}
	case "net/http.http2ConnectionError":
		return &errorForm{special: (*printer).http2ConnectionError}
	case "net/http.http2GoAwayError":
		return &errorForm{special: (*printer).http2GoAwayError}
	case "net/http.http2connError":
		return &errorForm{special: (*printer).http2ConnError}
	case "net/http.http2goAwayFlowError":
		return &errorForm{words: "connection exceeded flow control window size"}
	case "net/http.http2noCachedConnError":
		return &errorForm{words: "http2: no cached connection was available"}
	case "net/http.http2pseudoHeaderError":
		return &errorForm{words: "invalid pseudo-header {:q}"}
	case "net/http.http2headerFieldNameError":
		return &errorForm{words: "invalid header field name {:q}"}
	case "net/http.http2headerFieldValueError":
		return &errorForm{words: "invalid header field value for {:q}"}
	case "net/http.http2duplicatePseudoHeaderError":
		return &errorForm{words: "duplicate pseudo-header {:q}"}
	}
	return nil
}

func cryptoErrorForm(name string) *errorForm {
	switch name {
	case "crypto/aes.KeySizeError", "crypto/internal/fips140/aes.KeySizeError":
		return &errorForm{words: "crypto/aes: invalid key size {}"}
	case "crypto/des.KeySizeError":
		return &errorForm{words: "crypto/des: invalid key size {}"}
	case "crypto/rc4.KeySizeError":
		return &errorForm{words: "crypto/rc4: invalid key size {}"}
	case "crypto/x509.ConstraintViolationError":
		return &errorForm{words: "x509: invalid signature: parent certificate cannot sign this kind of certificate"}
	case "crypto/x509.UnhandledCriticalExtension":
		return &errorForm{words: "x509: unhandled critical extension"}
	case "crypto/x509.CertificateInvalidError":
		return &errorForm{special: (*printer).certificateError}
	case "crypto/x509.UnknownAuthorityError":
		return &errorForm{special: (*printer).authorityError}
	case "crypto/x509.HostnameError":
		return &errorForm{special: (*printer).hostnameError}
	case "crypto/x509.SystemRootsError":
		return &errorForm{special: (*printer).rootsError, wraps: "Err"}
	case "crypto/x509.InsecureAlgorithmError":
		return &errorForm{special: (*printer).algorithmError}
	case "crypto/tls.AlertError", "crypto/tls.alert":
		return &errorForm{special: (*printer).alertError}
	case "*crypto/tls.echConfigErr":
		return &errorForm{special: (*printer).echConfigError}
	case "crypto/internal/fips140/hmac.errCloneUnsupported":
		return &errorForm{words: "crypto/hmac: hash does not support hash.Cloner"}
	case "*crypto/tls.permanentError":
		return &errorForm{words: "{err}", wraps: "err"}
	case "crypto/tls.RecordHeaderError":
		return &errorForm{words: "tls: {Msg}"}
	case "*crypto/tls.ECHRejectionError":
		return &errorForm{words: "tls: server rejected ECH"}
	case "*crypto/tls.CertificateVerificationError":
		return &errorForm{words: "tls: failed to verify certificate: {Err}", wraps: "Err"}
	case "crypto/tls.timeoutError":
		return &errorForm{words: "tls: DialWithDialer timed out"}
	}
	return nil
}

func encodingErrorForm(name string) *errorForm {
	switch name {
	case "encoding/base64.CorruptInputError":
		return &errorForm{words: "illegal base64 data at input byte {}"}
	case "encoding/base32.CorruptInputError":
		return &errorForm{words: "illegal base32 data at input byte {}"}
	case "encoding/ascii85.CorruptInputError":
		return &errorForm{words: "illegal ascii85 data at input byte {}"}
	case "encoding/hex.InvalidByteError":
		return &errorForm{special: (*printer).hexError}
	case "*encoding/xml.SyntaxError":
		return &errorForm{words: "XML syntax error on line {Line}: {Msg}"}
	case "encoding/xml.UnmarshalError":
		return &errorForm{words: "{}"}
	case "*encoding/xml.UnsupportedTypeError":
		return &errorForm{words: "xml: unsupported type: {Type:t}"}
	case "*encoding/xml.TagPathError":
		return &errorForm{words: "{Struct:t} field {Field1:q} with tag {Tag1:q} conflicts with field {Field2:q} with tag {Tag2:q}"}
	case "*encoding/csv.ParseError":
		return &errorForm{special: (*printer).csvError, wraps: "Err"}
	case "encoding/asn1.StructuralError":
		return &errorForm{words: "asn1: structure error: {Msg}"}
	case "*encoding/asn1.invalidUnmarshalError":
		return &errorForm{special: (*printer).asn1TargetError}
	case "archive/tar.headerError":
		return &errorForm{special: (*printer).tarError}
	case "*compress/flate.ReadError":
		return &errorForm{words: "flate: read error at offset {Offset}: {Err}"}
	case "*compress/flate.WriteError":
		return &errorForm{words: "flate: write error at offset {Offset}: {Err}"}
	case "*internal/zstd.zstdError":
		return &errorForm{words: "zstd decompression error at {offset}: {err}", wraps: "err"}
	case "encoding/asn1.SyntaxError":
		return &errorForm{words: "asn1: syntax error: {Msg}"}
	case "compress/flate.CorruptInputError":
		return &errorForm{words: "flate: corrupt input before offset {}"}
	case "compress/flate.InternalError":
		return &errorForm{words: "flate: internal error: {}"}
	case "compress/bzip2.StructuralError":
		return &errorForm{words: "bzip2 data invalid: {}"}
	}
	return nil
}

func jsonErrorForm(name string) *errorForm {
	switch name {
	case "*encoding/json/jsontext.ioError":
		return &errorForm{words: "jsontext: {action} error: {err}", wraps: "err"}
	case "*encoding/json.SyntaxError":
		return &errorForm{words: "{msg}"}
	case "*encoding/json.UnmarshalTypeError":
		return &errorForm{special: (*printer).jsonTypeError}
	case "*encoding/json.InvalidUnmarshalError":
		return &errorForm{special: (*printer).jsonTargetError}
	case "*encoding/json.UnsupportedTypeError":
		return &errorForm{words: "json: unsupported type: {Type:t}"}
	case "*encoding/json.UnsupportedValueError":
		return &errorForm{words: "json: unsupported value: {Str}"}
	case "*encoding/json.InvalidUTF8Error":
		return &errorForm{words: "json: invalid UTF-8 in string: {S:q}"}
	case "*encoding/json.MarshalerError":
		return &errorForm{special: (*printer).jsonMarshalerError, wraps: "Err"}
	}
	return nil
}

func textErrorForm(name string) *errorForm {
	switch name {
	case "*regexp/syntax.Error":
		return &errorForm{words: "error parsing regexp: {Code}: `{Expr}`"}
	case "text/template.ExecError":
		return &errorForm{words: "{Err}", wraps: "Err"}
	case "*html/template.Error":
		return &errorForm{special: (*printer).templateError}
	case "go/scanner.Error":
		return &errorForm{special: (*printer).scannerError}
	case "go/scanner.ErrorList":
		return &errorForm{special: (*printer).scannerErrors}
	case "*go/build.MultiplePackageError":
		return &errorForm{special: (*printer).packagesError}
	case "vendor/golang.org/x/net/idna.labelError", "golang.org/x/net/idna.labelError":
		return &errorForm{words: "idna: invalid label {label:q}"}
	case "vendor/golang.org/x/net/idna.runeError", "golang.org/x/net/idna.runeError":
		return &errorForm{special: (*printer).idnaRuneError}
	case "vendor/golang.org/x/net/http2/hpack.DecodingError", "golang.org/x/net/http2/hpack.DecodingError":
		return &errorForm{words: "decoding error: {Err}"}
	case "vendor/golang.org/x/net/http2/hpack.InvalidIndexError", "golang.org/x/net/http2/hpack.InvalidIndexError":
		return &errorForm{words: "invalid indexed representation index {}"}
	case "*go/build/constraint.SyntaxError":
		return &errorForm{words: "{Err}"}
	case "*go/build.NoGoError":
		return &errorForm{words: "no buildable Go source files in {Dir}"}
	case "*go/types.ArgumentError":
		return &errorForm{words: "{Err}", wraps: "Err"}
	case "debug/gosym.UnknownFileError":
		return &errorForm{words: "unknown file: {}"}
	case "*debug/gosym.UnknownLineError":
		return &errorForm{words: "no code at {File}:{Line}"}
	case "testing/quick.SetupError":
		return &errorForm{words: "{}"}
	}
	return nil
}

// formatErrorForm has those of the packages that read executables.
func formatErrorForm(name string) *errorForm {
	switch name {
	case "*debug/elf.FormatError":
		return &errorForm{special: (*printer).elfError}
	case "*debug/macho.FormatError":
		return &errorForm{special: (*printer).machoError}
	case "*debug/plan9obj.formatError":
		return &errorForm{special: (*printer).machoError}
	case "*debug/gosym.DecodingError":
		return &errorForm{special: (*printer).gosymError}
	case "*debug/pe.FormatError":
		return &errorForm{words: "unknown error"}
	case "debug/dwarf.DecodeError":
		return &errorForm{special: (*printer).dwarfError}
	}
	return nil
}

func mediaErrorForm(name string) *errorForm {
	switch name {
	case "image/png.FormatError":
		return &errorForm{words: "png: invalid format: {}"}
	case "image/png.UnsupportedError":
		return &errorForm{words: "png: unsupported feature: {}"}
	case "image/jpeg.FormatError":
		return &errorForm{words: "invalid JPEG format: {}"}
	case "image/jpeg.UnsupportedError":
		return &errorForm{words: "unsupported JPEG feature: {}"}
	}
	return nil
}

func runtimeErrorForm(name string) *errorForm {
	switch name {
	case "runtime.boundsError":
		return &errorForm{special: (*printer).boundsError, runtime: true}
	case "runtime.errorString":
		return &errorForm{words: "runtime error: {}", runtime: true}
	case "runtime.plainError":
		return &errorForm{words: "{}", runtime: true}
	case "runtime.errorAddressString":
		return &errorForm{words: "runtime error: {msg}", runtime: true}
	case "*runtime.PanicNilError":
		return &errorForm{words: "panic called with nil argument", runtime: true}
	case "internal/runtime/maps.unhashableTypeError":
		return &errorForm{special: (*printer).unhashable, runtime: true}
	case "math/bits.errorString":
		return &errorForm{words: "runtime error: {}", runtime: true}
	case "*reflect.ValueError":
		return &errorForm{special: (*printer).reflectError}
	case "*runtime.TypeAssertionError":
		return &errorForm{special: (*printer).assertionError, runtime: true}
	}
	return nil
}
