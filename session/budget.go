package session

import (
	"cmp"
	"slices"
	"time"

	"gtrace/events"
	"gtrace/session/engine"
)

// A budget keeps what tracing costs the target below a share of its time, by
// saying which probes have to go and when they may come back. It is arithmetic
// over what it is told: times and costs.
//
// It keeps an account, to which the share of all time that passes is credited,
// up to what a short time brings, and from which every cost is taken. When the
// account is overdrawn, the probes that have cost most since it was last full
// are retired, until those that remain have cost half of it all at most; and
// should they overdraw it further, by half of what it can hold, so on. When it is
// full again, all come back. So a probe that is hit rarely is not retired for one
// that is hit often, and what is overdrawn is always paid before more is spent.
//
// A probe is retired in two steps. First it is leaving: no new calls are
// observed, but the ends of those that are open still are. Where that costs too
// much as well, it is lifted altogether.
type budget struct {
	share   float64       // of the target's time
	most    time.Duration // what the account can hold
	account time.Duration
	at      time.Time     // up to which time has been credited
	alert   time.Duration // where more have to go
	round   int           // how often the account was full
	away    int           // probes that wait for that
	probes  []*costing
}

// A costing is a function, or panics, and what its probes cost.
type costing struct {
	fn *engine.Function // nil: panics
	// condition says which of its calls are observed; "": all.
	condition string
	state     costingState
	spent     time.Duration // in the round
	round     int           // in which it was charged last

	entries, returns engine.ProbeID // what is planted; entries: that of panics
	gone             time.Time      // since when it is not observed; zero: it is
	total            events.Thinned // what was told of that
}

type costingState uint8

const (
	standing costingState = iota
	leaving               // the ends of open calls are still observed
	lifted
)

const (
	// savedUp is the time whose share the account can hold: so long may a
	// trace spend in advance.
	savedUp = 200 * time.Millisecond
	// maxDebt bounds for how long probes stay away after something unforeseen,
	// as when gtrace itself was suspended.
	maxDebt = 100 * savedUp
)

func newBudget(share float64, probes []*costing) *budget {
	b := &budget{share: share, probes: probes}
	b.most = b.worth(savedUp)
	b.account = b.most
	return b
}

// worth is what may be spent in a time.
func (b *budget) worth(d time.Duration) time.Duration {
	return max(1, time.Duration(b.share*float64(d)))
}

// credit takes note that time has passed.
func (b *budget) credit(now time.Time) {
	if b.at.IsZero() {
		b.at = now
	}
	passed := max(0, now.Sub(b.at))
	b.account = min(b.most, b.account+time.Duration(b.share*float64(passed)))
	b.at = b.at.Add(passed)
	if b.full() {
		b.round++
		b.alert = 0
	}
}

func (b *budget) full() bool { return b.account == b.most }

// charge takes what the target was held because of c, or of no probe.
func (b *budget) charge(c *costing, cost time.Duration) {
	b.account = max(b.account-cost, -b.worth(maxDebt))
	if c == nil {
		return
	}
	if c.round != b.round {
		c.round, c.spent = b.round, 0
	}
	c.spent += cost
}

// retire returns the probes that have to take one step further away.
func (b *budget) retire() []*costing {
	if b.account >= b.alert {
		return nil
	}
	b.alert = b.account - b.most/2
	var list []*costing
	total := time.Duration(0)
	for _, c := range b.probes {
		if c.state != lifted && c.round == b.round && c.spent > 0 {
			list = append(list, c)
			total += c.spent
		}
	}
	slices.SortStableFunc(list, func(x, y *costing) int { return cmp.Compare(y.spent, x.spent) })
	n := 0
	for rest := total; rest > total/2; n++ {
		rest -= list[n].spent
		list[n].spent = 0 // from now on, what the next state costs
	}
	return list[:n]
}

// due returns when the account will be full, as it looks, if a probe waits for
// that, or zero.
func (b *budget) due() time.Time {
	if b.away == 0 {
		return time.Time{}
	}
	return b.at.Add(time.Duration(float64(b.most-b.account)/b.share) + time.Microsecond)
}
