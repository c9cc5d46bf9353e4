package value

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
	case "*strconv.NumError":
		return &errorForm{words: "strconv.{Func}: parsing {Num:q}: {Err}", wraps: "Err"}
	case "context.deadlineExceededError":
		return &errorForm{words: "context deadline exceeded"}
	}
	if f := netErrorForm(name); f != nil {
		return f
	}
	if f := encodingErrorForm(name); f != nil {
		return f
	}
	return runtimeErrorForm(name)
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
	case "net.InvalidAddrError":
		return &errorForm{words: "{}"}
	case "net.canceledError":
		return &errorForm{words: "operation was canceled"}
	case "*net.timeoutError", "*internal/poll.DeadlineExceededError":
		return &errorForm{words: "i/o timeout"}
	case "internal/poll.errNetClosing":
		return &errorForm{words: "use of closed network connection"}
	case "*net/url.Error":
		return &errorForm{words: "{Op} {URL:q}: {Err}", wraps: "Err"}
	case "net/url.EscapeError":
		return &errorForm{words: "invalid URL escape {:q}"}
	case "net/url.InvalidHostError":
		return &errorForm{words: "invalid character {:q} in host name"}
	}
	return httpErrorForm(name)
}

func httpErrorForm(name string) *errorForm {
	switch name {
	case "*net/http.MaxBytesError":
		return &errorForm{words: "http: request body too large"}
	case "*net/http.ProtocolError":
		return &errorForm{words: "{ErrorString}"}
	case "*net/http.timeoutError":
		return &errorForm{words: "{err}"}
	case "net/http.tlsHandshakeTimeoutError":
		return &errorForm{words: "net/http: TLS handshake timeout"}
	case "net/http.transportReadFromServerError":
		return &errorForm{words: "net/http: Transport failed to read from server: {err}", wraps: "err"}
	}
	return nil
}

func encodingErrorForm(name string) *errorForm {
	switch name {
	case "*encoding/json.SyntaxError":
		return &errorForm{words: "{msg}"}
	case "*encoding/json.UnmarshalTypeError":
		return &errorForm{special: (*printer).jsonTypeError}
	case "encoding/base64.CorruptInputError":
		return &errorForm{words: "illegal base64 data at input byte {}"}
	case "*encoding/xml.SyntaxError":
		return &errorForm{words: "XML syntax error on line {Line}: {Msg}"}
	case "encoding/xml.UnmarshalError":
		return &errorForm{words: "{}"}
	case "*time.ParseError":
		return &errorForm{special: (*printer).timeParseError}
	case "*github.com/pkg/errors.fundamental":
		return &errorForm{words: "{msg}"}
	case "*github.com/pkg/errors.withMessage":
		return &errorForm{words: "{msg}: {cause}", wraps: "cause"}
	case "*github.com/pkg/errors.withStack":
		return &errorForm{words: "{error}", wraps: "error"}
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
	case "*runtime.TypeAssertionError":
		return &errorForm{special: (*printer).assertionError, runtime: true}
	}
	return nil
}
