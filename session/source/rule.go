package source

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// A rule says where files are that are not where the line table has them.
type rule struct {
	old string // empty: dir is looked in for every file
	dir string // what old becomes
}

// parseRule reads OLD=NEW or DIR. What it leads to must exist: a rule that finds
// nothing is a mistake, and would go unnoticed until a line is shown without its
// text.
func parseRule(text string) (rule, error) {
	if text == "" {
		return rule{}, errors.New(`"": use OLD=NEW or a directory`)
	}
	// A directory may have a = in its name.
	old, dir, replaces := strings.Cut(text, "=")
	if info, err := os.Stat(text); err == nil && info.IsDir() || !replaces {
		old, dir, replaces = "", text, false
	}
	switch {
	case replaces && old == "":
		return rule{}, fmt.Errorf("%s: nothing before =: use OLD=NEW, OLD is how paths begin in the program", text)
	case replaces && dir == "":
		return rule{}, fmt.Errorf("%s: nothing behind =: use OLD=NEW, NEW is where the files are", text)
	}
	// A shell leaves the ~ behind = as it is.
	if rest, ok := strings.CutPrefix(dir, "~/"); ok {
		if home, err := os.UserHomeDir(); err == nil {
			dir = filepath.Join(home, rest)
		}
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return rule{}, fmt.Errorf("%s: %w", text, err)
	}
	switch info, err := os.Stat(dir); {
	case err != nil && dir == text:
		return rule{}, cause(dir, err)
	case err != nil:
		return rule{}, fmt.Errorf("%s: %w", text, cause(dir, err))
	case !replaces && !info.IsDir():
		return rule{}, fmt.Errorf("%s: not a directory", text)
	case !info.IsDir() && !info.Mode().IsRegular():
		return rule{}, fmt.Errorf("%s: %s is neither a directory nor a file", text, dir)
	}
	if replaces {
		old = filepath.Clean(old)
	}
	return rule{old, dir}, nil
}

// ruled returns where the rules have a file. A name alone, without any directory,
// says so little that it is left to named.
func (f *Finder) ruled(path string) (list []place) {
	for _, r := range f.rules {
		if r.old == "" {
			for _, tail := range tails(path) {
				list = append(list, place{path: filepath.Join(r.dir, tail), own: true})
			}
		} else if rest, ok := below(path, r.old); ok {
			list = append(list, place{path: filepath.Join(r.dir, rest), own: true})
		}
	}
	return list
}

// named returns the directories of rules that may have a file of this name.
func (f *Finder) named(path string) (list []place) {
	for _, r := range f.rules {
		if r.old == "" {
			list = append(list, place{path: filepath.Join(r.dir, filepath.Base(path)), own: true})
		}
	}
	return list
}

// tails returns what is left of a path without its first elements, longest
// first, and never the last element alone.
func tails(path string) (list []string) {
	path = strings.TrimPrefix(path, "/")
	for filepath.IsLocal(path) && strings.Contains(path, "/") {
		list = append(list, path)
		_, path, _ = strings.Cut(path, "/")
	}
	return list
}

// below returns what follows dir in a path at or below it.
func below(path, dir string) (rest string, ok bool) {
	if path == dir {
		return "", true
	}
	return strings.CutPrefix(path, strings.TrimSuffix(dir, "/")+"/")
}
