// Shop is a small program to try gtrace on: two desks serve orders. Some orders
// fail, one panics and is rescued, and shipping takes its time.
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
	Each  int // for a piece
}

var (
	errOutOfStock = errors.New("out of stock")
	errUnknown    = errors.New("unknown item")
)

var (
	prices = map[string]int{"tea": 350, "cup": 800, "pot": 2400}

	mu    sync.Mutex
	stock = map[string]int{"tea": 10, "cup": 2, "pot": 1}
)

func main() {
	orders := make(chan Order)
	var desks sync.WaitGroup
	for n := range 2 {
		desks.Go(func() { desk(n, orders) })
	}
	for _, order := range []Order{
		{ID: 1, Item: "tea", Count: 2},
		{ID: 2, Item: "cup", Count: 3},
		{ID: 3, Item: "pot", Count: 0},
		{ID: 4, Item: "spoon", Count: 1},
		{ID: 5, Item: "pot", Count: 1},
	} {
		orders <- order
	}
	close(orders)
	desks.Wait()
}

// desk serves orders until there are no more.
func desk(n int, orders <-chan Order) {
	for order := range orders {
		receipt, err := serve(order)
		if err != nil {
			fmt.Printf("desk %d: %v\n", n, err)
			continue
		}
		fmt.Printf("desk %d: order %d: %d cents\n", n, order.ID, receipt.Cents)
	}
}

// serve turns an order into a receipt. It survives what goes wrong inside.
func serve(order Order) (receipt *Receipt, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("order %d: %v", order.ID, v)
		}
	}()
	if err := reserve(order.Item, order.Count); err != nil {
		return nil, fmt.Errorf("order %d: %w", order.ID, err)
	}
	cents := order.price()
	ship(order.Count)
	return &Receipt{Order: order.ID, Cents: cents, Each: each(cents, order.Count)}, nil
}

// reserve takes items from the stock.
func reserve(item string, count int) error {
	mu.Lock()
	defer mu.Unlock()
	have, ok := stock[item]
	if !ok {
		return fmt.Errorf("%w: %s", errUnknown, item)
	}
	if have < count {
		return fmt.Errorf("%w: %s: %d of %d", errOutOfStock, item, have, count)
	}
	stock[item] = have - count
	return nil
}

// price is what an order costs, in cents. Ten pieces are sold for nine.
func (o Order) price() int {
	return prices[o.Item] * (o.Count - o.Count/10)
}

// each is the price of a piece. Nobody thought of orders of nothing.
func each(cents, count int) int {
	return cents / count
}

// ship takes its time.
func ship(count int) {
	time.Sleep(time.Duration(count) * 5 * time.Millisecond)
}
