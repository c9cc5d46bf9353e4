// Package store is what the kiosk has to sell.
package store

import (
	"errors"
	"fmt"
	"sync"
)

// What can be wrong with an order.
var (
	ErrUnknown = errors.New("unknown paper")
	ErrSoldOut = errors.New("sold out")
)

// A Paper is what is sold.
type Paper struct {
	ID     string
	Cents  int
	Copies int // that are left
}

// A DB holds the papers. It may be used by several goroutines.
type DB struct {
	mu     sync.Mutex
	papers map[string]*Paper
}

// New returns a DB with some papers.
func New(papers ...Paper) *DB {
	db := &DB{papers: make(map[string]*Paper)}
	for _, p := range papers {
		db.papers[p.ID] = &p
	}
	return db
}

// Load returns a paper.
func (db *DB) Load(id string) (Paper, error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	p, ok := db.papers[id]
	if !ok {
		return Paper{}, fmt.Errorf("load %s: %w", id, ErrUnknown)
	}
	return *p, nil
}

// Take sells copies of a paper, and returns what they cost.
func (db *DB) Take(id string, copies int) (cents int, err error) {
	db.mu.Lock()
	defer db.mu.Unlock()
	p, ok := db.papers[id]
	if !ok {
		return 0, fmt.Errorf("take %s: %w", id, ErrUnknown)
	}
	left := p.Copies - copies
	if left < 0 {
		return 0, fmt.Errorf("take %s: %w: %d of %d copies", id, ErrSoldOut, p.Copies, copies)
	}
	p.Copies = left
	cents = copies * p.Cents
	return cents, nil
}
