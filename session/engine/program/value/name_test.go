package value

import (
	"testing"

	"github.com/go-delve/delve/pkg/dwarf/godwarf"
)

func TestTypeName(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"int", "int"},
		{"main.User", "main.User"},
		{"[]uint8", "[]byte"},
		{"[16]uint8", "[16]byte"},
		{"map[string]uint8", "map[string]byte"},
		{"*uint8", "*uint8"},
		{"interface {}", "any"},
		{"map[string]interface {}", "map[string]any"},
		{"interface { main.area() float64; Name() string }", "interface { area() float64; Name() string }"},
		{"net/http.Header", "http.Header"},
		{"*example.com/x/store.User", "*store.User"},
		{"example.com/x/v2.Node", "x.Node"},
		{"gopkg.in/yaml%2ev3.Node", "yaml.Node"},
		{"func(int, ...net/url.Values) (string, error)", "func(int, ...url.Values) (string, error)"},
		{"chan<- *net/url.URL", "chan<- *url.URL"},
		{"<-chan struct {}", "<-chan struct {}"},
		{`struct { A int "json:\"a/b\""; main.b net/url.URL; net/url.Values }`, `struct { A int "json:\"a/b\""; b url.URL; url.Values }`},
		{"go.shape.int", "go.shape.int"},
		{"go.shape.*uint8", "go.shape.*uint8"},
		{"main.Pair[go.shape.string,go.shape.[]uint8]", "main.Pair[go.shape.string,go.shape.[]byte]"},
		{"main.Pair[string,example.com/x.T]", "main.Pair[string,x.T]"},
		{"main.T·1", "main.T"},
		{"map[go.shape.string]main.T·12", "map[go.shape.string]main.T"},
	}
	for _, tt := range tests {
		typ := &godwarf.TypedefType{CommonType: godwarf.CommonType{Name: tt.raw}}
		if got := TypeName(typ); got != tt.want {
			t.Errorf("TypeName(%s) = %s, want %s", tt.raw, got, tt.want)
		}
	}
	ptr := &godwarf.PtrType{Type: &godwarf.SliceType{ElemType: &godwarf.IntType{BasicType: godwarf.BasicType{CommonType: godwarf.CommonType{Name: "int"}}}}}
	if got, want := TypeName(ptr), "*[]int"; got != want {
		t.Errorf("TypeName of a type without a name = %s, want %s", got, want)
	}
}

// FuzzTypeName demands only that no name makes it fail.
func FuzzTypeName(f *testing.F) {
	f.Add(`struct { A int "x`)
	f.Add("interface {}go.shape.")
	f.Fuzz(func(t *testing.T, raw string) {
		TypeName(&godwarf.TypedefType{CommonType: godwarf.CommonType{Name: raw}})
	})
}

func TestFuncName(t *testing.T) {
	tests := []struct{ raw, want string }{
		{"main.work", "main.work"},
		{"main.(*T).Move-fm", "main.(*T).Move"},
		{"main.Map[go.shape.int]", "main.Map[...]"},
		{"main.(*List[go.shape.[]int]).Push.func1", "main.(*List[...]).Push.func1"},
	}
	for _, tt := range tests {
		if got := funcName(tt.raw); got != tt.want {
			t.Errorf("funcName(%s) = %s, want %s", tt.raw, got, tt.want)
		}
	}
}
