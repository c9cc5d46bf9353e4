// Follow calls in all the ways there are, below main.root and besides, and notes
// what it has called there in the file that it is given. It prints "ready", and begins when its standard input
// ends.
package main

import (
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gtrace/e2e/testdata/follow/note"
)

var sink atomic.Int64

//go:noinline
func leaf(n int) {
	note.Called()
	sink.Add(int64(n))
}

type shape interface{ area(n int) int }

type square struct{ side int }

//go:noinline
func (s square) area(n int) int {
	note.Called()
	leaf(n)
	return s.side * s.side
}

type circle struct{ r int }

//go:noinline
func (c *circle) area(n int) int {
	note.Called()
	leaf(n)
	return 3 * c.r * c.r
}

type (
	boxed  struct{ shape } // promotes through an interface
	ringed struct {
		name string
		*circle
	}
	tiled struct {
		n int
		square
	}
)

//go:noinline
func measure(s shape, n int) int {
	note.Called()
	return s.area(n)
}

//go:noinline
func interfaces() {
	note.Called()
	for _, s := range []shape{
		square{2}, &square{3}, &circle{1}, boxed{square{1}}, &boxed{&circle{2}}, ringed{"r", &circle{3}},
		&ringed{"p", &circle{3}}, tiled{1, square{4}}, &tiled{2, square{5}}, boxed{&boxed{tiled{}}},
	} {
		measure(s, 1)
	}
}

//go:noinline
func closures(k int) {
	note.Called()
	add := func(n int) int { note.Called(); leaf(n); return n + k }
	held := struct{ f func(int) int }{add}
	byName := map[string]func(int){"leaf": leaf, "add": func(n int) { note.Called(); held.f(n) }}
	held.f(1)
	byName["leaf"](2)
	byName["add"](3)
	queue := make(chan func(), 2)
	queue <- func() { note.Called(); leaf(k) }
	queue <- plain
	(<-queue)()
	(<-queue)()
	twice(func() { note.Called() })
}

//go:noinline
func plain() { note.Called() }

//go:noinline
func twice(f func()) {
	note.Called()
	f()
	f()
}

//go:noinline
func methods() {
	note.Called()
	c := &circle{2}
	value, expression, through := c.area, (*circle).area, shape.area
	value(1)
	expression(c, 2)
	through(square{1}, 3)
	call(square{2}.area)
}

//go:noinline
func call(f func(int) int) { note.Called(); f(4) }

type pair[T shape] struct{ a, b T }

//go:noinline
func (p pair[T]) sum(n int) int {
	note.Called()
	return p.a.area(n) + p.b.area(n)
}

//go:noinline
func apply[T any](list []T, f func(T)) {
	note.Called()
	for _, x := range list {
		f(x)
	}
}

//go:noinline
func generics() {
	note.Called()
	pair[square]{}.sum(1)
	pair[*circle]{&circle{1}, &circle{2}}.sum(1)
	apply([]int{1, 2}, leaf)
	apply([]string{"x"}, func(s string) { note.Called(); leaf(len(s)) })
	apply([]shape{square{1}}, func(s shape) { note.Called(); s.area(1) })
}

//go:noinline
func late(level int) { note.CalledOn(level); leaf(1) }

//go:noinline
func deferred(n int) {
	note.Called()
	level := note.Next()
	defer late(level)
	for range n {
		defer late(level)
	}
	defer shape(square{1}).area(2)
	defer func() { note.Called(); leaf(3) }()
}

// fall panics when it is as deep as it shall be. What it defers is called from
// each level while the panic passes.
//
//go:noinline
func fall(n int) {
	note.Called()
	level := note.Next()
	defer late(level)
	defer func() { note.CalledOn(level); late(level + 1) }()
	if n == 0 {
		panic("down")
	}
	fall(n - 1)
}

//go:noinline
func recovered(n int) {
	note.Called()
	level := note.Next()
	defer late(level)
	defer func() {
		note.CalledOn(level)
		_ = recover()
		leaf(5)
	}()
	for range n {
		defer late(level)
	}
	fall(n)
}

