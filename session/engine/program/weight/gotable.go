package weight

import "encoding/binary"

// CheckGoTable looks at the header of the Go runtime's table of functions and
// lines, in the form of Go 1.18 or later: package gosym believes what it says of
// itself.
func CheckGoTable(data []byte) error {
	const (
		go118, go120 = 0xfffffff0, 0xfffffff1
		pointer      = 8 // bytes
		words        = 8 // behind the magic: counts, the text, offsets of tables
	)
	if len(data) < 8+words*pointer || data[7] != pointer {
		return claims("the table of functions is of no form that is known")
	}
	if magic := binary.LittleEndian.Uint32(data); magic != go118 && magic != go120 {
		return claims("the table of functions is of no form that is known")
	}
	size := uint64(len(data))
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(data[8+i*pointer:]) }
	functions, last := word(0), word(words-1)
	for i := 3; i < words; i++ {
		if word(i) > size {
			return claims("the table of functions claims to be more than the %s that there are", bytesText(size))
		}
	}
	if functions > size || (functions*2+1)*4 > size-last {
		return claims("the table of functions claims to have %d, more than there is room for", functions)
	}
	return nil
}
