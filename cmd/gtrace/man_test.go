//go:build man

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestManual(t *testing.T) {
	dir := t.TempDir()
	if err := writeManual(dir); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "gtrace-run.1"))
	if err != nil || !bytes.Contains(page, []byte("\n.SH EXIT STATUS\n")) {
		t.Errorf("gtrace-run.1: %v\n%s", err, page)
	}
}
