package store

import (
	"errors"
	"testing"
)

func TestLoad(t *testing.T) {
	db := New(Paper{ID: "times", Cents: 250, Copies: 2})
	if p, err := db.Load("times"); err != nil || p.Cents != 250 {
		t.Errorf("times: %v, %v", p, err)
	}
	if _, err := db.Load("moon"); !errors.Is(err, ErrUnknown) {
		t.Errorf("moon: %v", err)
	}
}

func TestTake(t *testing.T) {
	db := New(Paper{ID: "times", Cents: 250, Copies: 2})
	if cents, err := db.Take("times", 2); err != nil || cents != 500 {
		t.Errorf("two: %d, %v", cents, err)
	}
	if _, err := db.Take("times", 1); !errors.Is(err, ErrSoldOut) {
		t.Errorf("one more: %v", err)
	}
}
