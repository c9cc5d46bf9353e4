//go:build linux && amd64

package dlv

import (
	"slices"
	"strings"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/events/secret"
	"gtrace/session/engine"
)

// marked returns a signature that notes what the names of a function, its
// arguments and its results say of secrets, so that no hit has to look at them.
// The one it is given stays as it is: another probe may know other names.
func (im *Image) marked(sig *signature, f *engine.Function, names *secret.Names) *signature {
	if names == nil {
		return sig
	}
	sig = new(*sig)
	if sig.literal != nil {
		sig.literal = new(*sig.literal)
		sig.literal.spot = im.marked(sig.literal.spot, f, names)
	}
	sig.args, sig.results = slices.Clone(sig.args), slices.Clone(sig.results)
	for _, params := range [][]param{sig.args, sig.results} {
		for i := range params {
			p := &params[i]
			p.secret = names.Match(p.name).In(f.Package)
			if p.names = secret.IsKey(p.name); secret.IsValue(p.name) {
				p.named = secret.Always
			}
		}
	}
	// Getenv(key string) string, (*Config).Password() string
	own := names.MatchEnd(baseName(f.Name))
	for i := range sig.results {
		r := &sig.results[i]
		if r.name != "_" && !strings.HasPrefix(r.name, "~") || isError(r.typ) {
			continue
		}
		r.named = secret.Plural // a number is how many
		if im.values.IsText(r.typ) {
			r.secret = max(r.secret, own)
		}
	}
	return sig
}

// baseName returns the name of a function or method without all that stands
// before it.
func baseName(name string) string {
	name = strings.TrimSuffix(name, "[...]")
	return name[strings.LastIndexByte(name, '.')+1:]
}

// named says what the argument that names the others, if one does, says of them.
func (e *Engine) named(c *hitContext, params []param, cfa uint64, lim engine.Limits) secret.Match {
	if lim.Hide == nil {
		return secret.No
	}
	for i := range params {
		p := &params[i]
		if !p.names {
			continue
		}
		data, err := e.bytes(c, p, cfa)
		if err != nil {
			return secret.Yes // nobody knows
		}
		return e.im.values.Names(e.p, p.typ, data, lim)
	}
	return secret.No
}

// hides reports whether an argument or a result must not be shown.
func (e *Engine) hides(p *param, typ godwarf.Type, data []byte, call *openCall) bool {
	return e.im.values.Hides(max(p.secret, min(p.named, call.named)), e.p, typ, data)
}