//go:noinline
func goes(level int, wg *sync.WaitGroup) {
	note.CalledOn(level)
	leaf(level)
	wg.Done()
}

type starter struct{ wg *sync.WaitGroup }

//go:noinline
func (s *starter) start(level int) {
	note.CalledOn(level)
	measure(square{1}, 1)
	s.wg.Done()
}

type startable interface{ start(level int) }

//go:noinline
func goroutines() {
	note.Called()
	level := note.Next()
	var wg sync.WaitGroup
	for range 3 {
		wg.Add(3)
		go goes(level, &wg)
		go startable(&starter{&wg}).start(level)
		go func() {
			note.CalledOn(level)
			defer wg.Done()
			twice(func() { note.Called() })
		}()
		wg.Go(func() { note.CalledOn(level); leaf(1) })
	}
	wg.Wait()
	wg.Add(1)
	go func() {
		defer wg.Done()
		defer late(level + 1)
		note.CalledOn(level)
		runtime.Goexit()
	}()
	wg.Wait()
}

type name string

//go:noinline
func (n name) String() string { note.Called(); return string(n) }

//go:noinline
func callbacks() {
	note.Called()
	list := []int{3, 1, 2}
	sort.Slice(list, func(i, j int) bool { note.Called(); return list[i] < list[j] })
	slices.SortFunc(list, func(a, b int) int { note.Called(); return b - a })
	var once sync.Once
	once.Do(func() { note.Called(); leaf(1) })
	once.Do(plain)
	value := sync.OnceValue(func() int { note.Called(); return 1 })
	_ = value() + value()
	pool := sync.Pool{New: func() any { note.Called(); return 1 }}
	_ = pool.Get()
	var m sync.Map
	m.Store(1, 2)
	m.Range(func(k, v any) bool { note.Called(); leaf(k.(int)); return true })
	_ = fmt.Sprint(name("x"))
	_ = strings.Map(func(r rune) rune { note.Called(); return r }, "ab")
	for n := range numbers { // its body is a function
		note.Called()
		leaf(n)
	}
	reflect.ValueOf(leaf).Call([]reflect.Value{reflect.ValueOf(7)})
	reflect.ValueOf(&circle{1}).Interface().(shape).area(1)
	reflect.ValueOf(exported{}).MethodByName("Method").Call(nil)
}

type exported struct{}

//go:noinline
func (exported) Method() { note.Called(); leaf(8) }

//go:noinline
func numbers(yield func(int) bool) {
	note.Called()
	_ = yield(1) && yield(2)
}

//go:noinline
func even(n int) bool {
	note.Called()
	return n == 0 || odd(n-1)
}

//go:noinline
func odd(n int) bool {
	note.Called()
	return n != 0 && even(n-1)
}

//go:noinline
func again(n int) {
	note.Called()
	if n == 0 {
		root(0) // counts from itself
		return
	}
	again(n - 1)
}

//go:noinline
func root(n int) {
	note.Called()
	leaf(n)
	if n == 0 {
		return
	}
	interfaces()
	closures(n)
	methods()
	generics()
	deferred(n)
	recovered(3)
	goroutines()
	callbacks()
	even(5)
	again(2)
}

// besides calls the same functions, but not from root.
//
//go:noinline
func besides() {
	interfaces()
	closures(1)
	methods()
	generics()
	deferred(1)
	callbacks()
	even(2)
}

// wait is called again and again until root is.
//
//go:noinline
func wait() { sink.Add(1) }

func main() {
	if err := note.To(os.Args[1]); err != nil {
		panic(err)
	}
	var stop atomic.Bool
	var others sync.WaitGroup
	for range 2 {
		others.Go(func() {
			for !stop.Load() {
				besides()
				runtime.Gosched()
			}
		})
	}
	var told atomic.Bool
	others.Go(func() {
		for ; !told.Load(); time.Sleep(time.Millisecond) {
			wait()
		}
	})
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin)
	told.Store(true)
	var roots sync.WaitGroup
	for range 2 {
		roots.Go(func() {
			for range 2 {
				root(1)
			}
		})
	}
	roots.Wait()
	stop.Store(true)
	others.Wait()
}
