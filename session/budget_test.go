package session

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gtrace/session/engine"
)

// A load is what one function of a simulated target does: calls at even
// distances, each of which costs so much to observe.
type load struct {
	*costing
	every time.Duration // from the end of a call to the next; 0: no calls
	cost  time.Duration // of a call
	open  bool          // some call of it goes on for ever

	next        time.Time
	calls, seen int
	gone        int // how often it was retired
}

// A world is a target on one thread, and a budget.
type world struct {
	*budget
	now   time.Time
	loads []*load
	lift  time.Duration // what lifting and planting cost
	spent []outlay
}

type outlay struct {
	at   time.Time
	cost time.Duration
}

func newWorld(share float64, lift time.Duration, loads ...*load) *world {
	w := &world{now: time.Unix(0, 0), loads: loads, lift: lift}
	var probes []*costing
	for _, l := range loads {
		l.costing = &costing{fn: &engine.Function{}}
		l.does(w.now)
		probes = append(probes, l.costing)
	}
	w.budget = newBudget(share, probes)
	return w
}

// does says when the next call comes.
func (l *load) does(now time.Time) {
	l.next = now.Add(l.every)
	if l.every == 0 {
		l.next = now.AddDate(1, 0, 0)
	}
}

func (w *world) pay(c *costing, cost time.Duration) {
	w.now = w.now.Add(cost)
	w.charge(c, cost)
	w.spent = append(w.spent, outlay{w.now, cost})
}

// run lets the target run for a time.
func (w *world) run(long time.Duration) {
	for end := w.now.Add(long); ; {
		l := slices.MinFunc(w.loads, func(a, b *load) int { return a.next.Compare(b.next) })
		next := l.next
		if due := w.due(); !due.IsZero() && due.Before(next) {
			next = due
		}
		if next.After(end) {
			w.now = end
			return
		}
		if next.After(w.now) {
			w.now = next
		}
		w.credit(w.now)
		w.comeBack()
		switch {
		case next != l.next:
		case l.state == lifted: // all its calls until something may change
			n := max(0, min(w.due().Sub(w.now), end.Sub(w.now)))/l.every + 1
			l.calls += int(n)
			l.next = w.now.Add(n * l.every)
		default:
			w.hit(l)
			l.does(w.now)
		}
	}
}

func (w *world) comeBack() {
	if !w.full() || w.away == 0 {
		return
	}
	for _, l := range w.loads {
		if l.state != standing {
			w.pay(nil, w.lift)
		}
		l.state = standing
	}
	w.away = 0
}

func (w *world) hit(l *load) {
	l.calls++
	cost := l.cost
	if l.state == leaving {
		cost /= 2 // its end only
	} else {
		l.seen++
	}
	w.pay(l.costing, cost)
	for _, c := range w.retire() {
		l := w.loads[slices.IndexFunc(w.loads, func(l *load) bool { return l.costing == c })]
		if c.state == standing {
			l.gone++
			w.away++
		}
		if c.state++; c.state == leaving && !l.open {
			c.state = lifted
		}
		w.pay(nil, w.lift)
	}
}

// worst returns the greatest share of time that was spent in any window.
func (w *world) worst(window time.Duration) float64 {
	most, sum, first := time.Duration(0), time.Duration(0), 0
	for _, o := range w.spent {
		sum += o.cost
		for w.spent[first].at.Before(o.at.Add(-window)) {
			sum -= w.spent[first].cost
			first++
		}
		most = max(most, sum)
	}
	return float64(most) / float64(window)
}

func (w *world) average() float64 {
	sum := time.Duration(0)
	for _, o := range w.spent {
		sum += o.cost
	}
	return float64(sum) / float64(w.now.Sub(time.Unix(0, 0)))
}

const us, ms = time.Microsecond, time.Millisecond

func between(t *testing.T, what string, x, least, most float64) {
	t.Helper()
	if x < least || x > most {
		t.Errorf("%s: %.4f, want from %.4f to %.4f", what, x, least, most)
	}
}

func TestBudgetThinsAHotProbe(t *testing.T) {
	for _, share := range []float64{0.001, 0.01, 0.05, 0.5} {
		hot := &load{every: 1 * us, cost: 100 * us}
		rare := &load{every: 10 * ms, cost: time.Duration(share * float64(100*us))}
		w := newWorld(share, 50*us, hot, rare)
		w.run(60 * time.Second)
		between(t, "average", w.average(), 0.9*share, 1.02*share)
		between(t, "worst 10 s", w.worst(10*time.Second), 0, 1.1*share)
		if rare.gone > 0 || rare.seen != rare.calls {
			t.Errorf("%g: of the rare probe %d of %d calls were seen", share, rare.seen, rare.calls)
		}
		if hot.seen == 0 || hot.seen > hot.calls/2 {
			t.Errorf("%g: of the hot probe %d of %d calls were seen", share, hot.seen, hot.calls)
		}
	}
}

