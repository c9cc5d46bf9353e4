// A program of ways for control to go that were once told wrong, and of others like
// them.
package main

import (
	"errors"
	"fmt"
)

type point struct{ x, y int }

func filled(n int) chan int {
	c := make(chan int, 4)
	for i := range n {
		c <- i
	}
	return c
}

func sum(list ...int) int {
	total := 0
	for _, n := range list {
		total += n
	}
	return total
}

func try(n int) (r any) {
	defer func() { r = recover() }()
	if n > 1 {
		panic(n)
	}
	return n
}

// A continue that is reached from the loop in front of it, and around it.
//
//go:noinline
func continued(n int) (acc int, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("recovered")
		}
	}()
	i := 0
	for {
		if i++; i > 3 {
			break
		}
		if n > 1 {
			for j := 0; j < 2; j++ {
				k := 0
				for {
					if k++; k > 1 {
						break
					}
					acc += j
				}
			}
		}
		continue
	}
	if n == 2 {
		acc++
	} else if n == 3 {
		for {
			acc++
			if acc > 20 {
				break
			}
		}
	}
	return
}

// An operand that the compiler knows, and a variable that is not used.
//
//go:noinline
func known(a, b int) (acc int, out string) {
	if acc < b &&
		out == "ab" {
		acc++
	} else if acc < a {
		acc--
	}
	ok := a > 1 ||
		b > 1
	if ok &&
		a == 2 ||
		b == 2 {
		acc += 2
	}
	for i := 0; i < 2 &&
		ok; i++ {
		acc += i
	}
	switch {
	case a > 1 &&
		b > 1:
		acc++
	case a == 0,
		b == 0:
		acc--
	}
	return
}

//go:noinline
func selects(n int) int {
	acc := 0
	a, b := filled(1), make(chan int, 2)
	for i := 0; i < n; i++ {
		select {
		case v := <-a:
			acc += v
		case <-make(chan string):
			acc--
		default:
			acc += 2
		}
		select {
		case b <- i:
		case <-make(chan int):
		default:
		}
		select {
		case v, ok := <-filled(1):
			if ok {
				acc += v
			}
		case make(chan int) <- 1:
			if n > 0 {
				acc++
			}
		}
		select {
		case <-a:
			select {
			case <-b:
				acc++
			default:
			}
		default:
			select {
			case v := <-b:
				acc += v
			case <-a:
			}
		}
	}
	for {
		select {
		case v, ok := <-b:
			if ok && v > 100 {
				continue
			}
		default:
			return acc
		}
	}
}

//go:noinline
func loops(n int) int {
	acc := 0
	for i := 0; i < n; i++ {
		acc += i
	}
	for {
		acc++
		if acc > 10 {
			break
		}
	}
	for {
		if acc++; acc > 14 {
			break
		}
	}
	for range n {
		acc++
	}
	for {
		acc++
		for i := range 2 {
			acc += i
		}
		for {
			break
		}
		break
	}
	if acc > 30 {
		acc++
	} else {
		acc--
	}
	for {
		acc++
		break
	}
outer:
	for i, v := range []int{
		n,
		acc,
		3,
	} {
		for j := range map[int]int{v: 1} {
			if j == 3 {
				break outer
			}
			if i == 0 {
				continue outer
			}
		}
		for _, r := range "ab" {
			if r == 'a' {
				continue
			}
			acc++
		}
	}
	return acc
}

//go:noinline
func literals(n int) []int {
	acc := n
	acc++; p := point{
		x: acc,
		y: n,
	}
	q := &point{x: n}; l := []int{
		acc,
		n,
	}
	if n > 2 {
		acc++; m := map[string]int{
			"a": acc,
		}
		acc += m["a"]
	}
	l = append(l, point{
		x: n,
	}.x)
	*q = point{
		x: 3,
	}
	if p == (point{
		x: 3,
	}) {
		acc++
	}
	switch (point{
		x: n,
	}) {
	case p:
		acc++
	default:
		acc--
	}
	func(p point) {
		acc += p.x
	}(point{
		x: n,
	})
	fs := []func(){
		func() { acc++ },
		func() {
			acc++
		},
	}
	for _, f := range fs {
		f()
	}
	return []int{
		acc,
		sum(
			n,
			l[0],
		),
	}
}

//go:noinline
func choices(n int, x any) (out string) {
	switch n {
	case 0:
		if x == nil {
			out = "nil"
		}
		fallthrough
	case 1:
		switch v := x.(type) {
		case int, string:
			out += fmt.Sprint(v)
		case error:
			out += v.Error()
		}
	case 2:
		goto end
	default:
		for range n {
			switch {
			case n == 4:
				break
			case n > 4:
				continue
			}
			out += "."
		}
	}
	if v, ok := x.(int); ok && v > 1 {
		out += "more"
	} else if !ok {
		out += "none"
	}
end:
	if len(out) < 3 {
		out += "+"
		goto end
	}
	return out
}

//go:noinline
func deferred(n int) (acc int) {
	for i := range n {
		defer func() {
			acc += i
		}()
		if i == 1 {
			continue
		}
		defer sum(i, n)
	}
	func() {
		if n == 2 {
			return
		}
		acc++
	}()
	if n > 2 {
		return
	}
	acc += func(k int) int {
		if k > 1 {
			return k
		}
		return 1
	}(n)
	return acc
}

// Its select is left by a jump that has the line of the break.
//
//go:noinline
func leaves(n int) (acc int) {
	for i := range n {
		select {
		case v, ok := <-filled(i & 1):
			if i > 2 {
				select {
				case <-make(chan int):
					acc--
				case i = <-filled(1):
					acc += i
				}
				break
			}
			acc += v
			_ = ok
		default:
			acc++
			acc = sum(acc, i)
			break
		}
	}
	return acc
}

// What it allocates for two variables is one piece of memory.
//
//go:noinline
func together(a int, s string) int {
	acc, out := a, s
	fn := func(k int) int {
		a += k
		return a + acc
	}
	acc += fn(acc)
	n := sum(acc, a)
	done := make(chan bool)
	go func() {
		defer close(done)
		n++
		out += s
		s = out
		acc += n
	}()
	<-done
	return acc + n + len(out)
}

// Loops that fill and copy memory are on the lines that need them.
//
//go:noinline
func large(n int) (acc int) {
	for i := range n {
		list := [40]int{1: i}
		copied := list
		if i&1 == 0 {
			list = [40]int{}
		}
		acc += copied[i] + list[i]
		acc += len(fmt.Sprint(n, i, acc, n, i, acc, n, i, acc, n, i, acc, n, i, acc))
	}
	return acc
}

func main() {
	for n := range 5 {
		continued(n)
		known(n, n&1)
		known(n&1, n)
		selects(n)
		loops(n)
		literals(n)
		choices(n, n)
		choices(n, errors.New("e"))
		choices(n, nil)
		deferred(n)
		try(n)
		leaves(n)
		large(n)
		together(n, "ab"[:n&1])
	}
}
