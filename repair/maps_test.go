package repair

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseMaps(t *testing.T) {
	ms, err := parseMaps(`00400000-00401000 r--p 00000000 08:01 12                                 /usr/bin/prog
00401000-004b0000 r-xp 00001000 08:01 12                                 /usr/bin/prog
7f0000000000-7f0000001000 rwxp 00000000 00:00 0
7f0000001000-7f0000002000 r-xs 00000000 fd:00 1234567890123                  /lib/shared.so
7f0000002000-7f0000003000 r-xp 00003000 00:1c 7                          /a b/with\012newline  (deleted)
7ffd5e1f2000-7ffd5e1f4000 r-xp 00000000 00:00 0                          [vdso]
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]
`)
	if err != nil {
		t.Fatal(err)
	}
	var code []string
	for i := range ms {
		if m := &ms[i]; m.holdsCode() {
			code = append(code, fmt.Sprintf("%x-%x at %#x of %d on %s: %q", m.start, m.end, m.offset, m.inode, m.dev, m.fileName()))
		}
	}
	want := `401000-4b0000 at 0x1000 of 12 on 08:01: "/usr/bin/prog"
7f0000002000-7f0000003000 at 0x3000 of 7 on 00:1c: "/a b/with\nnewline  (deleted)"`
	if got := strings.Join(code, "\n"); len(ms) != 7 || got != want {
		t.Errorf("%d mappings\n%s", len(ms), got)
	}
}

func TestParseMapsErrors(t *testing.T) {
	for _, line := range []string{
		"", "400000", "400000-401000", "400000-401000 r-xp", "400000-401000 r-xp 0 08:01", "x-401000 r-xp 0 08:01 1 /p",
		"400000-400000 r-xp 0 08:01 1 /p", "400000-401000 rx 0 08:01 1 /p", "400000-401000 r-xp 0 08:01 x /p",
		"400000-401000 r-xp ffffffffffffffff 08:01 1 /p",
	} {
		if ms, err := parseMaps(line + "\n"); err == nil {
			t.Errorf("%q: %v", line, ms)
		}
	}
}

func FuzzMaps(f *testing.F) {
	f.Add("00401000-004b0000 r-xp 00001000 08:01 12                                 /usr/bin/prog\n")
	f.Fuzz(func(t *testing.T, text string) {
		ms, err := parseMaps(text)
		if err != nil {
			return
		}
		for i := range ms {
			if m := &ms[i]; m.start >= m.end || m.holdsCode() && m.fileName() == "" {
				t.Errorf("%+v", m)
			}
		}
	})
}
