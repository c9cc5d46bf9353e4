// Program lines has statements of every form, for tests of what line events say.
package main

import (
	"errors"
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
)

//go:noinline
func use(values ...any) {
}

//go:noinline
func double(n int) int { return 2 * n }

func loops(n int) int {
	sum := 0
	for i := 0; i < n; i++ {
		sum += i
	}
	for sum > 3 {
		sum -= 2
	}
	for i, j := 0, n; i < j; i, j = i+1, j-1 {
		if i == 1 {
			continue
		}
		k := double(i)
		sum += k
	}
	for {
		sum++
		if sum > 10 {
			break
		}
	}
	return sum
}

func ranges(list []int, text string, table map[string]int) (total int) {
	for i, v := range list {
		total += i * v
	}
	for i := range 3 {
		total += i
	}
	for range 2 {
		total++
	}
	for _, r := range text {
		if r == 'b' {
			continue
		}
		total += int(r)
	}
	for k := range table {
		total += table[k]
	}
	for i := range [3]int{} {
		total += i
	}
	c := make(chan int, 3)
	c <- 1
	c <- 2
	close(c)
	for v := range c {
		total += v
	}
	return total
}

func upTo(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := range n {
			if !yield(i) {
				return
			}
		}
	}
}

func overFunctions(n int) int {
	found := 0
	for i := range upTo(n) {
		if i == 1 {
			continue
		}
		if i == 3 {
			break
		}
		found += i
	}
	for i := range upTo(n) {
		if i > 1 {
			return found
		}
		found += 10
	}
	return -1
}

func branches(n int) string {
	if n < 0 {
		return "negative"
	} else if n == 0 {
		return "zero"
	} else if half := n / 2; half > 4 {
		n = half
		return "large"
	} else {
		n += half
	}
	if rest := double(n); rest > 4 {
		n -= rest
	} else if third := n / 3; third > 100 {
		n = 0
	} else {
		n = rest + third
	}
	var what string
	switch {
	case n < 3:
		what = "small"
	case n < 5:
		what = "middle"
		fallthrough
	default:
		what += "!"
	}
	switch m := double(n); m {
	case 1, 2:
		what += "one"
	case 4:
		what += "two"
	default:
		k := m
		what += fmt.Sprint(k)
	}
	return what
}

func kind(v any) string {
	switch x := v.(type) {
	case int:
		y := x + 1
		return fmt.Sprint("int", y)
	case string:
		return "string" + x
	case nil:
		return "nil"
	case error:
		return x.Error()
	}
	if s, ok := v.(fmt.Stringer); ok {
		return s.String()
	}
	return "?"
}

func selects() int {
	a, b := make(chan int, 1), make(chan string, 1)
	got := 0
	for i := 0; i < 3; i++ {
		select {
		case v := <-a:
			got += v
		case s := <-b:
			got += len(s)
		default:
			got += 100
			a <- i
		}
	}
	select {
	case v, ok := <-a:
		use(v, ok)
		got += v
	}
	return got
}

func labels(n int) int {
	count := 0
outer:
	for i := 0; i < n; i++ {
		for j := 0; j < n; j++ {
			if j == 2 {
				continue outer
			}
			if i == 2 {
				break outer
			}
			count++
		}
	}
again:
	if count > 0 {
		count--
		goto again
	}
rows:
	for i := range n {
		for j := range n {
			if j > i {
				continue rows
			}
			count += j
		}
	}
	return count
}

func deferred(n int) (result int, err error) {
	defer func() {
		if r := recover(); r != nil {
			result = -1
			err = fmt.Errorf("recovered: %v", r)
		}
	}()
	defer use(n)
	for i := range 2 {
		defer func() {
			result += i
		}()
	}
	if n > 1 {
		panic("too much")
	}
	result = n
	return result + 1, nil
}

func caught() (s string) {
	defer func() { recover() }()
	var list []int
	s = "before"
	s += fmt.Sprint(list[double(2)])
	s = "never"
	return s
}

func closures(n int) int {
	total := 0
	add := func(k int) int {
		total += k
		if k > 1 {
			total++
		}
		return total
	}
	short := func(k int) int { return k + n }
	for i := range 3 {
		add(i)
		total += short(i)
	}
	func() {
		total *= 2
	}()
	fns := make([]func() int, 0)
	for i := 0; i < 2; i++ {
		fns = append(fns, func() int {
			i += n
			return i
		})
	}
	for _, f := range fns {
		total += f()
	}
	return total
}

