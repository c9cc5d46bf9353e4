// Values holds a value of every kind in package variables, prints where each
// is and how it should be shown, and waits for its standard input to close.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"reflect"
	"strconv"
	"strings"
	"time"
)

func panicOf(f func()) (v any) {
	defer func() { v = recover() }()
	f()
	return nil
}

// show prints a variable's name, address, expected text and error message.
func show(name string, p any, want ...string) {
	v := reflect.ValueOf(p).Elem()
	var text string
	if len(want) > 0 {
		text = want[0]
	} else {
		text = fmt.Sprintf("%#v", v.Interface())
	}
	var msg string
	if err, ok := v.Interface().(error); ok && err != nil {
		msg = err.Error()
	}
	if len(want) > 1 {
		msg = want[1]
	}
	fmt.Printf("%s\t%#x\t%q\t%q\n", name, v.Addr().Pointer(), text, msg)
}

func main() {
	fill()
	basics()
	composites()
	maps()
	interfaces()
	errorsAndPanics()
	secrets()
	fmt.Println("ready")
	io.Copy(io.Discard, os.Stdin)
	vPtrPoint.Move()
	_ = vClosure()
}

func fill() {
	vCycle.Next = vCycle
	vSelfTree.Kids[0] = vSelfTree
	vBigArray[0] = 9
	*vPtrInt = 5
	vChan <- 1
	vLocked[0].Lock()
	vLocked[0].rw.RLock()
	vLocked[0].n.Store(3)
	for i := range 40 {
		vGrown[i] = i * i
		vGrown[1000+i] = 1
	}
	for i := range 35 {
		delete(vGrown, i)
		delete(vGrown, 1005+i)
	}
	for i := range 5000 {
		vHuge[i] = i
	}
}

func basics() {
	show("vBool", &vBool)
	show("vInt", &vInt)
	show("vInt8", &vInt8)
	show("vInt16", &vInt16)
	show("vInt32", &vInt32)
	show("vInt64", &vInt64)
	show("vUint", &vUint, "7")
	show("vUint8", &vUint8, "255")
	show("vUint64", &vUint64, "18446744073709551615")
	show("vUintptr", &vUintptr)
	show("vFloat32", &vFloat32)
	show("vFloat64", &vFloat64)
	show("vFloatBig", &vFloatBig)
	show("vFloatSmall", &vFloatSmall)
	show("vNaN", &vNaN)
	show("vInf", &vInf)
	show("vNegInf", &vNegInf)
	show("vComplex", &vComplex)
	show("vComplex64", &vComplex64)
	show("vComplexInf", &vComplexInf)
	show("vString", &vString)
	show("vEmpty", &vEmpty)
	show("vQuoted", &vQuoted)
	show("vLong", &vLong, `"`+vLong[:64]+`"…+36`)
	show("vLongUTF", &vLongUTF, `"`+vLongUTF[:64]+`"…+137`)
	show("vWord", &vWord)
	show("vCelsius", &vCelsius)
	show("vCount", &vCount)
	show("vDuration", &vDuration, "1.5s")
	show("vTimeZero", &vTimeZero, "0001-01-01T00:00:00Z")
	show("vTimeUTC", &vTimeUTC, "2026-11-21T07:27:00.123456789Z")
	show("vTimeFixed", &vTimeFixed, "2026-11-21T07:27:00+05:30")
	show("vTimeNow", &vTimeNow, vTimeNow.Format(time.RFC3339Nano))
	show("vTimePtr", &vTimePtr, "&2026-11-21T07:27:00.123456789Z")
	show("vIP", &vIP, "10.0.0.1")
	show("vBigInt", &vBigInt, "&"+vBigInt.String())
}

