package value

import (
	"net"
	"net/http"
	"net/textproto"
	"strconv"
)

func (p *printer) opError(pl *plan, v val) string {
	s := p.part("Op", pl, v)
	if network := p.part("Net", pl, v); network != "" {
		s += " " + network
	}
	source, addr := p.netAddress(pl, v, "Source"), p.netAddress(pl, v, "Addr")
	if source != "" {
		s += " " + source
	}
	switch {
	case addr != "" && source != "":
		s += "->" + addr
	case addr != "":
		s += " " + addr
	}
	return s + ": " + p.part("Err", pl, v)
}

// netAddress returns the text of a net.Addr in a field, empty for nil.
func (p *printer) netAddress(pl *plan, v val, name string) string {
	f := pl.field(name)
	if f == nil {
		return ""
	}
	pl, v, ok := p.dynamic(p.r.follow(&f.link), v.at(f.off))
	if !ok {
		return ""
	}
	raw := pl.raw
	t, v, ok := p.target(pl, v)
	if !ok {
		return "<nil>"
	}
	switch raw {
	case "*net.UnixAddr":
		return p.part("Name", t, v)
	case "*net.IPAddr", "*net.TCPAddr", "*net.UDPAddr":
		return p.ipAddress(t, v)
	case "*net.fileAddr", "net.fileAddr":
		return p.part("", t, v)
	}
	out := p.out
	p.out = nil
	p.value(pl, v)
	text := string(p.out)
	p.out = out
	return text
}

// ipAddress words a net.IPAddr, TCPAddr or UDPAddr.
func (p *printer) ipAddress(pl *plan, v val) string {
	f := pl.field("IP")
	if f == nil {
		return ""
	}
	w, err := p.words(v.at(f.off), 3)
	if err != nil || w[1] > 16 {
		return "<unreadable: address>"
	}
	var host string
	if w[1] > 0 {
		b, err := p.read(w[0], int64(w[1]))
		if err != nil {
			return "<unreadable: address>"
		}
		host = net.IP(b).String()
	}
	if zone := p.part("Zone", pl, v); zone != "" {
		host += "%" + zone
	}
	port, err := p.fieldWord(pl, v, "Port")
	if err != nil {
		return host
	}
	return net.JoinHostPort(host, strconv.FormatInt(int64(port), 10))
}

func (p *printer) dnsError(pl *plan, v val) string {
	s := "lookup " + p.part("Name", pl, v)
	if server := p.part("Server", pl, v); server != "" {
		s += " on " + server
	}
	return s + ": " + p.part("Err", pl, v)
}

func (p *printer) addrError(pl *plan, v val) string {
	s := p.part("Err", pl, v)
	if addr := p.part("Addr", pl, v); addr != "" {
		s = "address " + addr + ": " + s
	}
	return s
}

func (p *printer) netipError(pl *plan, v val) string {
	s := "ParseAddr(" + strconv.Quote(p.part("in", pl, v)) + "): " + p.part("msg", pl, v)
	if at := p.part("at", pl, v); at != "" {
		s += " (at " + strconv.Quote(at) + ")"
	}
	return s
}

func (p *printer) textprotoError(pl *plan, v val) string {
	code, err := p.fieldWord(pl, v, "Code")
	if err != nil {
		return ""
	}
	return (&textproto.Error{Code: int(code), Msg: p.part("Msg", pl, v)}).Error()
}

func (p *printer) httpStatusError(pl *plan, v val) string {
	code, err := p.fieldWord(pl, v, "code")
	if err != nil {
		return ""
	}
	return http.StatusText(int(code)) + ": " + p.part("text", pl, v)
}

func (p *printer) http2StreamError(pl *plan, v val) string {
	s := "stream error: stream ID " + p.part("StreamID", pl, v) + "; " + http2Code(p.part("Code", pl, v))
	if cause := p.part("Cause", pl, v); cause != noError {
		s += "; " + cause
	}
	return s
}

func (p *printer) http2ConnectionError(pl *plan, v val) string {
	return "connection error: " + http2Code(p.part("", pl, v))
}

func (p *printer) http2GoAwayError(pl *plan, v val) string {
	return "http2: server sent GOAWAY and closed the connection; LastStreamID=" + p.part("LastStreamID", pl, v) +
		", ErrCode=" + http2Code(p.part("ErrCode", pl, v)) + ", debug=" + strconv.Quote(p.part("DebugData", pl, v))
}

func http2Code(number string) string {
	names := [...]string{
		"NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED",
		"FRAME_SIZE_ERROR", "REFUSED_STREAM", "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM",
		"INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
	}
	n, err := strconv.ParseUint(number, 10, 32)
	if err == nil && n < uint64(len(names)) {
		return names[n]
	}
	return "unknown error code 0x" + strconv.FormatUint(n, 16)
}
