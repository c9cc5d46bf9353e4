package repair

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestFind opens a mapped file by its path, as those must who are not root.
func TestFind(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a\nb.so")
	if err := os.WriteFile(path, []byte("library"), 0o666); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/proc/self/root"); err != nil {
		t.Skip(err)
	}
	inode := info.Sys().(*syscall.Stat_t).Ino
	p := &Process{dir: "/proc/self", program: "/bin/prog"}
	for _, tt := range []struct {
		m    mapping
		is   error
		text string
	}{
		{mapping{path: strings.ReplaceAll(path, "\n", `\012`), dev: device(info), inode: inode}, nil, ""},
		{mapping{path: path, dev: device(info), inode: inode + 1}, nil, "another file has its path"},
		{mapping{path: path, dev: "ff:ff", inode: inode}, nil, "another file has its path"},
		{mapping{path: path + ".old (deleted)", dev: device(info), inode: 7}, nil, "deleted or replaced"},
		{mapping{path: path + ".old", dev: device(info), inode: 7}, os.ErrNotExist, ""},
		{mapping{path: "/memfd:jit (deleted)", inode: 7}, errNotELF, ""},
		{mapping{path: "/dev/null", inode: 7}, errNotELF, ""},
	} {
		f, err := p.find(&tt.m)
		switch {
		case tt.is == nil && tt.text == "":
			if err != nil {
				t.Errorf("%s: %v", tt.m.path, err)
				continue
			}
			_ = f.Close()
		case err == nil:
			_ = f.Close()
			t.Errorf("%s of inode %d on %s was opened", tt.m.path, tt.m.inode, tt.m.dev)
		case tt.is != nil && !errors.Is(err, tt.is) || !strings.Contains(err.Error(), tt.text):
			t.Errorf("%s: %v", tt.m.path, err)
		}
	}
}

// TestReadCut opens a file that is shorter than where it is mapped from.
func TestReadCut(t *testing.T) {
	path := filepath.Join(t.TempDir(), "cut.so")
	if err := os.WriteFile(path, []byte("short"), 0o666); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat("/proc/self/root"); err != nil {
		t.Skip(err)
	}
	p := &Process{dir: "/proc/self", files: map[fileID]*openFile{}}
	m := &mapping{path: path, dev: device(info), inode: info.Sys().(*syscall.Stat_t).Ino, offset: 0x1000}
	if f := p.open(m); f.err == nil || !strings.Contains(f.err.Error(), "cut short to 5 bytes") {
		t.Error(f.err)
	}
	_ = p.files[m.id()].file.Close()
}