func composites() {
	show("vSlice", &vSlice)
	show("vNilSlice", &vNilSlice, "nil")
	show("vEmptySlice", &vEmptySlice)
	show("vLongSlice", &vLongSlice, "[]int{"+strings.Repeat("0, ", 16)+"…+984}")
	show("vStrings", &vStrings)
	show("vNames", &vNames)
	show("vNested", &vNested, "[][]int8{[]int8{1}, nil, []int8{2, 3}}")
	show("vBytes", &vBytes, `[]byte("text\n")`)
	show("vRaw", &vRaw)
	show("vLongBytes", &vLongBytes, `[]byte("`+strings.Repeat("y", 64)+`"…+6)`)
	show("vLongRaw", &vLongRaw, "[]byte{"+strings.Repeat("0x0, ", 16)+"…+984}")
	show("vBlob", &vBlob, `main.Blob("blob")`)
	show("vArray", &vArray, "[3]uint16{1, 2, 3}")
	show("vBits", &vBits)
	show("vNoArray", &vNoArray)
	show("vBigArray", &vBigArray, "[5000]int32{9, "+strings.Repeat("0, ", 15)+"…+4984}")
	show("vStructs", &vStructs)
	show("vPointers", &vPointers, "[]*main.Point{&main.Point{X:1, Y:2}, nil}")
	show("vAnys", &vAnys, `[]any{1, "a", nil, 2.5, []int{1}, 2}`)
	show("vPoint", &vPoint)
	show("vOuter", &vOuter, `main.Outer{Inner:main.Inner{A:1, B:[]string{"q"}}, Point:nil, Any:"w", Err:nil, F:main.double, M:nil, C:nil, S:struct { Q uint16 }{Q:0}, Last:[2]bool{true, false}}`)
	show("vAnon", &vAnon)
	show("vNothing", &vNothing)
	show("vPtrPoint", &vPtrPoint)
	show("vNilPtr", &vNilPtr, "nil")
	show("vPtrInt", &vPtrInt, "&5")
	show("vPtrStr", &vPtrStr, `&"s"`)
	show("vPtrPtr", &vPtrPtr, fmt.Sprintf("&(*main.Point)(%p)", vPtrPoint))
	show("vCycle", &vCycle, fmt.Sprintf("&main.List{V:1, Next:(*main.List)(%p)}", vCycle))
	show("vGeneric", &vGeneric)
	show("vGeneric2", &vGeneric2, `main.Pair[store.User,*main.Point]{Key:store.User{Name:"n", age:3}, Val:nil}`)
	show("vUser", &vUser)
	show("vTree", &vTree, "main.Tree{Kids:[]main.Tree{main.Tree{Kids:nil}, main.Tree{Kids:[]main.Tree{main.Tree{Kids:nil}}}}}")
	show("vSelfTree", &vSelfTree, strings.Repeat("main.Tree{Kids:[]main.Tree{", 16)+"…"+strings.Repeat("}}", 16))
	show("vMutex", &vMutex, "*state:0, sema:0}")
	show("vGuarded", &vGuarded, `main.Guarded{A:1, n:atomic.Int64{v:0}, B:"b"}`)
	mutex := "sync.Mutex{state:1, sema:0}"
	if _, wraps := reflect.TypeOf(vMutex).FieldByName("mu"); wraps {
		mutex = "sync.Mutex{mu:" + mutex + "}"
	}
	show("vLocked", &vLocked, `[]*main.Guarded{&main.Guarded{Mutex:`+mutex+`, A:2, rw:sync.RWMutex{writerSem:0, readerSem:0, readerCount:atomic.Int32{v:1}, readerWait:atomic.Int32{v:0}}, n:atomic.Int64{v:3}, B:""}}`)
	show("vAnyGuarded", &vAnyGuarded, `struct { main.Guarded }{Guarded:main.Guarded{A:0, n:atomic.Int64{v:0}, B:""}}`)
	show("vUnsafe", &vUnsafe, "nil")
	show("vWide", &vWide, "struct { A int; B int; C int; D int; E int; F int; G int; H int; I int; J int; K int; L int; M int; N int; O int; P int; Q int; R int }{A:0, B:0, C:0, D:0, E:0, F:0, G:0, H:0, I:0, J:0, K:0, L:0, M:0, N:0, O:0, P:0, …+2}")
	show("vFar", &vFar, "&struct { A [3000]int; Last string }{A:[3000]int{"+strings.Repeat("0, ", 16)+`…+2984}, Last:"end"}`)
	show("vFunc", &vFunc, "main.double")
	show("vNilFunc", &vNilFunc, "nil")
	show("vClosure", &vClosure, "*main.init")
	show("vMethod", &vMethod, "main.(*Point).Move")
	show("vCallback", &vCallback, "nil")
	show("vChan", &vChan, "chan int(len 1, cap 5)")
	show("vNilChan", &vNilChan, "nil")
	show("vRecv", &vRecv, "<-chan main.Point(len 0, cap 0, closed)")
}

func maps() {
	show("vMap", &vMap)
	show("vNilMap", &vNilMap, "nil")
	show("vNoMap", &vNoMap)
	show("vIndex", &vIndex)
	show("vIntMap", &vIntMap)
	show("vFloatMap", &vFloatMap)
	show("vGrown", &vGrown)
	show("vHuge", &vHuge, "*…+4984}")
	big := "main.Big{Data:[200]byte{" + strings.Repeat("0x0, ", 16) + "…+184}}"
	show("vBigKey", &vBigKey, "map[main.Big]main.Big{"+big+":"+big+"}")
	show("vPtrMap", &vPtrMap, `map[string]*main.Point{"p":&main.Point{X:1, Y:2}}`)
	show("vSet", &vSet)
	show("vMapMap", &vMapMap, `map[string]map[int]int{"m":map[int]int{1:2, 2:3}, "n":nil}`)
	show("vStructK", &vStructK)
	show("vAnyMap", &vAnyMap, `map[any]any{"a":1, 2:"b"}`)
	show("vDir", &vDir)
	show("vHeader", &vHeader)
	show("vUsers", &vUsers, `map[string]*store.User{"a":nil}`)
}

