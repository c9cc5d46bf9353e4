package output

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	nobody  = 65534
	another = 65533
)

// needRoot skips a test that must give files away. It fails instead where
// GTRACE_REQUIRE names root.
func needRoot(t *testing.T) {
	t.Helper()
	switch {
	case os.Geteuid() == 0:
	case slices.Contains(strings.Split(os.Getenv("GTRACE_REQUIRE"), ","), "root"):
		t.Fatal("GTRACE_REQUIRE names root")
	default:
		t.Skip("only root can give files away")
	}
}

// do fails a test at the first error.
func do(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// plant makes what stands at path: a file, a link to elsewhere, a pipe.
func plant(t *testing.T, path, kind, victim string, owner int) {
	t.Helper()
	switch kind {
	case "":
		return
	case "file":
		do(t, os.WriteFile(path, []byte("old"), 0o666), os.Chmod(path, 0o666))
	case "link":
		do(t, os.Symlink(victim, path))
	case "name":
		do(t, os.Link(victim, path))
		return
	case "pipe":
		do(t, unix.Mkfifo(path, 0o666))
	case "dir":
		do(t, os.Mkdir(path, 0o777))
	}
	do(t, os.Lchown(path, owner, -1))
}

// TestOpenPlanted opens what other users have left in directories of all sorts,
// as root.
func TestOpenPlanted(t *testing.T) {
	needRoot(t)
	for _, tt := range []struct {
		name     string
		dirOwner int
		dirMode  os.FileMode
		kind     string
		owner    int
		refused  string // "": it is written to
	}{
		{"new in the open", 0, 0o1777, "", 0, ""},
		{"own file in the open", 0, 0o1777, "file", 0, ""},
		{"own link in the open", 0, 0o1777, "link", 0, ""},
		{"planted file", 0, 0o1777, "file", nobody, "out belongs to user 65534"},
		{"planted file, no sticky bit", 0, 0o777, "file", nobody, "out belongs to user 65534"},
		{"planted file for a group", 0, 0o775, "file", nobody, "out belongs to user 65534"},
		{"planted link", 0, 0o1777, "link", nobody, "out is a symbolic link of user 65534"},
		{"planted link, no sticky bit", 0, 0o777, "link", nobody, "out is a symbolic link of user 65534"},
		{"planted pipe", 0, 0o1777, "pipe", nobody, "out belongs to user 65534"},
		{"planted name", 0, 0o1777, "name", 0, "out has other names"},
		{"new in the user's directory", nobody, 0o755, "", 0, ""},
		{"own file in the user's directory", nobody, 0o755, "file", 0, ""},
		{"user's file in the user's directory", nobody, 0o755, "file", nobody, "out belongs to user 65534, in a directory of user 65534"},
		{"user's pipe in the user's directory", nobody, 0o755, "pipe", nobody, "out belongs to user 65534"},
		{"user's link in the user's directory", nobody, 0o755, "link", nobody, "out is a symbolic link of user 65534"},
		{"another's file in the user's directory", nobody, 0o755, "file", another, "out belongs to user 65533, in a directory of user 65534"},
		{"user's name in the user's directory", nobody, 0o755, "name", 0, "out has other names"},
		{"another's link in the user's directory", nobody, 0o755, "link", another, "out is a symbolic link of user 65533"},
		{"user's file in the user's open directory", nobody, 0o1777, "file", nobody, "out belongs to user 65534"},
		{"other's file in a closed directory", 0, 0o755, "file", nobody, ""},
		{"own name in an own directory", 0, 0o755, "name", 0, ""},
		{"directory", 0, 0o755, "dir", 0, "is a directory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base := t.TempDir()
			dir, victim := filepath.Join(base, "dir"), filepath.Join(base, "victim")
			do(t, os.Mkdir(dir, 0o755), os.WriteFile(victim, []byte("precious"), 0o600))
			path := filepath.Join(dir, "out")
			plant(t, path, tt.kind, victim, tt.owner)
			do(t, os.Chown(dir, tt.dirOwner, -1), unix.Chmod(dir, uint32(tt.dirMode)))
			f, err := openFile(path, false, 0, 0)
			if tt.refused == "" {
				do(t, err)
				_, err = f.WriteString("trace")
				do(t, err, f.Close())
				return
			}
			if err == nil {
				f.Close()
				t.Fatal("it was opened")
			}
			if !strings.Contains(err.Error(), tt.refused) || !strings.HasPrefix(err.Error(), "open "+path+": ") {
				t.Errorf("error %q", err)
			}
			if text, _ := os.ReadFile(victim); string(text) != "precious" {
				t.Errorf("the victim is now %q", text)
			}
		})
	}
}