type pair[K comparable, V any] struct {
	key K
	val V
}

func (p *pair[K, V]) set(k K, v V) *pair[K, V] {
	p.key = k
	p.val = v
	return p
}

func apply[T, R any](list []T, f func(T) R) []R {
	var out []R
	for _, v := range list {
		r := f(v)
		out = append(out, r)
	}
	return out
}

func largest[T int | string](a, b T) T {
	if a > b {
		return a
	}
	c := b
	return c
}

type stack struct{ items []int }

func (s *stack) push(n int) {
	s.items = append(s.items, n)
}

func (s stack) sum() int {
	t := 0
	for _, n := range s.items {
		t += n
	}
	return t
}

func (s *stack) pop() (n int, ok bool) {
	if len(s.items) == 0 {
		return
	}
	n, ok = s.items[len(s.items)-1], true
	s.items = s.items[:len(s.items)-1]
	return
}

func fib(n int) int {
	if n < 2 {
		return n
	}
	a := fib(n - 1)
	b := fib(n - 2)
	return a + b
}

func long(n int) int {
	total := fmt.Sprintf(
		"%d %d",
		n,
		double(n),
	)
	m := map[string][]int{
		"a": {n, 2},
		"b": {double(n)},
	}
	p := pair[string, int]{
		key: total,
		val: len(m),
	}
	if n > 0 &&
		len(total) > 0 {
		n++
	}
	sort.Slice(m["a"], func(i, j int) bool {
		x := m["a"][i]
		return x < m["a"][j]
	})
	return p.val + n +
		len(m)
}

func large(n int) int {
	var room [9000]int
	for i := range room[:3] {
		room[i] = n
	}
	n = room[1]
	return n + variadic(n, 1, 2, 3)
}

func variadic(first int, more ...int) int {
	for _, m := range more {
		first += m
	}
	return first
}

func many(a, b, c, d, e, f, g, h, i, j, k, l int) int {
	s := a + b + c + d
	s += e + f + g + h
	s += i + j + k + l
	return s
}

func variables() (named string, err error) {
	x := 1
	y := []int{1, 2, 3}
	z := map[string]int{"a": 1}
	p := &x
	*p = 5
	y[1] = 7
	z["b"] = 2
	{
		x := "shadow"
		named = x
	}
	var late string
	late = named + "!"
	w, err := fmt.Sprint(x), errors.New(late)
	var (
		q = len(w)
		t bool
	)
	if q > 0 {
		t = true
	}
	use(p, t)
	named = strings.ToUpper(w)
	return named, err
}

func worker(id int, wg *sync.WaitGroup, out chan<- int) {
	defer wg.Done()
	sum := 0
	for i := 0; i < 3; i++ {
		sum += id * i
	}
	out <- sum
}

func together() int {
	var wg sync.WaitGroup
	out := make(chan int, 4)
	for id := range 4 {
		wg.Add(1)
		go worker(id, &wg, out)
	}
	wg.Go(func() {
		n := 1
		use(n)
	})
	wg.Wait()
	close(out)
	total := 0
	for v := range out {
		total += v
	}
	return total
}

func main() {
	loops(4)
	ranges([]int{4, 5}, "abc", map[string]int{"x": 1, "y": 2})
	overFunctions(5)
	for _, n := range []int{-1, 0, 1, 2, 12} {
		branches(n)
	}
	for _, v := range []any{1, "s", nil, errors.New("e"), 1.5} {
		kind(v)
	}
	selects()
	labels(3)
	deferred(1)
	deferred(2)
	caught()
	closures(2)
	new(pair[string, int]).set("a", 1)
	new(pair[int, string]).set(1, "a")
	apply([]int{1, 2}, func(n int) string { return fmt.Sprint(n) })
	apply([]string{"a"}, func(s string) int {
		n := len(s)
		return n
	})
	largest(1, 2)
	largest("b", "a")
	var s stack
	s.push(1)
	s.push(2)
	use(s.sum())
	s.pop()
	s.pop()
	s.pop()
	fib(4)
	long(3)
	large(2)
	many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	variables()
	together()
	if len(os.Args) > 5 {
		use("never")
	}
}