func TestBudgetSparesWhatFits(t *testing.T) {
	a := &load{every: 3 * ms, cost: 100 * us} // 3.2 %
	b := &load{every: 10 * ms, cost: 100 * us}
	w := newWorld(0.05, 50*us, a, b)
	w.run(20 * time.Second)
	if a.gone+b.gone > 0 {
		t.Errorf("lifted %d and %d times", a.gone, b.gone)
	}
}

func TestBudgetRecovers(t *testing.T) {
	hot := &load{every: 1 * us, cost: 100 * us}
	w := newWorld(0.05, 50*us, hot, &load{every: 20 * ms, cost: 100 * us})
	w.run(20 * time.Second)
	hot.every = 10 * ms
	w.run(time.Second)
	gone, seen, calls := hot.gone, hot.seen, hot.calls
	w.run(20 * time.Second)
	if gone == 0 || hot.gone != gone || hot.seen-seen != hot.calls-calls {
		t.Errorf("lifted %d times, then %d; %d of %d calls seen", gone, hot.gone-gone, hot.seen-seen, hot.calls-calls)
	}
}

// Of equally hot ones none starves, and together they cost what one may.
func TestBudgetOfManyHotProbes(t *testing.T) {
	var loads []*load
	for i := range 100 {
		loads = append(loads, &load{every: time.Duration(3000+i) * us, cost: 80 * us})
	}
	w := newWorld(0.02, 10*us, loads...)
	w.run(100 * time.Second)
	between(t, "average", w.average(), 0.015, 0.0205)
	between(t, "worst 10 s", w.worst(10*time.Second), 0, 0.03)
	for i, l := range loads {
		if l.seen < 20 {
			t.Errorf("of load %d %d of %d calls were seen", i, l.seen, l.calls)
		}
	}
}

// Open calls of a probe that leaves are waited for, but not at any price.
func TestBudgetWaitsForOpenCalls(t *testing.T) {
	hot := &load{every: 1 * us, cost: 100 * us, open: true}
	w := newWorld(0.05, 50*us, hot, &load{every: 20 * ms, cost: 100 * us})
	w.run(30 * time.Second)
	between(t, "average", w.average(), 0.04, 0.051)
	between(t, "worst 10 s", w.worst(10*time.Second), 0, 0.06)
	if hot.gone == 0 || hot.seen == 0 {
		t.Errorf("retired %d times, seen %d times", hot.gone, hot.seen)
	}
}

// After a cost out of all proportion it comes back within a bounded time.
func TestBudgetForgivesDebts(t *testing.T) {
	l := &load{every: 1 * us, cost: 100 * us}
	w := newWorld(0.001, 0, l)
	w.pay(nil, time.Hour)
	w.run(maxDebt + 2*savedUp)
	if l.gone == 0 || l.seen < 2 {
		t.Errorf("retired %d times, %d calls seen", l.gone, l.seen)
	}
}

// Whatever the load and however it changes, no window costs more than the share
// allows and the account can hold.
func TestBudgetOfAnyLoad(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		share := float64(rapid.IntRange(1, 300).Draw(t, "permille")) / 1000
		var loads []*load
		draw := func() time.Duration {
			return time.Duration(rapid.SampledFrom([]int{0, 10, 100, 1000, 10_000, 100_000, 1_000_000}).Draw(t, "every")) * us
		}
		for range rapid.IntRange(1, 8).Draw(t, "loads") {
			loads = append(loads, &load{
				every: draw(),
				cost:  time.Duration(rapid.IntRange(20, 300).Draw(t, "cost")) * us,
				open:  rapid.Bool().Draw(t, "open"),
			})
		}
		lift := time.Duration(rapid.IntRange(0, 300).Draw(t, "lift")) * us
		w := newWorld(share, lift, loads...)
		for range rapid.IntRange(1, 3).Draw(t, "phases") {
			w.run(time.Duration(rapid.IntRange(1, 12).Draw(t, "seconds")) * time.Second)
			for _, l := range w.loads {
				l.every = draw()
				l.does(w.now)
			}
		}
		// What was saved up, and again half of it for each step that each takes
		// away; and what the last hit before that, lifting and planting cost.
		n := time.Duration(len(loads))
		allowed := w.most + 2*n*(w.most/2+300*us+lift) + n*lift
		const window = 5 * time.Second
		limit := share + allowed.Seconds()/window.Seconds()
		if worst := w.worst(window); worst > limit {
			t.Fatalf("%.4f in a window of %v, want at most %.4f with a share of %g", worst, window, limit, share)
		}
	})
}
