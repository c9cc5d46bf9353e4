package procstatus_test

import (
	"os"
	"path/filepath"
	"testing"

	"gtrace/procstatus"
)

func TestStatus(t *testing.T) {
	dir := t.TempDir()
	text := "Name:\tx:y\nTgid:\t42\nVmSize:\t  1234 kB\nUid:\t1\t2\t3\t4\nSigCgt:\t0000000000000010\nGroups:\t\n"
	if err := os.WriteFile(filepath.Join(dir, "status"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := procstatus.In(dir)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{"Name": "x:y", "Tgid": "42", "Uid": "1\t2\t3\t4", "Groups": "", "gid": "", "Nope": ""} {
		if got := s.Field(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	for name, want := range map[string]int{"Tgid": 42, "VmSize": 1234, "Uid": 0, "Nope": 0} {
		if got := s.Number(name); got != want {
			t.Errorf("%s is %d, want %d", name, got, want)
		}
	}
	if set, ok := s.Set("SigCgt"); set != 0x10 || !ok {
		t.Errorf("SigCgt is %#x, %t", set, ok)
	}
	if set, ok := s.Set("Nope"); set != 0 || ok {
		t.Errorf("there is a set %#x", set)
	}
	if s, err := procstatus.In(filepath.Join(dir, "none")); s != "" || err == nil {
		t.Errorf("of no process: %q, %v", s, err)
	}
	if got := procstatus.Of(os.Getpid()).Number("Tgid"); got != os.Getpid() {
		t.Errorf("of this process: %d", got)
	}
}
