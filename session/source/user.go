package source

import "os"

// A User is as whom files are read that a program names: the one that it runs as,
// where gtrace may read more than that one.
type User struct {
	UID, GID int
	Groups   []int
}

// open opens a file as the user may. The program can have made its path lead
// anywhere, and whoever asks whether the user may read the file, and then opens it as
// somebody else, may be led to another one in between.
func (u *User) open(path string) (*os.File, error) {
	if u == nil {
		return openFile(path)
	}
	return u.openAs(path)
}
