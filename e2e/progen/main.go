package progen

import "fmt"

// defineMain writes the main function: calls on the main goroutine, then
// several goroutines at once, then one of the ways in which programs end.
func (g *generator) defineMain(seed uint64, calls int) {
	b := &body{generator: g, f: &function{name: "main", index: -1}}
	b.printf("func main() {\n\tcalllog.Start(%d, %d)\n\tid := calllog.Enter()\n", calls/2, seed)
	for range 4 {
		b.visit()
	}
	b.printf("\tcalllog.Start(%d, %d)\n\tvar wg sync.WaitGroup\n", calls-calls/2, seed+1)
	for i := range 1 + g.rand.IntN(4) {
		b.spawn(i)
	}
	b.printf("\twg.Wait()\n\tcalllog.Join()\n")
	switch g.rand.IntN(4) {
	case 0:
		b.printf("\tos.Exit(3)\n") // with main.main open
	case 1:
		b.printf("\tdoom(%d)\n", g.rand.IntN(4))
	}
	b.printf("\tcalllog.Exit(id)\n}\n")
}

// spawn writes one goroutine.
func (b *body) spawn(i int) {
	switch {
	case b.chance(3):
		if f := b.callee(); f != nil {
			b.printf("\tgo %s\n", b.call(f))
		}
	case b.chance(2):
		b.printf("\tgo calllog.Same(func(n int, s string) {\n\t\tid := calllog.Enter(\"n\", n, \"s\", s)\n\t\tcalllog.Mortal()\n")
		b.inside()
		b.printf("\t\tcalllog.Exit(id)\n\t})(%d, %q)\n", i, fmt.Sprint("worker ", i))
	default:
		b.printf("\twg.Go(func() {\n\t\tid := calllog.Enter()\n")
		b.inside()
		b.printf("\t\tcalllog.Exit(id)\n\t})\n")
	}
}

// inside writes calls within a goroutine, whose variables stay there.
func (b *body) inside() {
	outer := b.scope
	b.scope = nil
	for range 3 {
		b.visit()
	}
	b.scope = outer
}
