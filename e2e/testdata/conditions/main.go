// Conditions calls a function many times and counts of how many calls each of a
// list of conditions was true. It prints, a line each, the count and the condition
// as the source has it.
package main

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"sync"
	"time"
)

type level int8

const (
	low level = iota - 1
	middle
	high
)

type base struct {
	ID    uint32
	owner *item
}

type item struct {
	base
	Name  string
	tags  []string
	attrs map[string]int
	table [3]int16
	level level
	ratio float32
	since time.Duration
	next  *item
}

var (
	limit    = 40
	errOther = errors.New("other")
	byName   = map[string]*item{}
	flags    uint8
)

//go:noinline
func visit(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) int {
	sum := n
	for i := range xs {
		sum += int(xs[i])
	}
	if ok {
		return sum + len(s) + int(small) + len(it.Name) + int(f) + int(big[1])
	}
	return sum
}

// A call is what visit is called with.
type call struct {
	n     int
	it    *item
	s     string
	xs    []int32
	f     float64
	err   error
	v     any
	small int8
	big   [4]int64
	ok    bool
}

func (c *call) make(n int, seed *uint32) {
	next := func(below uint32) int {
		*seed = *seed*1664525 + 1013904223
		return int(*seed >> 8 % below)
	}
	names := []string{"ann", "bob", "a longer name that no register holds", ""}
	it := &item{Name: names[next(4)], attrs: map[string]int{}, level: level(next(3) - 1)}
	it.ID, it.ratio, it.since = uint32(next(9)), float32(next(8))/4, time.Duration(next(5000))*time.Millisecond
	it.owner, it.next = it, it
	for i := range next(30) {
		it.attrs["key"+strconv.Itoa(i)] = next(5)
	}
	for i := range next(4) {
		it.tags = append(it.tags, names[i])
		it.table[i%3] = int16(next(100) - 50)
	}
	*c = call{n: n, it: it, s: names[next(4)], f: float64(next(100)) / 8, small: int8(next(256) - 128), ok: next(2) == 0}
	c.xs = []int32{int32(next(7)), int32(n), -3}
	c.big = [4]int64{int64(next(3)), math.MaxInt64, int64(-n), 0}
	switch next(4) {
	case 0:
		c.err, c.v = io.EOF, next(4)
	case 1:
		c.err, c.v = errOther, it
	case 2:
		c.v, c.f = "text", math.NaN()
	}
}

func main() {
	calls, _ := strconv.Atoi(os.Args[1])
	routines, _ := strconv.Atoi(os.Args[2])
	counts := make([][]int, routines)
	var wg sync.WaitGroup
	for g := range routines {
		counts[g] = make([]int, len(conditions))
		wg.Go(func() {
			seed := uint32(g + 1)
			for n := range calls / routines {
				var c call
				c.make(n, &seed)
				for i := range conditions {
					if conditions[i].holds(c.n, c.it, c.s, c.xs, c.f, c.err, c.v, c.small, c.big, c.ok) {
						counts[g][i]++
					}
				}
				visit(c.n, c.it, c.s, c.xs, c.f, c.err, c.v, c.small, c.big, c.ok)
			}
		})
	}
	wg.Wait()
	for i, c := range conditions {
		sum := 0
		for g := range counts {
			sum += counts[g][i]
		}
		fmt.Println(sum, c.text)
	}
}
