package repair

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"gtrace/procstatus"
	"gtrace/session/engine"
)

// ErrNotComparable is the error for a process whose code is not of a kind that
// can be compared.
var ErrNotComparable = errors.New("its code cannot be compared")

// A Process is a running process whose code is looked at.
type Process struct {
	pid     int
	dir     string   // /proc/PID
	program string   // what its exe links to
	mem     *os.File // stays that of the program which runs now, whatever is executed later
	pagemap *os.File // nil where the kernel has none
	files   map[fileID]*openFile
}

// A fileID tells mapped files apart.
type fileID struct {
	dev   string
	inode uint64
	path  string
}

// An openFile is a mapped file. Without object, err says why.
type openFile struct {
	file   *os.File
	object *object
	err    error
}

// Open opens a process for Compare, and with write for Restore also.
func Open(pid int, write bool) (*Process, error) {
	p, err := newProcess(pid)
	if err != nil {
		return nil, err
	}
	mode := os.O_RDONLY
	if write {
		mode = os.O_RDWR
	}
	mem, err := os.OpenFile(p.dir+"/mem", mode, 0)
	if err != nil {
		return nil, p.refusal(err)
	}
	return p.with(mem), nil
}

// Of is Open for who has the memory of a process open already, as nobody may open
// it again. It is closed by Close.
func Of(pid int, mem *os.File) (*Process, error) {
	p, err := newProcess(pid)
	if err != nil {
		return nil, err
	}
	return p.with(mem), nil
}

func newProcess(pid int) (*Process, error) {
	p := &Process{pid: pid, dir: "/proc/" + strconv.Itoa(pid), files: map[fileID]*openFile{}}
	if runtime.GOOS != "linux" {
		return nil, fmt.Errorf("%w: processes can be looked at on linux only", ErrNotComparable)
	}
	var err error
	p.program, err = p.check()
	return p, err
}

func (p *Process) with(mem *os.File) *Process {
	p.mem = mem
	p.pagemap, _ = os.Open(p.dir + "/pagemap")
	return p
}

// check returns the path of the process's program, or why there is nothing to
// be looked at.
func (p *Process) check() (string, error) {
	if state := p.field(p.dir, "State"); strings.HasPrefix(state, "Z") && !p.outlives() {
		return "", fmt.Errorf("%w: it has ended and waits for its parent or its threads", engine.ErrNoProcess)
	}
	if tgid := p.field(p.dir, "Tgid"); tgid != "" && tgid != strconv.Itoa(p.pid) {
		return "", fmt.Errorf("%w: it is a thread of process %s", engine.ErrNoProcess, tgid)
	}
	program, err := os.Readlink(p.dir + "/exe")
	switch {
	case err == nil:
		return program, nil
	case errors.Is(err, fs.ErrPermission):
		return "", p.refusal(err)
	}
	const kthreadd = "2" // the parent of all kernel threads
	switch parent := p.field(p.dir, "PPid"); {
	case parent == "":
		return "", engine.ErrNoProcess
	case parent != kthreadd && p.pid != 2:
		return "", fmt.Errorf("%w: it is ending", engine.ErrNoProcess)
	}
	return "", fmt.Errorf("%w: it has no program, as a kernel thread", ErrNotComparable)
}

// outlives reports whether a process goes on without its first thread, of which nothing
// is told any more, and makes it look at another one from then on.
func (p *Process) outlives() bool {
	threads, _ := filepath.Glob("/proc/" + strconv.Itoa(p.pid) + "/task/*")
	for _, dir := range threads {
		if maps, err := os.ReadFile(dir + "/maps"); err == nil && len(maps) > 0 {
			p.dir = dir
			return true
		}
	}
	return false
}

// refusal names the reason of an error of the kernel.
func (p *Process) refusal(err error) error {
	owner, _, _ := strings.Cut(p.field(p.dir, "Uid"), "\t")
	switch {
	case owner == "":
		return engine.ErrNoProcess
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: it belongs to user %s", engine.ErrPermission, owner)
	}
	return err
}

// field returns a line of the status of a process or thread, or "".
func (p *Process) field(dir, name string) string {
	status, _ := procstatus.In(dir)
	return status.Field(name)
}

// Program is the path of the process's program, as the kernel tells it.
func (p *Process) Program() string { return p.program }

