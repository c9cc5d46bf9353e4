package main

import (
	"math"
	"math/big"
	"net"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	store "example.com/values/my-store"
)

type (
	Names   []string
	Index   map[string]int
	Celsius float64
	Count   int
	Word    string
	Point   struct{ X, Y int }
	Inner   struct {
		A int8
		B []string
	}
	Outer struct {
		Inner
		_ int
		*Point
		Any  any
		Err  error
		F    func(int) int
		M    map[int]bool
		C    chan int
		S    struct{ Q uint16 }
		Last [2]bool
	}
	List struct {
		V    int
		Next *List
	}
	Pair[K comparable, V any] struct {
		Key K
		Val V
	}
	Ptr     struct{ P *int }
	noCopy  struct{}
	Guarded struct {
		sync.Mutex
		noCopy noCopy
		A      int
		mu     sync.Mutex
		rw     sync.RWMutex
		wg     sync.WaitGroup
		once   sync.Once
		n      atomic.Int64
		B      string
	}
	Shape    interface{ Area() float64 }
	Square   struct{ Side float64 }
	Big      struct{ Data [200]byte }
	MyErr    struct{ Code int }
	TextErr  string
	Tree     struct{ Kids []Tree }
	Dir      map[string]Dir
	Bits     [4]uint8
	Blob     []byte
	Callback func(string) error
	Generic  = Pair[string, []Point]
)

func (s Square) Area() float64  { return s.Side * s.Side }
func (e *MyErr) Error() string  { return "my error" }
func (e TextErr) Error() string { return "text error" }
func (p *Point) Move()          { p.X++ }

func double(x int) int { return 2 * x }

func generic[T any](x T) T { return x }

