//go:build linux && amd64

package dlv

import (
	"encoding/binary"

	"golang.org/x/arch/x86/x86asm"
	"golang.org/x/sys/unix"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"

	"gtrace/events"
	"gtrace/events/secret"
	"gtrace/session/engine"
	"gtrace/session/engine/dlv/ptrace"
	"gtrace/session/engine/dlv/value"
)

// intRegister returns the n-th register of the ABI's integer sequence.
func intRegister(t *ptrace.Thread, n int) uint64 {
	r := &t.Regs
	switch n {
	case 0:
		return r.Rax
	case 1:
		return r.Rbx
	case 2:
		return r.Rcx
	case 3:
		return r.Rdi
	case 4:
		return r.Rsi
	case 5:
		return r.R8
	case 6:
		return r.R9
	case 7:
		return r.R10
	default:
		return r.R11
	}
}

// generalRegister returns a 64 bit register.
func generalRegister(r *unix.PtraceRegs, reg x86asm.Reg) (uint64, error) {
	if reg < x86asm.RAX || reg > x86asm.R15 {
		return 0, errOperand
	}
	return [...]uint64{
		r.Rax, r.Rcx, r.Rdx, r.Rbx, r.Rsp, r.Rbp, r.Rsi, r.Rdi,
		r.R8, r.R9, r.R10, r.R11, r.R12, r.R13, r.R14, r.R15,
	}[reg-x86asm.RAX], nil
}

// read renders arguments or results. With ret set they are results, and what
// is known of an error in the last one is noted there.
func (e *Engine) read(c *hitContext, params []param, floats bool, cfa uint64, call *openCall, lim engine.Limits, ret *engine.Hit) []events.Value {
	c.floats = nil
	if floats {
		c.floats = c.thread.FPRegs(&e.fp)
	}
	values := make([]events.Value, len(params))
	for i := range params {
		p := &params[i]
		v := &values[i]
		v.Name, v.Type = p.name, p.typeName
		typ := p.typ
		if p.dictIndex >= 0 && call.dict != 0 {
			if t := e.trueType(call.dict, p.dictIndex); t != nil {
				typ = t
				v.Type = e.im.values.TypeName(t)
			}
		}
		data, err := e.bytes(c, p, cfa)
		switch {
		case err == errLost:
			v.Value = optimizedOut
			continue
		case err != nil:
			v.Value = "<unreadable: " + err.Error() + ">"
			continue
		}
		r := e.im.values.Show(e.p, typ, value.Place{Data: data}, max(p.secret, min(p.named, call.named)), lim)
		v.Value, v.Error = r.Text, r.Error
		if ret != nil && i == len(params)-1 && isError(typ) && uint64At(data, 0) != 0 {
			ret.Errors, ret.ErrorType, ret.ErrorText = e.im.values.ErrorChain(e.p, uint64At(data, 0), uint64At(data, 8), lim)
			if v.Value == secret.Hidden {
				ret.ErrorText = secret.Hidden
			}
			v.Error = ret.ErrorText
		}
	}
	return values
}

// isError reports whether t is the predeclared type error.
func isError(t godwarf.Type) bool { return t.Common().Name == "error" }

// bytes collects the bytes of a value from registers or stack.
func (e *Engine) bytes(c *hitContext, p *param, cfa uint64) ([]byte, error) {
	data := make([]byte, sizeOf(p.typ))
	switch {
	case p.loc.lost:
		return nil, errLost
	case len(data) == 0:
		return data, nil
	case p.loc.given != nil:
		given, err := e.bytes(c, p.loc.given, cfa)
		if err != nil {
			return nil, err
		}
		return walkTo(p.loc.way, given, sizeOf(p.typ), func(buf []byte, addr uint64) error {
			_, err := e.p.ReadMemory(buf, addr)
			return err
		})
	case p.loc.closure != 0:
		_, err := e.p.ReadMemory(data, c.thread.Regs.Rdx+uint64(p.loc.closure))
		return data, err
	case p.loc.pieces == nil:
		_, err := e.p.ReadMemory(data, cfa+uint64(p.loc.stack))
		return data, err
	}
	var word [8]byte
	for _, pc := range p.loc.pieces {
		if pc.float {
			if c.floats != nil {
				return nil, c.floats
			}
			copy(data[pc.offset:pc.offset+pc.size], e.fp.XMM[pc.register][:])
			continue
		}
		binary.LittleEndian.PutUint64(word[:], intRegister(c.thread, pc.register))
		copy(data[pc.offset:pc.offset+pc.size], word[:])
	}
	return data, nil
}

// trueType looks up what a type parameter stands for in this call.
func (e *Engine) trueType(dict uint64, index int64) godwarf.Type {
	var word [8]byte
	if _, err := e.p.ReadMemory(word[:], dict+uint64(index)*wordSize); err != nil {
		return nil
	}
	return e.im.values.RuntimeType(e.p, binary.LittleEndian.Uint64(word[:]))
}
