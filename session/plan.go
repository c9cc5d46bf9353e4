package session

import (
	"errors"
	"slices"

	"gtrace/events"
	"gtrace/session/engine"
)

// A plan is what is to be traced of one program that the target runs.
type plan struct {
	cfg     Config // with the kinds that lines add
	sel     Selection
	lines   *linePlan
	scope   *scope
	window  *window
	watcher *watcher
}

// A traced is a plan that was carried out.
type traced struct {
	plan
	start    events.StartInfo
	follower *follower
	done     planted
}

// begin plants a probe in each function that cfg asks for.
func begin(eng engine.Engine, cfg Config) (traced, error) {
	p, err := newPlan(eng, cfg)
	if err != nil {
		return traced{}, err
	}
	return p.carryOut(eng)
}

// newPlan decides what to trace.
func newPlan(eng engine.Engine, cfg Config) (p plan, err error) {
	p.cfg = cfg
	if p.sel, p.window, err = choose(eng, cfg); err != nil {
		return p, err
	}
	if p.scope, err = selectFrom(eng, cfg, &p.sel); err != nil {
		return p, err
	}
	lister := listerOf(eng)
	named, err := p.sel.ResolveLines(lister)
	if err != nil {
		return p, err
	}
	if most := maxProbes(cfg); len(p.sel.Functions) > most {
		return p, tooMany(eng, &p.sel, most)
	}
	if p.lines, err = planLines(lister, cfg, &p.sel, named); err != nil {
		return p, err
	}
	if cfg.MaxOverhead > 0 && (p.lines != nil || p.scope != nil) {
		return p, errors.New("--max-overhead does not go with line events, --depth and --from: leave them out, or use --rate or --limit")
	}
	p.sel.Notes = slices.Concat(p.sel.Notes, cfg.remedyNote(&p.sel), cfg.lineNotes(p.lines))
	if p.lines != nil {
		p.cfg.alsoReport(events.Line)
	}
	if len(cfg.WatchMem) > 0 {
		p.cfg.alsoReport(events.Write)
	}
	if err := checkNames(eng, cfg, p.sel.Functions); err != nil {
		if p.scope == nil && !cfg.FollowExec {
			return p, err
		}
		p.sel.Notes = append(p.sel.Notes, err.Error()+"; what is followed may have one")
	}
	p.watcher, err = newWatcher(eng, cfg, p.sel.Functions)
	return p, err
}

// carryOut plants the probes. When it fails, nothing stays behind.
func (p plan) carryOut(eng engine.Engine) (traced, error) {
	done, err := plant(eng, p.sel.Functions, p.cfg, p.lines, conditionOf(p.cfg.If, p.scope, p.window))
	if err != nil {
		return traced{}, err
	}
	plantOne := func(fn *engine.Function) error {
		// That it has no lines is no reason not to follow it.
		_ = p.lines.add(fn)
		return (&planted{sources: p.cfg.Sources}).function(eng, fn, "", neededCapture(p.cfg), false, p.lines)
	}
	follower, err := newFollower(eng, p.cfg, p.scope, p.sel, plantOne)
	if err != nil {
		return traced{}, errors.Join(err, unplant(eng, done.probes))
	}
	target := eng.Target() // planting may have stopped it for longer
	return traced{plan: p, follower: follower, done: done, start: events.StartInfo{
		Version:   p.cfg.Version,
		Engine:    target.Engine,
		PID:       target.PID,
		Program:   target.Program,
		GoVersion: target.GoVersion,
		Patterns:  p.sel.Patterns,
		Functions: done.functions,
		Probes:    done.places,
		Stopped:   target.Stopped,
		Notes:     append(p.sel.Notes, done.notes...),
	}}, nil
}

// alsoReport adds a kind of event to those that are reported.
func (cfg *Config) alsoReport(k events.Kind) {
	if cfg.Kinds = slices.Clone(kindsOf(*cfg)); !slices.Contains(cfg.Kinds, k) {
		cfg.Kinds = append(cfg.Kinds, k)
	}
}