var (
	vBool               = true
	vInt                = -42
	vInt8       int8    = -128
	vInt16      int16   = 32767
	vInt32      int32   = -1 << 31
	vInt64      int64   = 1<<63 - 1
	vUint       uint    = 7
	vUint8      uint8   = 255
	vUint64     uint64  = 1<<64 - 1
	vUintptr    uintptr = 0xdeadbeef
	vFloat32    float32 = 0.1
	vFloat64            = 1.0
	vFloatBig           = 1e21
	vFloatSmall         = 1.5e-7
	vNaN                = math.NaN()
	vInf                = math.Inf(1)
	vNegInf             = math.Inf(-1)
	vComplex            = complex(1, -2)
	vComplex64          = complex64(complex(0.5, 2))
	vComplexInf         = complex(math.Inf(1), math.NaN())
	vString             = "hello"
	vEmpty              = ""
	vQuoted             = "a\"b\n\x00\xffü"
	vLong               = strings.Repeat("x", 100)
	vLongUTF            = strings.Repeat("ü", 100) + "!"
	vWord               = Word("named")
	vCelsius            = Celsius(36.6)
	vCount              = Count(-3)
	vDuration           = 1500 * time.Millisecond

	vSlice      = []int{1, 2, 3}
	vNilSlice   []int
	vEmptySlice = []int{}
	vLongSlice  = make([]int, 1000)
	vStrings    = []string{"a", "b"}
	vNames      = Names{"x", ""}
	vNested     = [][]int8{{1}, nil, {2, 3}}
	vBytes      = []byte("text\n")
	vRaw        = []byte{0, 1, 0xff}
	vLongBytes  = []byte(strings.Repeat("y", 70))
	vLongRaw    = make([]byte, 1000)
	vBlob       = Blob("blob")
	vArray      = [3]uint16{1, 2, 3}
	vBits       = Bits{1, 2}
	vNoArray    = [0]int{}
	vBigArray   [5000]int32
	vStructs    = []Point{{1, 2}, {3, 4}}
	vPointers   = []*Point{{1, 2}, nil}
	vAnys       = []any{1, "a", nil, 2.5, []int{1}, Count(2)}

	vPoint = Point{1, -2}
	vOuter = Outer{Inner: Inner{1, []string{"q"}}, Any: Word("w"), F: double, Last: [2]bool{true, false}}
	vAnon  = struct {
		A int `json:"a/b"`
		b string
	}{1, "x"}
	vNothing    = struct{}{}
	vPtrPoint   = &Point{5, 6}
	vNilPtr     *Point
	vPtrInt         = new(int)
	vPtrStr         = func() *string { s := "s"; return &s }()
	vPtrPtr         = &vPtrPoint
	vCycle          = &List{V: 1}
	vGeneric        = Pair[string, int]{"k", 1}
	vGeneric2       = Pair[store.User, *Point]{Key: store.New("n", 3)}
	vUser           = store.New("ann", 33)
	vUsers          = map[string]*store.User{"a": nil}
	vTree           = Tree{[]Tree{{}, {[]Tree{{}}}}}
	vSelfTree       = Tree{make([]Tree, 1)}
	vGuarded        = Guarded{A: 1, B: "b"}
	vLocked         = []*Guarded{{A: 2}}
	vAnyGuarded any = struct{ Guarded }{}
	vMutex      sync.Mutex
	vUnsafe     = unsafe.Pointer(uintptr(0))
	vWide       struct{ A, B, C, D, E, F, G, H, I, J, K, L, M, N, O, P, Q, R int }
	vFar        = func() *struct {
		A    [3000]int
		Last string
	} {
		x := &struct {
			A    [3000]int
			Last string
		}{Last: "end"}
		return x
	}()

	vFunc     = double
	vNilFunc  func()
	vClosure  = func() func() int { n := 3; return func() int { n++; return n } }()
	vMethod   = vPtrPoint.Move
	vCallback Callback
	vInstance = generic[string]
	vChan     = make(chan int, 5)
	vNilChan  chan<- string
	vRecv     <-chan Point = func() chan Point { c := make(chan Point); close(c); return c }()

	vMap      = map[string]int{"b": 2, "a": 1, "c": 3}
	vNilMap   map[string]int
	vNoMap    = map[int]int{}
	vIndex    = Index{"x": 1}
	vIntMap   = map[int]string{10: "ten", 9: "nine", -1: "minus"}
	vFloatMap = map[float64]bool{-1.5: true, 0: false, 2: true}
	vGrown    = map[int]int{}
	vHuge     = map[int]int{}
	vBigKey   = map[Big]Big{{}: {}}
	vPtrMap   = map[string]*Point{"p": {1, 2}}
	vSet      = map[string]struct{}{"s": {}}
	vMapMap   = map[string]map[int]int{"m": {2: 3, 1: 2}, "n": nil}
	vStructK  = map[Point][]int{{1, 2}: {3}}
	vAnyMap   = map[any]any{"a": 1, 2: "b"}
	vDir      = Dir{"a": {"b": {}}}
	vHeader   = map[string][]string{"Accept": {"a", "b"}}

	vAnyInt    any   = 5
	vAnyNil    any   = nil
	vAnyPtr    any   = vPtrPoint
	vAnyStruct any   = Point{7, 8}
	vAnySlice  any   = []string{"z"}
	vAnyMapV   any   = map[string]int{"k": 1}
	vAnyFunc   any   = double
	vAnyOne    any   = Ptr{}
	vAnyByte   any   = byte(200)
	vAnyBool   any   = true
	vShape     Shape = Square{1.5}
	vNilShape  Shape
	vAnyType   any = reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.TypeFor[int]()}})
	vAnyMade   any = reflect.New(reflect.StructOf([]reflect.StructField{{Name: "A", Type: reflect.TypeFor[int]()}})).Elem().Interface()

	vTimeZero  time.Time
	vTimeUTC   = time.Date(2026, 11, 21, 7, 27, 0, 123456789, time.UTC)
	vTimeFixed = time.Date(2026, 11, 21, 7, 27, 0, 0, time.FixedZone("X", 5*3600+1800))
	vTimeNow   = time.Now()
	vTimePtr   = &vTimeUTC
	vIP        = net.IPv4(10, 0, 0, 1)
	vBigInt    = big.NewInt(0).Exp(big.NewInt(-7), big.NewInt(77), nil)
)
