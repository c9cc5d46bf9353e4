package repair

import (
	"encoding/binary"
	"io"
	"os"
)

// What an entry of /proc/PID/pagemap says of a page.
const (
	pagePresent = 1 << 63
	pageSwapped = 1 << 62
	pageOfFile  = 1 << 61 // it is the file's own, not a copy
)

// copied returns the parts of a private mapping that are no longer the file's:
// whoever writes to such a page, a debugger included, gets a copy of it. All
// other pages are the same memory that a reader of the file sees. They need not
// be compared, and, what counts for programs of hundreds of megabytes, not be
// brought into memory for it.
func copied(pagemap io.ReaderAt, at span) ([]span, error) {
	page := uint64(os.Getpagesize())
	var (
		spans []span
		buf   [8 << 10]byte
	)
	for addr := at.from; addr < at.to; {
		n := min((at.to-addr+page-1)/page*8, uint64(len(buf)))
		if _, err := pagemap.ReadAt(buf[:n], int64(addr/page*8)); err != nil {
			return nil, err
		}
		for i := uint64(0); i < n; i += 8 {
			entry := binary.LittleEndian.Uint64(buf[i:])
			if entry&pageOfFile == 0 && entry&(pagePresent|pageSwapped) != 0 {
				spans = append(spans, span{addr, addr + page})
			}
			addr += page
		}
	}
	return joined(spans), nil
}
