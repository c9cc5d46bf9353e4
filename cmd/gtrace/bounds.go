package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"gtrace/session"
)

// maxRate is more than any engine sees, and bounds what is remembered.
const maxRate = 1_000_000

// parseRate reads 100/s or 30/m; 100 is 100/s. Empty is no rate.
func parseRate(text string) (session.Rate, error) {
	if text == "" {
		return session.Rate{}, nil
	}
	number, unit, ok := strings.Cut(text, "/")
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute}[unit]
	if !ok {
		per = time.Second
	}
	n, err := strconv.Atoi(number)
	switch {
	case err != nil && !errors.Is(err, strconv.ErrRange), per == 0:
		return session.Rate{}, fmt.Errorf("--rate %s: write a number of calls and s or m, as 100/s", text)
	case n < 1 || n > maxRate:
		return session.Rate{}, fmt.Errorf("--rate %s: must be from 1 to %d calls", text, maxRate)
	}
	return session.Rate{Calls: n, Per: per}, nil
}

// parseShare reads 5% or 0.5%. Empty is none, which is 0. A number without the
// sign is refused: 0.5 may mean either.
func parseShare(text string) (float64, error) {
	if text == "" {
		return 0, nil
	}
	number, ok := strings.CutSuffix(text, "%")
	x, err := strconv.ParseFloat(number, 64)
	switch {
	case err == nil && !ok:
		return 0, fmt.Errorf("--max-overhead %s: write it with a percent sign, as 5%%", text)
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("--max-overhead %s: write a share of the target's time, as 5%%", text)
	case !(x >= minShare && x <= 100): // NaN too
		return 0, fmt.Errorf("--max-overhead %s: must be from %v%% to 100%%", text, minShare)
	}
	return x / 100, nil
}

// minShare is a percentage for which a hit now and then can still be paid.
const minShare = 0.1
