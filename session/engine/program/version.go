package program

import (
	"fmt"

	"github.com/go-delve/delve/pkg/goversion"

	"gtrace/session/engine"
)

// GoVersions returns the oldest and the newest version of Go whose programs can
// be read: go1.25, go1.27.
func GoVersions() (oldest, newest string) {
	return fmt.Sprintf("go%d.%d", goversion.MinSupportedVersionOfGoMajor, goversion.MinSupportedVersionOfGoMinor),
		fmt.Sprintf("go%d.%d", goversion.MaxSupportedVersionOfGoMajor, goversion.MaxSupportedVersionOfGoMinor)
}

// CheckVersion refuses a program that was built with a version of Go whose
// programs cannot be read. One that says nothing of its version is not refused.
func CheckVersion(built string) error {
	version, ok := goversion.Parse(built)
	if !ok {
		return nil
	}
	oldest := goversion.GoVersion{Major: goversion.MinSupportedVersionOfGoMajor, Minor: goversion.MinSupportedVersionOfGoMinor}
	first, last := GoVersions()
	switch {
	case !version.AfterOrEqual(oldest):
		return fmt.Errorf("%w: it was built with %s, and the oldest that can be read is %s", engine.ErrGoVersion, built, first)
	case version.Major == goversion.MaxSupportedVersionOfGoMajor && version.Minor > goversion.MaxSupportedVersionOfGoMinor:
		return fmt.Errorf("%w: it was built with %s, and the newest that can be read is %s", engine.ErrGoVersion, built, last)
	}
	return nil
}