// TestOpenBySudo opens, as root by way of sudo, what the user has in a directory of
// his own: his files are his to choose, where a link leads is not.
func TestOpenBySudo(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	victim := filepath.Join(t.TempDir(), "victim")
	do(t, os.WriteFile(victim, []byte("precious"), 0o600), os.Chown(dir, nobody, -1))
	plant(t, filepath.Join(dir, "file"), "file", "", nobody)
	plant(t, filepath.Join(dir, "link"), "link", victim, nobody)
	plant(t, filepath.Join(dir, "theirs"), "file", "", another)
	for name, refused := range map[string]bool{"new": false, "file": false, "link": true, "theirs": false} {
		f, err := openFile(filepath.Join(dir, name), false, 0, nobody)
		f.Close()
		if _, ok := errors.AsType[*PlantedError](err); ok != refused || (err != nil) != refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOpenAsUser is about a user who is not root: a link of another would make him
// overwrite what is his.
func TestOpenAsUser(t *testing.T) {
	needRoot(t)
	dir := t.TempDir()
	do(t, os.Chown(dir, nobody, -1))
	plant(t, filepath.Join(dir, "link"), "link", "elsewhere", nobody)
	plant(t, filepath.Join(dir, "mine"), "link", "elsewhere", another)
	plant(t, filepath.Join(dir, "file"), "file", "", nobody)
	for name, refused := range map[string]bool{"link": true, "mine": false, "file": false} {
		f, err := openFile(filepath.Join(dir, name), false, another, 0)
		f.Close()
		if _, ok := errors.AsType[*PlantedError](err); ok != refused || (err != nil) != refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOpenOnTheWay has what is planted in the middle of the path.
func TestOpenOnTheWay(t *testing.T) {
	needRoot(t)
	base := t.TempDir()
	open, secret := filepath.Join(base, "open"), filepath.Join(base, "secret")
	do(t, os.Mkdir(open, 0o755), os.Mkdir(secret, 0o700), unix.Chmod(open, 0o1777))
	plant(t, filepath.Join(open, "theirs"), "link", secret, nobody)
	plant(t, filepath.Join(open, "ours"), "link", "../secret", 0)
	plant(t, filepath.Join(base, "round"), "link", "open/theirs/x", 0)
	for path, refused := range map[string]bool{"open/theirs/x": true, "round": true, "open/ours/y": false, "open/../open/ours//y": false} {
		f, err := openFile(filepath.Join(base, path), false, 0, 0)
		f.Close()
		if _, ok := errors.AsType[*PlantedError](err); ok != refused || err == nil == refused {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := os.Stat(filepath.Join(secret, "x")); !errors.Is(err, os.ErrNotExist) {
		t.Error("a file was made where a planted link leads")
	}
}

// TestOpenFile opens what has nothing to fear, as any user.
func TestOpenFile(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	do(t, os.Mkdir("d", 0o755), os.Symlink("d/there", "dangling"), os.Symlink(dir+"/d", "absolute"),
		os.Symlink("loop", "loop"), os.WriteFile("file", nil, 0o600))
	for _, tt := range []struct {
		path string
		err  error
	}{
		{"new", nil},
		{dir + "/d/../also", nil},
		{"dangling", nil},
		{"absolute/x", nil},
		{"file", nil},
		{"/dev/null", nil},
		{"", unix.ENOENT},
		{"/", unix.EISDIR},
		{".", unix.EISDIR},
		{"d", unix.EISDIR},
		{"d/", unix.EISDIR},
		{"file/", unix.ENOTDIR},
		{"file/x", unix.ENOTDIR},
		{"none/x", unix.ENOENT},
		{"loop", unix.ELOOP},
		{"/dev/full/x", unix.ENOTDIR},
		{strings.Repeat("x", 300), unix.ENAMETOOLONG},
	} {
		f, err := openFile(tt.path, false, os.Geteuid(), 0)
		if !errors.Is(err, tt.err) {
			t.Errorf("%q: %v, want %v", tt.path, err, tt.err)
		}
		f.Close()
	}
	for _, made := range []string{"new", "also", "d/there", "d/x"} {
		if info, err := os.Stat(made); err != nil || info.Mode() != traceMode {
			t.Errorf("%s: %v, %v", made, info, err)
		}
	}
}

// TestOpenAppends keeps what is there.
func TestOpenAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	for range 2 {
		f, err := openFile(path, true, os.Geteuid(), 0)
		do(t, err)
		_, err = f.WriteString("x")
		do(t, err, f.Close())
	}
	if text, _ := os.ReadFile(path); string(text) != "xx" {
		t.Errorf("appended: %q", text)
	}
}

// TestOpenDescriptors writes to what this process has open already, as a shell
// hands it over.
func TestOpenDescriptors(t *testing.T) {
	r, w, err := os.Pipe()
	do(t, err)
	defer r.Close()
	name := "/fd/" + strconv.Itoa(int(w.Fd()))
	for _, path := range []string{"/dev" + name, "/proc/self" + name, "/proc/thread-self" + name} {
		f, err := openFile(path, false, os.Geteuid(), 0)
		if err != nil {
			t.Error(err)
			continue
		}
		_, err = f.WriteString(path)
		do(t, err, f.Close())
		got := make([]byte, 100)
		n, err := r.Read(got)
		if do(t, err); string(got[:n]) != path {
			t.Errorf("%s: read %q", path, got[:n])
		}
	}
	w.Close()
	if _, err := r.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a descriptor is left open: %v", err)
	}
}

// TestOpenChanges exchanges what is opened all the time. Whatever is found, the
// victim stays as it is.
func TestOpenChanges(t *testing.T) {
	needRoot(t)
	base := t.TempDir()
	dir, victim := filepath.Join(base, "dir"), filepath.Join(base, "victim")
	do(t, os.Mkdir(dir, 0o755), unix.Chmod(dir, 0o777), os.WriteFile(victim, []byte("precious"), 0o600))
	path := filepath.Join(dir, "out")
	link, file := path+".link", path+".file"
	stop := make(chan struct{})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
			}
			_ = os.Symlink(victim, link)
			_ = os.Lchown(link, nobody, -1)
			_ = os.Rename(link, path)
			_ = os.WriteFile(file, nil, 0o600)
			_ = os.Rename(file, path)
			_ = os.Remove(path)
		}
	}()
	opened, refused := 0, 0
	for start := time.Now(); time.Since(start) < time.Second; {
		f, err := openFile(path, false, 0, 0)
		if err != nil {
			refused++
			continue
		}
		opened++
		_, _ = f.WriteString("trace")
		f.Close()
	}
	close(stop)
	<-done
	if text, _ := os.ReadFile(victim); string(text) != "precious" {
		t.Errorf("the victim is now %q", text)
	}
	if opened == 0 || refused == 0 {
		t.Errorf("opened %d times, refused %d times: nothing was exchanged", opened, refused)
	}
}

// TestOpenLeavesNothing counts descriptors.
func TestOpenLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	do(t, os.Symlink("a/b/c", filepath.Join(dir, "link")), os.MkdirAll(filepath.Join(dir, "a/b"), 0o755))
	before := lowestDescriptor(t)
	for _, name := range []string{"new", "link", "none/x", "a", "/dev/stderr"} {
		if !strings.HasPrefix(name, "/") {
			name = filepath.Join(dir, name)
		}
		f, _ := openFile(name, false, os.Geteuid(), 0)
		f.Close()
	}
	if after := lowestDescriptor(t); after != before {
		t.Errorf("the next descriptor was %d and is %d", before, after)
	}
}

