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

// parseRate reads 100/s or 30/m. Empty is no rate. A number without its unit is
// refused: it may mean either.
func parseRate(text string) (session.Rate, error) {
	if text == "" {
		return session.Rate{}, nil
	}
	number, unit, ok := strings.Cut(text, "/")
	per := map[string]time.Duration{"s": time.Second, "m": time.Minute}[unit]
	n, err := strconv.Atoi(number)
	isNumber := err == nil || errors.Is(err, strconv.ErrRange)
	switch {
	case isNumber && (n < 1 || n > maxRate) && (per != 0 || !ok):
		return session.Rate{}, fmt.Errorf("--rate %s: must be from 1 to %d calls", text, maxRate)
	case isNumber && !ok:
		return session.Rate{}, &valueError{"rate", text, fmt.Sprintf("a rate needs its unit: write %d/s or %d/m", n, n), text + "/s"}
	case !isNumber || per == 0:
		return session.Rate{}, &valueError{flag: "rate", value: text, why: "write a number of calls and s or m, as 100/s"}
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
	case err == nil && !ok && x >= minShare && x <= 100:
		return 0, &valueError{"max-overhead", text, "write it with a percent sign, as 5%", text + "%"}
	case err != nil && !errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("--max-overhead %s: write a share of the target's time, as 5%%", text)
	case !(x >= minShare && x <= 100): // NaN too
		return 0, fmt.Errorf("--max-overhead %s: must be from %v%% to 100%%", text, minShare)
	}
	return x / 100, nil
}

// minShare is a percentage for which a hit now and then can still be paid.
const minShare = 0.1
