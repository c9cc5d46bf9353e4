package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// holdsErr is of no type that gtrace knows, and holds errors that it knows.
type holdsErr struct {
	text string
	Err  error
	mine error
	none error
}

func (*holdsErr) Error() string { return "held" }

var (
	eNil       error
	eNew             = errors.New("negative id")
	eFmt             = fmt.Errorf("load %d: %w", 3, eNew)
	eFmt2            = fmt.Errorf("both %w and %w", eNew, io.EOF)
	eJoin            = errors.Join(eFmt, io.EOF)
	eErrno     error = syscall.ENOENT
	_, eOpen         = os.Open("/does/not/exist")
	eSyscall         = os.NewSyscallError("open", syscall.EACCES)
	eLink      error = &os.LinkError{Op: "rename", Old: "a", New: "b", Err: syscall.EXDEV}
	_, eAtoi         = strconv.Atoi("1x")
	_, eURL          = url.Parse("http://[::1")
	eURLErr    error = &url.Error{Op: "Get", URL: "http://x/\"y", Err: context.DeadlineExceeded}
	_, eExec         = exec.LookPath("no-such-program")
	eDNS       error = &net.DNSError{Err: "no such host", Name: "x.invalid", Server: "1.1.1.1:53", IsNotFound: true}
	eOp        error = &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	eOp2       error = &net.OpError{Op: "read", Net: "udp", Source: &net.UDPAddr{IP: net.IPv6loopback, Port: 1, Zone: "eth0"}, Addr: &net.UnixAddr{Name: "/s"}, Err: net.ErrClosed}
	eAddr      error = &net.AddrError{Err: "bad", Addr: "x"}
	eJSON            = json.Unmarshal([]byte("{"), new(any))
	_, eTime         = time.Parse(time.RFC3339, "yesterday")
	eExit            = exec.Command("sh", "-c", "exit 3").Run()
	eKilled          = exec.Command("sh", "-c", "kill -9 $$").Run()
	eJSONType        = json.Unmarshal([]byte(`{"X":"a"}`), new(Point))
	eJSONValue       = json.Unmarshal([]byte(`"a"`), new([]any))
	eDeadline  error = context.DeadlineExceeded
	eMine      error = &MyErr{3}
	eText      error = TextErr("t")
	eWrapMine  error = &fs.PathError{Op: "read", Path: "p", Err: &MyErr{4}}
	eHolds     error = &holdsErr{"x\u3164\u2800y", eOpen, eText, nil}
	eConcrete        = &url.Error{Op: "Get", URL: "u", Err: io.EOF}
	eLongMsg         = errors.New(strings.Repeat("m", 200))

	rIndex     = panicOf(func() { _ = vSlice[vInt+100] })
	rIndexNeg  = panicOf(func() { _ = vSlice[vInt] })
	rSlice     = panicOf(func() { _ = vSlice[vUint:] })
	rSlice2    = panicOf(func() { _ = vSlice[vPtrPoint.X-2 : 1] })
	rSlice3    = panicOf(func() { _ = vSlice[1:2:vUint] })
	rConvert   = panicOf(func() { _ = [5]int(vSlice) })
	rNil       = panicOf(func() { vNilPtr.X++ })
	rDivide    = panicOf(func() { vInt /= len(vEmpty) })
	rMap       = panicOf(func() { vNilMap["x"] = 1 })
	rAssert    = panicOf(func() { _ = vAnyInt.(string) })
	rAssertNil = panicOf(func() { _ = vAnyNil.(string) })
	rAssertI   = panicOf(func() { _ = vAnyInt.(Shape) })
	rPanicNil  = panicOf(func() { panic(nil) })
	rClosed    = panicOf(func() { c := make(chan int); close(c); close(c) })
	rHash      = panicOf(func() { vAnyMap[vSlice] = 1 })
	rPlain     = panicOf(func() { panic("plain") })
	rError     = panicOf(func() { panic(eFmt) })
)
