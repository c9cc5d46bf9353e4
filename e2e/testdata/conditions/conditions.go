package main

import (
	"io"
	"time"
)

type condition struct {
	text  string
	holds func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool
}

// conditions hold twice what is written once: as text, and as code.
var conditions = []condition{
	{`n%7 == 3`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return n%7 == 3
	}},
	{`n > limit && it.Name == "ann"`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return n > limit && it.Name == "ann"
	}},
	{`it.Name == s || len(s) > 20`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return it.Name == s || len(s) > 20
	}},
	{`it.attrs["key3"] > 2`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return it.attrs["key3"] > 2
	}},
	{`len(it.attrs) >= 9`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return len(it.attrs) >= 9
	}},
	{`it.owner.next.ID < 4`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return it.owner.next.ID < 4
	}},
	{`it.level == high || it.level == -1`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return it.level == high || it.level == -1
	}},
	{`it.table[1] < 0 && it.table[0] != it.table[1]`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return it.table[1] < 0 && it.table[0] != it.table[1]
	}},
	{`len(it.tags) == 2`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return len(it.tags) == 2
	}},
	{`len(it.tags) > 1 && it.tags[1] == "bob"`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return len(it.tags) > 1 && it.tags[1] == "bob"
	}},
	{`xs[0] == 6 && xs[len(xs)-1] == -3`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return xs[0] == 6 && xs[len(xs)-1] == -3
	}},
	{`f > 6.5`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return f > 6.5
	}},
	{`f != f`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return f != f
	}},
	{`err == nil`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return err == nil
	}},
	{`err == io.EOF`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return err == io.EOF
	}},
	{`err != nil && err != errOther`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return err != nil && err != errOther
	}},
	{`v == nil`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return v == nil
	}},
	{`small+100 < 0`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return small+100 < 0
	}},
	{`uint8(small) > 200`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return uint8(small) > 200
	}},
	{`small < -100 || small > 100`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return small < -100 || small > 100
	}},
	{`big[1]+int64(n) > 0`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return big[1]+int64(n) > 0
	}},
	{`big[2] == -int64(n) && big[0] == 2`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return big[2] == -int64(n) && big[0] == 2
	}},
	{`ok && !(n < 100)`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return ok && !(n < 100)
	}},
	{`it.since > 2*time.Second`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return it.since > 2*time.Second
	}},
	{`it.ratio*2 == 3`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return it.ratio*2 == 3
	}},
	{`it.ratio >= 1.25`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return it.ratio >= 1.25
	}},
	{`s[:len(s)/2] == "a"`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return s[:len(s)/2] == "a"
	}},
	{`byName["ann"] != nil && byName["ann"].ID == it.ID`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return byName["ann"] != nil && byName["ann"].ID == it.ID
	}},
	{`flags&^3 == 0 && n>>2&1 == 1`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return flags&^3 == 0 && n>>2&1 == 1
	}},
	{`s > "ann" && s <= "bob"`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return s > "ann" && s <= "bob"
	}},
	{`it.next == it && it.base.owner != nil`, func(n int, it *item, s string, xs []int32, f float64, err error, v any, small int8, big [4]int64, ok bool) bool {
		return it.next == it && it.base.owner != nil
	}},
}