func lowestDescriptor(t *testing.T) int {
	t.Helper()
	fd, err := syscall.Dup(1)
	do(t, err, syscall.Close(fd))
	return fd
}

// TestOpenConfig reads what other users could have written, as root.
func TestOpenConfig(t *testing.T) {
	needRoot(t)
	for _, tt := range []struct {
		name     string
		dirOwner int
		kind     string // as plant has it
		owner    int
		mode     os.FileMode
		sudo     int
		refused  string
	}{
		{"own", 0, "file", 0, 0o644, 0, ""},
		{"own, in the directory of somebody else", nobody, "file", 0, 0o644, 0, ""},
		{"of somebody else", nobody, "file", nobody, 0o644, 0, "gtrace.yaml belongs to user 65534"},
		{"of somebody else, in an own directory", 0, "file", nobody, 0o600, 0, "gtrace.yaml belongs to user 65534"},
		{"of who runs gtrace by sudo", nobody, "file", nobody, 0o644, nobody, ""},
		{"of another one than who does", nobody, "file", another, 0o644, nobody, "gtrace.yaml belongs to user 65533"},
		{"others can write", 0, "file", 0, 0o646, 0, "others can write to gtrace.yaml"},
		{"a group can write", 0, "file", 0, 0o664, 0, "others can write to gtrace.yaml"},
		{"own link", 0, "link", 0, 0, 0, ""},
		{"link of somebody else", nobody, "link", nobody, 0, 0, "gtrace.yaml is a symbolic link of user 65534"},
		{"another name of an own file", nobody, "name", 0, 0o644, 0, "gtrace.yaml has other names"},
		{"pipe", 0, "pipe", 0, 0o600, 0, "is not a regular file"},
		{"directory", 0, "dir", 0, 0o700, 0, "is a directory"},
		{"nothing", 0, "", 0, 0, 0, "no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base := t.TempDir()
			dir, victim := filepath.Join(base, "dir"), filepath.Join(base, "victim")
			do(t, os.Chmod(base, 0o755), os.Mkdir(dir, 0o755), os.WriteFile(victim, []byte("old"), 0o644), os.Lchown(dir, tt.dirOwner, -1))
			path := filepath.Join(dir, "gtrace.yaml")
			plant(t, path, tt.kind, victim, tt.owner)
			if tt.mode != 0 {
				do(t, os.Chmod(path, tt.mode))
			}
			f, err := openConfig(path, 0, tt.sudo)
			if tt.refused != "" {
				if err == nil || !strings.Contains(err.Error(), tt.refused) {
					t.Errorf("%v, want %s", err, tt.refused)
				}
				if _, statErr := os.Lstat(path); tt.kind == "" && statErr == nil {
					t.Error("it was made")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if text, err := io.ReadAll(f); err != nil || string(text) != "old" {
				t.Errorf("%q, %v", text, err)
			}
		})
	}
}
