package progen

import (
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"testing"
)

// TestFlow checks that programs are right, and always the same.
func TestFlow(t *testing.T) {
	files := token.NewFileSet()
	std := importer.ForCompiler(files, "source", nil)
	for seed := uint64(0); seed < 40; seed += 4 {
		text := Flow(seed, 4)
		if text != Flow(seed, 4) {
			t.Fatalf("seed %d made two programs", seed)
		}
		tree, err := parser.ParseFile(files, "main.go", text, 0)
		if err != nil {
			t.Fatalf("seed %d: %v\n%s", seed, err, text)
		}
		conf := types.Config{Importer: std}
		if _, err := conf.Check("main", files, []*ast.File{tree}, nil); err != nil {
			t.Errorf("seed %d: %v\n%s", seed, err, text)
		}
	}
}
