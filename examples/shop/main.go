// Shop is a small program to try gtrace on: orders are checked, priced and
// shipped by a few goroutines; some fail, one panics, and the panic is recovered.
package main

import (
	"errors"
	"fmt"
	"sync"
	"time"
)

// An Order is what a customer wants.
type Order struct {
	ID    int
	Item  string
	Count int
}

// A Receipt is what the customer gets.
type Receipt struct {
	Order int
	Cents int // for all of it
	Each  int // cents for a piece
}

var (
	errOutOfStock = errors.New("out of stock")
	errUnknown    = errors.New("unknown item")
)

// A Shop knows prices and stock.
type Shop struct {
	prices map[string]int // in cents
	mu     sync.Mutex
	stock  map[string]int
}

func main() {
	shop := &Shop{
		prices: map[string]int{"tea": 350, "cup": 800, "pot": 2400},
		stock:  map[string]int{"tea": 10, "cup": 2, "pot": 1},
	}
	orders := []Order{
		{ID: 1, Item: "tea", Count: 2},
		{ID: 2, Item: "cup", Count: 3},
		{ID: 3, Item: "pot", Count: 0},
		{ID: 4, Item: "spoon", Count: 1},
		{ID: 5, Item: "pot", Count: 1},
	}
	var desks sync.WaitGroup
	for desk := range 2 {
		desks.Go(func() {
			for i := desk; i < len(orders); i += 2 {
				receipt, err := serve(shop, orders[i])
				report(orders[i], receipt, err)
			}
		})
	}
	desks.Wait()
}

// serve turns an order into a receipt. It survives what goes wrong inside.
func serve(shop *Shop, order Order) (receipt *Receipt, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("order %d: %v", order.ID, v)
		}
	}()
	if err := shop.reserve(order.Item, order.Count); err != nil {
		return nil, fmt.Errorf("order %d: %w", order.ID, err)
	}
	cents := shop.price(order)
	ship(order.Count)
	return &Receipt{Order: order.ID, Cents: cents, Each: each(cents, order.Count)}, nil
}

// reserve takes items from the stock.
func (s *Shop) reserve(item string, count int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	have, ok := s.stock[item]
	if !ok {
		return fmt.Errorf("%w: %s", errUnknown, item)
	}
	if have < count {
		return fmt.Errorf("%w: %s: %d of %d", errOutOfStock, item, have, count)
	}
	s.stock[item] = have - count
	return nil
}

// price is what an order costs, in cents. Ten pieces are sold for nine.
func (s *Shop) price(order Order) int {
	return s.prices[order.Item] * (order.Count - order.Count/10)
}

// each is the price of a piece. Nobody thought of orders of nothing.
func each(cents, count int) int {
	return cents / count
}

// ship takes its time.
func ship(count int) {
	time.Sleep(time.Duration(count) * 5 * time.Millisecond)
}

func report(order Order, receipt *Receipt, err error) {
	if err != nil {
		fmt.Println("failed:", err)
		return
	}
	fmt.Printf("order %d: %d × %s for %d cents\n", order.ID, order.Count, order.Item, receipt.Cents)
}
