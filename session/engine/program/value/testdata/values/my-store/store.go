// Package store has another name than its directory.
package store

type User struct {
	Name string
	age  int
}

func New(name string, age int) User { return User{name, age} }
