package session

import (
	"testing"
	"time"

	"gtrace/session/engine"
)

// BenchmarkHit is the cost of one hit, from the engine to the event.
func BenchmarkHit(b *testing.B) {
	fn := &engine.Function{Name: "main.f", File: "main.go", Entry: 1}
	enter := engine.Hit{Kind: engine.Entered, Func: fn, Goroutine: 1, Frame: 20, Time: time.Unix(0, 0)}
	leave := engine.Hit{Kind: engine.Returned, Func: fn, Goroutine: 1, Frame: 20, Time: time.Unix(1, 0)}
	bench := func(b *testing.B, p *pairer) {
		b.ReportAllocs()
		for b.Loop() {
			p.add(&enter)
			p.add(&leave)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(2*b.N), "ns/hit")
	}
	b.Run("outermost", func(b *testing.B) { bench(b, newPairer(Config{}, nil, nil, nil)) })
	b.Run("nested", func(b *testing.B) {
		p := newPairer(Config{}, nil, nil, nil)
		outer := enter
		outer.Frame = 10
		p.add(&outer)
		bench(b, p)
	})
}

// BenchmarkSelect is the cost of choosing from a large program.
func BenchmarkSelect(b *testing.B) {
	var fns []*engine.Function
	for range 2000 {
		fns = append(fns, testFunctions()...)
	}
	for b.Loop() {
		if _, err := Select(fns, module, []string{"main.(*Server).*", "net/..."}, []string{"/Shut/"}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkNear is the cost of a pattern that matches nothing in one.
func BenchmarkNear(b *testing.B) {
	var fns []*engine.Function
	for range 2000 {
		fns = append(fns, testFunctions()...)
	}
	for b.Loop() {
		if _, err := Select(fns, module, []string{"main.(*Server).Sevre"}, nil); err == nil {
			b.Fatal("it matches")
		}
	}
}
