package main

import "strings"

// testFlags are the flags of go test that it hands to the test binary with
// "test." before them; true for those that take no separate value.
var testFlags = map[string]bool{
	"artifacts": true, "benchmem": true, "failfast": true, "fullpath": true, "short": true, "v": true,
	"bench": false, "benchtime": false, "blockprofile": false, "blockprofilerate": false, "count": false,
	"coverprofile": false, "cpu": false, "cpuprofile": false, "fuzz": false, "fuzzminimizetime": false,
	"fuzztime": false, "list": false, "memprofile": false, "memprofilerate": false, "mutexprofile": false,
	"mutexprofilefraction": false, "outputdir": false, "parallel": false, "run": false, "shuffle": false,
	"skip": false, "timeout": false, "trace": false,
}

// testArgs translates the flags of go test into those of the test binary, and
// leaves everything else, and everything after -args, as it is.
func testArgs(args []string) []string {
	var out []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		name, dashed := strings.CutPrefix(arg, "-")
		name, _ = strings.CutPrefix(name, "-")
		if !dashed || name == "" {
			return append(out, args[i:]...) // where flag parsing ends in the test too
		}
		if name == "args" {
			return append(out, args[i+1:]...)
		}
		key, _, hasValue := strings.Cut(name, "=")
		alone, known := testFlags[key]
		if !known {
			out = append(out, arg)
			continue
		}
		out = append(out, "-test."+name)
		if !alone && !hasValue && i+1 < len(args) {
			i++
			out = append(out, args[i])
		}
	}
	return out
}
