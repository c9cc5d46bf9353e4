package dlv

import (
	"slices"
	"strings"

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
	own := names.MatchEnd(baseName(f.Name))
	for _, params := range [][]param{sig.args, sig.results} {
		for i := range params {
			p := &params[i]
			p.secret = names.Match(p.name).In(f.Package)
			texts := im.values.IsTexts(p.typ)
			if p.names = texts && secret.IsKey(p.name); secret.IsValue(p.name) {
				p.named = secret.Always
			}
			if i > 0 && params[i-1].names && texts {
				p.named = secret.Always // Header(key string, s ...string)
			}
			if own == secret.Pairs {
				p.secret = max(p.secret, own) // AppendPairs(s ...string)
			}
		}
	}
	// Getenv(key string) string, (*Config).Password() string
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

// markLocals notes for variables that are arguments or results what is noted for these.
func (im *Image) markLocals(list []local, at Viewpoint) {
	sig, err := im.Signature(at.Func)
	if at.Hide == nil || err != nil {
		return
	}
	sig = im.marked(sig, at.Func, at.Hide)
	for i := range list {
		l := &list[i]
		for _, params := range [][]param{sig.args, sig.results} {
			for k := range params {
				if p := &params[k]; p.name == l.name {
					l.secret, l.named = max(l.secret, p.secret), max(l.named, p.named)
				}
			}
		}
	}
}

// baseName returns the name of a function or method without all that stands
// before it.
func baseName(name string) string {
	name = strings.TrimSuffix(name, "[...]")
	return name[strings.LastIndexByte(name, '.')+1:]
}