func interfaces() {
	show("vAnyInt", &vAnyInt)
	show("vAnyNil", &vAnyNil, "nil")
	show("vAnyPtr", &vAnyPtr)
	show("vAnyStruct", &vAnyStruct)
	show("vAnySlice", &vAnySlice)
	show("vAnyMapV", &vAnyMapV)
	show("vAnyFunc", &vAnyFunc, "main.double")
	show("vAnyOne", &vAnyOne, "main.Ptr{P:nil}")
	show("vAnyByte", &vAnyByte, "200")
	show("vAnyBool", &vAnyBool)
	show("vShape", &vShape)
	show("vNilShape", &vNilShape, "nil")
	show("vAnyType", &vAnyType, "*&reflect.rtype{")
	show("vAnyMade", &vAnyMade, "<unreadable: type not in debug information>")
}

func errorsAndPanics() {
	show("eNil", &eNil, "nil")
	show("eNew", &eNew)
	show("eFmt", &eFmt, fmt.Sprintf(`&fmt.wrapError{msg:"load 3: negative id", err:(*errors.errorString)(%p)}`, eNew))
	show("eFmt2", &eFmt2, fmt.Sprintf(`&fmt.wrapErrors{msg:"both negative id and EOF", errs:[]error{(*errors.errorString)(%p), (*errors.errorString)(%p)}}`, eNew, io.EOF))
	show("eJoin", &eJoin, fmt.Sprintf(`&errors.joinError{errs:[]error{(*fmt.wrapError)(%p), (*errors.errorString)(%p)}}`, eFmt, io.EOF))
	show("eErrno", &eErrno)
	show("eOpen", &eOpen, `&fs.PathError{Op:"open", Path:"/does/not/exist", Err:0x2}`)
	show("eSyscall", &eSyscall, `&os.SyscallError{Syscall:"open", Err:0xd}`)
	show("eLink", &eLink, `&os.LinkError{Op:"rename", Old:"a", New:"b", Err:0x12}`)
	show("eAtoi", &eAtoi, fmt.Sprintf(`&strconv.NumError{Func:"Atoi", Num:"1x", Err:(*errors.errorString)(%p)}`, strconv.ErrSyntax))
	show("eURL", &eURL, "*&url.Error{")
	show("eURLErr", &eURLErr, `&url.Error{Op:"Get", URL:"http://x/\"y", Err:context.deadlineExceededError{}}`)
	show("eExec", &eExec, fmt.Sprintf(`&exec.Error{Name:"no-such-program", Err:(*errors.errorString)(%p)}`, exec.ErrNotFound))
	show("eDNS", &eDNS, "*&net.DNSError{")
	show("eOp", &eOp, "*&net.OpError{")
	show("eOp2", &eOp2, "*&net.OpError{")
	show("eAddr", &eAddr)
	show("eJSON", &eJSON)
	show("eTime", &eTime)
	show("eExit", &eExit, "*&exec.ExitError{")
	show("eKilled", &eKilled, "*&exec.ExitError{")
	show("eJSONType", &eJSONType, "*&json.UnmarshalTypeError{")
	show("eJSONValue", &eJSONValue, "*&json.UnmarshalTypeError{")
	show("eDeadline", &eDeadline)
	show("eMine", &eMine, "&main.MyErr{Code:3}", "&main.MyErr{Code:3}")
	show("eText", &eText, `"t"`, `"t"`)
	show("eHolds", &eHolds, `*&main.holdsErr{text:"x\u3164\u2800y", Err:(*fs.PathError)(0x`, `&main.holdsErr{text:"x\u3164\u2800y", Err:"open /does/not/exist: no such file or directory", mine:"t", none:nil}`)
	show("eWrapMine", &eWrapMine, "*&fs.PathError{", "read p: &main.MyErr{Code:4}")
	show("eConcrete", &eConcrete, "*&url.Error{")
	show("eLongMsg", &eLongMsg, `&errors.errorString{s:"`+strings.Repeat("m", 64)+`"…+136}`)
	show("rIndex", &rIndex, "*runtime.boundsError{")
	show("rIndexNeg", &rIndexNeg, "*runtime.boundsError{")
	show("rSlice", &rSlice, "*runtime.boundsError{")
	show("rSlice2", &rSlice2, "*runtime.boundsError{")
	show("rSlice3", &rSlice3, "*runtime.boundsError{")
	show("rConvert", &rConvert, "*runtime.boundsError{")
	show("rNil", &rNil, "*")
	show("rDivide", &rDivide, `"integer divide by zero"`)
	show("rMap", &rMap, `"assignment to entry in nil map"`)
	show("rAssert", &rAssert, "*&runtime.TypeAssertionError{")
	show("rAssertNil", &rAssertNil, "*&runtime.TypeAssertionError{")
	show("rAssertI", &rAssertI, "*&runtime.TypeAssertionError{")
	show("rPanicNil", &rPanicNil, "&runtime.PanicNilError{}")
	show("rClosed", &rClosed, `"close of closed channel"`)
	show("rHash", &rHash, "*")
	show("rPlain", &rPlain)
	show("rError", &rError, "*&fmt.wrapError{")
	_ = vInstance
}
