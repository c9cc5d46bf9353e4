//go:build linux && amd64

package proc

import "encoding/binary"

// handlerCode is the target's handler of SIGTRAP for address at. It gets the
// number of the signal in DI, its siginfo in SI and the interrupted context in
// DX. All registers it uses are its to use.
func handlerCode(at, table, old uint64) []byte {
	code := []byte{
		0x8b, 0x46, 0x08, //                  MOVL 8(SI), AX       the signal's code
		0x85, 0xc0, //                        TESTL AX, AX
		0x7e, 0x3a, //                        JLE chain            sent by a process
		0x3d, 0x80, 0x00, 0x00, 0x00, //      CMPL AX, $SI_KERNEL  an int3?
		0x75, 0x2c, //                        JNE done             a single step whose tracer is gone
		0x48, 0x8b, 0x82, 0xa8, 0, 0, 0, //   MOVQ 168(DX), AX     where: behind the int3
		0x48, 0x8d, 0x0d, 0, 0, 0, 0, //      LEAQ table, CX
		// next:
		0x4c, 0x8b, 0x01, //                  MOVQ (CX), R8
		0x4d, 0x85, 0xc0, //                  TESTQ R8, R8
		0x74, 0x17, //                        JEQ unknown
		0x49, 0x39, 0xc0, //                  CMPQ AX, R8
		0x74, 0x06, //                        JEQ found
		0x48, 0x83, 0xc1, 0x10, //            ADDQ $16, CX
		0xeb, 0xed, //                        JMP next
		// found:
		0x48, 0x8b, 0x49, 0x08, //            MOVQ 8(CX), CX
		0x48, 0x89, 0x8a, 0xa8, 0, 0, 0, //   MOVQ CX, 168(DX)     go on in the slot
		// done:
		0xc3, //                              RET
		// unknown: a thread that was in the slot already is left there; an
		// int3 of the program's own is none of our business.
		0x80, 0x78, 0xff, 0xcc, //            CMPB -1(AX), $0xcc
		0x75, 0xf9, //                        JNE done
		// chain:
		0xff, 0x25, 0, 0, 0, 0, //            JMP *old
	}
	const leaEnd = 28
	binary.LittleEndian.PutUint32(code[leaEnd-4:], uint32(table-at-leaEnd))
	return binary.LittleEndian.AppendUint64(code, old)
}
