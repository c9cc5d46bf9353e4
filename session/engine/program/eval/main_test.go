package eval_test

import (
	"os"
	"testing"

	"gtrace/leash"
)

func TestMain(m *testing.M) { os.Exit(leash.Run(m.Run)) }
