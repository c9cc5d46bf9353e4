//go:build !(linux && amd64)

package guard

// Main does nothing where nothing is traced.
func Main() {}
