package session

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gtrace/session/engine"
)

// barredFunctions are some of a program, of which three run where nothing is
// planted.
func barredFunctions() []*engine.Function {
	const where = "between fork and exec"
	return []*engine.Function{
		{Name: "syscall.Syscall", Package: "syscall", File: "/go/syscall_linux.go", Line: 73, Entry: 1},
		{Name: "syscall.RawSyscall", Package: "syscall", File: "/go/syscall_linux.go", Line: 55, Entry: 2, Barred: where},
		{Name: "syscall.forkExec", Package: "syscall", File: "/go/exec_unix.go", Line: 143, Entry: 3},
		{Name: "syscall.forkAndExecInChild", Package: "syscall", File: "/go/exec_linux.go", Line: 138, Entry: 4, Barred: where},
		{Name: "syscall.forkAndExecInChild1", Package: "syscall", File: "/go/exec_linux.go", Line: 221, Entry: 5, Barred: where},
		{Name: "syscall.writeUidGidMappings", Package: "syscall", File: "/go/exec_linux.go", Line: 800, Entry: 6},
	}
}

func TestBarred(t *testing.T) {
	lister := listing{"syscall.Syscall": {74, 75}, "syscall.RawSyscall": {56}, "syscall.forkAndExecInChild1": {331, 334}, "syscall.writeUidGidMappings": {801}}
	for _, tt := range []struct {
		name          string
		trace, ignore []string
		want          []string // functions
		notes         []string
		wrong         string
	}{
		{name: "by name", trace: []string{"syscall.RawSyscall"}, wrong: "syscall.RawSyscall cannot be traced: it runs between fork and exec"},
		{name: "by name beside others", trace: []string{"syscall.Syscall", "RawSyscall"}, wrong: "syscall.RawSyscall cannot be traced: it runs between fork and exec"},
		{
			name: "nothing else matches", trace: []string{"syscall.forkAnd*"},
			wrong: "syscall.forkAndExecInChild, syscall.forkAndExecInChild1 cannot be traced: they run between fork and exec",
		},
		{
			name: "one of many", trace: []string{"syscall.*yscall"}, want: []string{"syscall.Syscall"},
			notes: []string{"1 function is left out: syscall.RawSyscall; it runs between fork and exec"},
		},
		{
			name: "many", trace: []string{"/fork/"}, want: []string{"syscall.forkExec"},
			notes: []string{"2 functions are left out: syscall.forkAndExecInChild, syscall.forkAndExecInChild1; they run between fork and exec"},
		},
		{name: "ignored", trace: []string{"/fork/"}, ignore: []string{"/InChild/"}, want: []string{"syscall.forkExec"}},
		{name: "a line", trace: []string{"exec_linux.go:334"}, wrong: "syscall.forkAndExecInChild1 cannot be traced: it runs between fork and exec"},
		{name: "a line of another function", trace: []string{"exec_linux.go:801"}, want: []string{"syscall.writeUidGidMappings"}},
		{
			name: "lines of both", trace: []string{"exec_linux.go:330-900"}, want: []string{"syscall.writeUidGidMappings"},
			notes: []string{"1 function is left out: syscall.forkAndExecInChild1; it runs between fork and exec"},
		},
		{
			name: "a file", trace: []string{"syscall_linux.go"}, want: []string{"syscall.Syscall"},
			notes: []string{"1 function is left out: syscall.RawSyscall; it runs between fork and exec"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			sel, err := Select(barredFunctions(), "app", tt.trace, tt.ignore)
			if err == nil {
				_, err = sel.ResolveLines(lister)
			}
			if tt.wrong != "" {
				if barred, ok := errors.AsType[*BarredError](err); !ok || barred.Error() != tt.wrong {
					t.Fatalf("got %v\nwant %s", err, tt.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, names(sel.Functions)); diff != "" {
				t.Errorf("functions (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(tt.notes, append([]string(nil), sel.Notes...)); diff != "" {
				t.Errorf("notes (-want +got)\n%s", diff)
			}
		})
	}
}
