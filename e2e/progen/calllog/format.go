package calllog

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// Format renders v as gtrace does: as %#v, with one level of pointers followed.
// A nil is a plain nil, and an address is 0xADDR.
func Format(v any) string { return format(reflect.ValueOf(v), 1) }

func format(v reflect.Value, follow int) string {
	switch v.Kind() {
	case reflect.Invalid:
		return "nil"
	case reflect.Interface:
		return format(v.Elem(), follow)
	case reflect.Pointer:
		return pointer(v, follow)
	case reflect.Func, reflect.Chan:
		if v.IsNil() {
			return "nil"
		}
		return "(" + v.Type().String() + ")(0xADDR)"
	case reflect.Slice, reflect.Map:
		if v.IsNil() {
			return "nil"
		}
	}
	switch v.Kind() {
	case reflect.Struct:
		return v.Type().String() + "{" + strings.Join(fields(v, follow), ", ") + "}"
	case reflect.Array, reflect.Slice:
		return v.Type().String() + "{" + strings.Join(elements(v, follow), ", ") + "}"
	case reflect.Map:
		return v.Type().String() + "{" + strings.Join(entries(v, follow), ", ") + "}"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return fmt.Sprint(v.Uint())
	}
	return fmt.Sprintf("%#v", v)
}

func pointer(v reflect.Value, follow int) string {
	switch {
	case v.IsNil():
		return "nil"
	case follow == 0:
		return "(" + v.Type().String() + ")(0xADDR)"
	}
	return "&" + format(v.Elem(), follow-1)
}

func fields(v reflect.Value, follow int) []string {
	var out []string
	for i := range v.NumField() {
		out = append(out, v.Type().Field(i).Name+":"+format(v.Field(i), follow))
	}
	return out
}

func elements(v reflect.Value, follow int) []string {
	var out []string
	for i := range v.Len() {
		out = append(out, format(v.Index(i), follow))
	}
	return out
}

// entries lists a map's entries ordered by key, as fmt does.
func entries(v reflect.Value, follow int) []string {
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int {
		if a.CanInt() {
			return cmp.Compare(a.Int(), b.Int())
		}
		return cmp.Compare(a.String(), b.String())
	})
	var out []string
	for _, k := range keys {
		out = append(out, format(k, follow)+":"+format(v.MapIndex(k), follow))
	}
	return out
}

// values pairs names with values.
func values(pairs []any) []Value {
	var out []Value
	for p := range slices.Chunk(pairs, 2) {
		v := Value{Name: p[0].(string), Value: Format(p[1])}
		if err, ok := p[1].(error); ok && err != nil {
			v.Error = err.Error()
		}
		out = append(out, v)
	}
	return out
}

// identities names an error and those it wraps, innermost first.
func identities(err error) []string {
	if err == nil {
		return nil
	}
	var out []string
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		out = identities(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			out = append(out, identities(inner)...)
		}
	}
	id := fmt.Sprintf("%T", err)
	if v := reflect.ValueOf(err); v.Kind() == reflect.Pointer {
		id += fmt.Sprintf(" %p", err)
	}
	return append(out, id)
}
