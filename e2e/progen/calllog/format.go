package calllog

import (
	"cmp"
	"fmt"
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Format renders v as gtrace does: as %#v, but with one level of pointers
// followed, numbers in decimal, a plain nil, functions by name, channels by
// length, and bytes that are text as text. An address is 0xADDR.
func Format(v any) string { return format(reflect.ValueOf(v), 1) }

func format(v reflect.Value, follow int) string {
	switch v.Kind() {
	case reflect.Invalid:
		return "nil"
	case reflect.Interface:
		return format(v.Elem(), follow)
	case reflect.Pointer, reflect.Func, reflect.Chan, reflect.Slice, reflect.Map:
		if v.IsNil() {
			return "nil"
		}
	}
	name := typeName(v.Type())
	switch v.Kind() {
	case reflect.Pointer:
		if follow == 0 {
			return "(" + name + ")(0xADDR)"
		}
		return "&" + format(v.Elem(), follow-1)
	case reflect.Func:
		return runtime.FuncForPC(v.Pointer()).Name()
	case reflect.Chan:
		return fmt.Sprintf("%s(len %d, cap %d)", name, v.Len(), v.Cap())
	case reflect.Struct:
		return name + "{" + strings.Join(fields(v, follow), ", ") + "}"
	case reflect.Array, reflect.Slice:
		if s, ok := bytesText(v); ok {
			return fmt.Sprintf("%s(%q)", name, s)
		}
		return name + "{" + strings.Join(elements(v, follow), ", ") + "}"
	case reflect.Map:
		return name + "{" + strings.Join(entries(v, follow), ", ") + "}"
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fmt.Sprint(v.Uint())
	}
	return fmt.Sprintf("%#v", v)
}

var byteType = regexp.MustCompile(`\]uint8\b`)

// typeName returns the name of a type as source writes it today.
func typeName(t reflect.Type) string {
	if t == nil {
		return "nil"
	}
	return byteType.ReplaceAllString(strings.ReplaceAll(t.String(), "interface {}", "any"), "]byte")
}

// bytesText returns the text in a slice of bytes, if there is one.
func bytesText(v reflect.Value) (string, bool) {
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.Uint8 || v.Len() == 0 {
		return "", false
	}
	b := v.Bytes()
	unprintable := func(r rune) bool { return !unicode.IsPrint(r) && !strings.ContainsRune("\n\t\r", r) }
	return string(b), utf8.Valid(b) && !slices.ContainsFunc([]rune(string(b)), unprintable)
}

func fields(v reflect.Value, follow int) []string {
	var out []string
	for i := range v.NumField() {
		out = append(out, v.Type().Field(i).Name+":"+format(v.Field(i), follow))
	}
	return out
}

// elements lists a list's elements, bytes in hexadecimal as %#v does.
func elements(v reflect.Value, follow int) []string {
	var out []string
	for i := range v.Len() {
		if e := v.Index(i); e.Kind() == reflect.Uint8 {
			out = append(out, fmt.Sprintf("%#x", e.Uint()))
		} else {
			out = append(out, format(e, follow))
		}
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
