package program

import (
	"slices"
	"strings"

	"gtrace/events/secret"
	"gtrace/session/engine"
)

// Marked returns a signature that notes what the names of a function, its
// arguments and its results say of secrets, so that no hit has to look at them.
// The one it is given stays as it is: another probe may know other names.
func (im *Image) Marked(sig *Signature, f *engine.Function, names *secret.Names) *Signature {
	if names == nil {
		return sig
	}
	sig = new(*sig)
	if sig.literal != nil {
		sig.literal = new(*sig.literal)
		sig.literal.spot = im.Marked(sig.literal.spot, f, names)
	}
	sig.Args, sig.Results = slices.Clone(sig.Args), slices.Clone(sig.Results)
	own := names.MatchEnd(baseName(f.Name))
	for _, params := range [][]Param{sig.Args, sig.Results} {
		for i := range params {
			p := &params[i]
			p.Secret = names.Match(p.Name).In(f.Package)
			texts := im.values.IsTexts(p.Type)
			if p.names = texts && secret.IsKey(p.Name); secret.IsValue(p.Name) {
				p.named = secret.Always
			}
			if i > 0 && params[i-1].names && texts {
				p.named = secret.Always // Header(key string, s ...string)
			}
			if own == secret.Pairs {
				p.Secret = max(p.Secret, own) // AppendPairs(s ...string)
			}
		}
	}
	// Getenv(key string) string, (*Config).Password() string
	for i := range sig.Results {
		r := &sig.Results[i]
		if r.Name != "_" && !strings.HasPrefix(r.Name, "~") || isError(r.Type) {
			continue
		}
		r.named = secret.Plural // a number is how many
		if im.values.IsText(r.Type) {
			r.Secret = max(r.Secret, own)
		}
	}
	return sig
}

// markLocals notes for variables that are arguments or results what is noted for these.
func (im *Image) markLocals(list []Local, at Viewpoint) {
	sig, err := im.Signature(at.Func)
	if at.Hide == nil || err != nil {
		return
	}
	sig = im.Marked(sig, at.Func, at.Hide)
	for i := range list {
		l := &list[i]
		for _, params := range [][]Param{sig.Args, sig.Results} {
			for k := range params {
				if p := &params[k]; p.Name == l.Name {
					l.Secret, l.named = max(l.Secret, p.Secret), max(l.named, p.named)
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
