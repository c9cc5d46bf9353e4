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
