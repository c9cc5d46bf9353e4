package value

import (
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net"
	"strconv"
)

// The texts of package x509 are made by the package itself, of what was read.

func (p *printer) certificateError(pl *plan, v val) string {
	reason, err := p.fieldWord(pl, v, "Reason")
	if err != nil {
		return ""
	}
	return x509.CertificateInvalidError{Reason: x509.InvalidReason(reason), Detail: p.part("Detail", pl, v)}.Error()
}

func (p *printer) algorithmError(pl *plan, v val) string {
	w, err := p.words(v, 1)
	if err != nil {
		return ""
	}
	return x509.InsecureAlgorithmError(w[0]).Error()
}

func (p *printer) alertError(pl *plan, v val) string {
	b, err := p.need(v, 1)
	if err != nil {
		return ""
	}
	return tls.AlertError(b[0]).Error()
}

func (p *printer) rootsError(pl *plan, v val) string {
	s := x509.SystemRootsError{}.Error()
	if err := p.part("Err", pl, v); err != noError {
		s += "; " + err
	}
	return s
}

func (p *printer) authorityError(pl *plan, v val) string {
	s := x509.UnknownAuthorityError{}.Error()
	hint := p.part("hintErr", pl, v)
	f := pl.field("hintCert")
	if hint == noError || f == nil {
		return s
	}
	cert, cv, ok := p.target(p.r.follow(&f.link), v.at(f.off))
	if !ok {
		return s
	}
	subject := cert.field("Subject")
	if subject == nil {
		return s
	}
	name := p.part("CommonName", p.r.follow(&subject.link), cv.at(subject.off))
	if list := p.texts("Organization", p.r.follow(&subject.link), cv.at(subject.off)); name == "" && len(list) > 0 {
		name = list[0]
	} else if name == "" {
		name = "serial:" + p.serial(cert, cv)
	}
	return s + " (possibly because of " + strconv.Quote(hint) + " while trying to verify candidate authority certificate " + strconv.Quote(name) + ")"
}

func (p *printer) serial(cert *plan, v val) string {
	if f := cert.field("SerialNumber"); f != nil {
		if t, sv, ok := p.target(p.r.follow(&f.link), v.at(f.off)); ok {
			return p.part("", t, sv)
		}
	}
	return noError
}

func (p *printer) hostnameError(pl *plan, v val) string {
	f := pl.field("Certificate")
	if f == nil {
		return ""
	}
	cert, cv, ok := p.target(p.r.follow(&f.link), v.at(f.off))
	if !ok {
		return ""
	}
	c := &x509.Certificate{DNSNames: p.texts("DNSNames", cert, cv)}
	for _, text := range p.texts("IPAddresses", cert, cv) {
		c.IPAddresses = append(c.IPAddresses, net.ParseIP(text))
	}
	if subject := cert.field("Subject"); subject != nil {
		c.Subject.CommonName = p.part("CommonName", p.r.follow(&subject.link), cv.at(subject.off))
	}
	if len(c.DNSNames)+len(c.IPAddresses) > 0 {
		names := asn1.ObjectIdentifier{2, 5, 29, 17} // the extension that has them
		c.Extensions = []pkix.Extension{{Id: names}}
	}
	return x509.HostnameError{Certificate: c, Host: p.part("Host", pl, v)}.Error()
}

// texts returns the elements of a slice as text.
func (p *printer) texts(name string, pl *plan, v val) []string {
	f := pl.field(name)
	if f == nil {
		return nil
	}
	return p.textsIn(p.r.follow(&f.link), v.at(f.off))
}

// textsIn returns those of a slice itself.
func (p *printer) textsIn(list *plan, v val) []string {
	w, err := p.words(v, 2)
	if err != nil || list.form != formSlice {
		return nil
	}
	elem := p.r.follow(&list.elem)
	var texts []string
	const most = 100
	for i := range int64(min(w[1], most)) {
		texts = append(texts, p.part("", elem, val{addr: w[0]}.at(i*elem.size)))
	}
	return texts
}
