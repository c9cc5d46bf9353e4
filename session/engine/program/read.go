package program

import (
	"encoding/binary"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/events"
	"gtrace/events/secret"
	"gtrace/session/engine"
	"gtrace/session/engine/program/eval"
	"gtrace/session/engine/program/value"
)

// intSequence are the registers of the calling convention's integer sequence, by
// their numbers in DWARF: RAX, RBX, RCX, RDI, RSI, R8, R9, R10, R11.
var intSequence = [intRegisters]int{0, 3, 2, 5, 4, 8, 9, 10, 11}

// optimizedOut is the value of a variable that the compiler keeps nowhere.
const optimizedOut = "<optimized out>"

// Values reads arguments where a function is entered, or results at its RET.
func (fr *Frame) Values(params []Param, lim engine.Limits) []events.Value {
	values := make([]events.Value, len(params))
	for i := range params {
		fr.read(&params[i], &values[i], lim)
	}
	return values
}

// Results reads results into the hit of a RET, with what is known of the error in
// the last one.
func (fr *Frame) Results(results []Param, lim engine.Limits, h *engine.Hit) {
	h.Values = fr.Values(results, lim)
	last := len(results) - 1
	if last < 0 {
		return
	}
	p := &results[last]
	typ := fr.typeOfParam(p)
	if !isError(typ) {
		return
	}
	data, err := fr.bytes(p)
	if err != nil || uint64At(data, 0) == 0 {
		return
	}
	h.Errors, h.ErrorType, h.ErrorText = fr.im.values.ErrorChain(fr.Memory, uint64At(data, 0), uint64At(data, 8), lim)
	if h.Values[last].Value == secret.Hidden {
		h.ErrorText = secret.Hidden
	}
	h.Values[last].Error = h.ErrorText
}

// read reads one argument or result.
func (fr *Frame) read(p *Param, v *events.Value, lim engine.Limits) {
	v.Name, v.Type = p.Name, p.typeName
	typ := fr.typeOfParam(p)
	if typ != p.Type {
		v.Type = fr.im.values.TypeName(typ)
	}
	data, err := fr.bytes(p)
	switch {
	case err == errLost:
		v.Value = optimizedOut
	case err != nil:
		v.Value = unreadable(err)
	default:
		r := fr.im.values.Show(fr.Memory, typ, value.Place{Data: data}, max(p.Secret, min(p.named, fr.Named)), lim)
		v.Value, v.Error = r.Text, r.Error
	}
}

// isError reports whether t is the predeclared type error.
func isError(t godwarf.Type) bool { return t.Common().Name == "error" }

func unreadable(err error) string { return "<unreadable: " + err.Error() + ">" }

// Leads reports whether the way from what a function was given to one of its
// arguments can be gone.
func (fr *Frame) Leads(p *Param) bool {
	if p.loc.given == nil {
		return true
	}
	_, err := fr.bytes(p)
	return err == nil
}

// Param finds an argument where a function is entered, or a result at its RET, for an
// expression.
func (fr *Frame) Param(p *Param) (eval.Found, error) {
	data, err := fr.bytes(p)
	found := eval.Found{Place: value.Place{Data: data}, Secret: min(p.named, fr.Named)}
	if p.dictIndex >= 0 && fr.Dictionary != 0 {
		found.Type = fr.trueType(fr.Dictionary, p.dictIndex)
	}
	return found, err
}

// bytes collects the bytes of an argument or a result from registers or stack.
func (fr *Frame) bytes(p *Param) ([]byte, error) {
	data := make([]byte, sizeOf(p.Type))
	switch {
	case p.loc.lost:
		return nil, errLost
	case len(data) == 0:
		return data, nil
	case p.loc.given != nil:
		given, err := fr.bytes(p.loc.given)
		if err != nil {
			return nil, err
		}
		return walkTo(p.loc.way, given, sizeOf(p.Type), func(buf []byte, addr uint64) error {
			_, err := fr.Memory.ReadMemory(buf, addr)
			return err
		})
	case p.loc.closure != 0:
		_, err := fr.Memory.ReadMemory(data, fr.Registers.General(dxRegister)+uint64(p.loc.closure))
		return data, err
	case p.loc.pieces == nil:
		_, err := fr.Memory.ReadMemory(data, fr.CFA+uint64(p.loc.stack))
		return data, err
	}
	var word [8]byte
	for _, pc := range p.loc.pieces {
		to := data[pc.offset : pc.offset+pc.size]
		if pc.float {
			x, err := fr.Registers.Vector(pc.register)
			if err != nil {
				return nil, err
			}
			copy(to, x[:])
			continue
		}
		binary.LittleEndian.PutUint64(word[:], fr.Registers.General(intSequence[pc.register]))
		copy(to, word[:])
	}
	return data, nil
}

// NamedBy says what the arguments or results that name the others say of them.
func (fr *Frame) NamedBy(params []Param, lim engine.Limits) secret.Match {
	if lim.Hide == nil {
		return secret.No
	}
	most := secret.No
	for i := range params {
		p := &params[i]
		if !p.names {
			continue
		}
		data, err := fr.bytes(p)
		if err != nil {
			return secret.Yes // nobody knows
		}
		most = max(most, fr.im.values.Names(fr.Memory, p.Type, data, lim))
	}
	return most
}