// Tracer returns the process that traces one of the threads, or 0.
func (p *Process) Tracer() (pid int, name string) {
	tasks, _ := filepath.Glob("/proc/" + strconv.Itoa(p.pid) + "/task/*")
	for _, task := range tasks {
		tracer := p.field(task, "TracerPid")
		if tracer == "" || tracer == "0" {
			continue
		}
		// It names the thread, which nobody knows: say the process.
		tracer = cmp.Or(p.field("/proc/"+tracer, "Tgid"), tracer)
		comm, _ := os.ReadFile("/proc/" + tracer + "/comm")
		pid, _ := strconv.Atoi(tracer)
		return pid, strings.TrimSpace(string(comm))
	}
	return 0, ""
}

// Compare compares the code of the process with its files.
func (p *Process) Compare() (*Report, error) {
	maps, err := p.maps()
	if err != nil {
		return nil, err
	}
	r := &Report{}
	index := map[fileID]int{}
	for i := range maps {
		m := &maps[i]
		r.Uprobes = r.Uprobes || m.path == "[uprobes]"
		if !m.holdsCode() {
			continue
		}
		f := p.open(m)
		if errors.Is(f.err, errNotELF) {
			continue
		}
		n, ok := index[m.id()]
		if !ok {
			n = len(r.Files)
			index[m.id()] = n
			r.Files = append(r.Files, File{Path: m.fileName(), Program: p.isProgram(m), Err: f.err})
		}
		if r.Files[n].Err != nil {
			continue
		}
		if err := p.compare(f, m, &r.Files[n], r); err != nil {
			return nil, err
		}
	}
	slices.SortStableFunc(r.Files, func(a, b File) int { return rank(a.Program) - rank(b.Program) })
	slices.SortStableFunc(r.Differences, func(a, b Difference) int {
		return cmp.Or(rank(a.Program)-rank(b.Program), cmp.Compare(a.Address, b.Address))
	})
	return r, p.judge(r)
}

func rank(program bool) int {
	if program {
		return 0
	}
	return 1
}

// judge says why a report is none.
func (p *Process) judge(r *Report) error {
	if len(r.Files) == 0 || !r.Files[0].Program {
		return fmt.Errorf("%w: no code is mapped from its program %s: it may have unpacked itself", ErrNotComparable, p.program)
	}
	if err := r.Files[0].Err; errors.Is(err, ErrNotComparable) {
		return err
	}
	return nil
}

// compare adds to a report what one mapping of a file shows.
func (p *Process) compare(f *openFile, m *mapping, file *File, r *Report) error {
	seg, ok := f.object.mapped(m)
	if !ok {
		return nil
	}
	if len(seg.code) == 0 {
		file.Err = errors.New("its code can be written to and it has no section table: what is data cannot be told")
		return nil
	}
	c := &comparison{object: f.object, memory: p.mem, pages: p.copied}
	size, err := c.mapping(m, &seg)
	file.Size += size
	for _, d := range c.found {
		d.File, d.Program = file.Path, file.Program
		d.id, d.shift = m.id(), seg.shift(m)
		r.Differences = append(r.Differences, d)
	}
	r.More += max(0, c.changes-mostChanges)
	if errors.Is(err, io.EOF) && !errors.Is(err, errFile) {
		return p.ended()
	}
	file.Err = err
	return nil
}

// copied returns the pages that may differ: all of them, where the kernel does
// not tell.
func (p *Process) copied(s span) ([]span, error) {
	if p.pagemap == nil {
		return []span{s}, nil
	}
	spans, err := copied(p.pagemap, s)
	if err != nil && !errors.Is(err, io.EOF) {
		return []span{s}, nil
	}
	return spans, err
}

// ended is the error for a process that has no memory any more.
func (p *Process) ended() error {
	return fmt.Errorf("%w: it has ended, or executed another program, meanwhile", engine.ErrNoProcess)
}

// maps returns the memory of the process.
func (p *Process) maps() ([]mapping, error) {
	text, err := os.ReadFile(p.dir + "/maps")
	if err == nil && len(text) == 0 && p.outlives() {
		text, err = os.ReadFile(p.dir + "/maps")
	}
	switch {
	case errors.Is(err, fs.ErrNotExist) || err == nil && len(text) == 0:
		return nil, p.ended()
	case err != nil:
		return nil, p.refusal(err)
	}
	return parseMaps(string(text))
}

// Close closes everything.
func (p *Process) Close() error {
	for _, f := range p.files {
		if f.file != nil {
			_ = f.file.Close()
		}
	}
	if p.pagemap != nil {
		_ = p.pagemap.Close()
	}
	return p.mem.Close()
}
