package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A docBlock is a fenced block of a page.
type docBlock struct {
	page, language string
	lines          []string
}

// docBlocks returns the fenced blocks of the README and of every page in docs.
func docBlocks(t *testing.T) []docBlock {
	t.Helper()
	pages, err := filepath.Glob("../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	var blocks []docBlock
	for _, page := range append(pages, "../README.md") {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		var open *docBlock
		for line := range strings.Lines(string(text)) {
			line = strings.TrimRight(line, "\n")
			fence, isFence := strings.CutPrefix(line, "```")
			switch {
			case isFence && open == nil:
				open = &docBlock{page: filepath.Base(page), language: fence}
			case isFence:
				blocks = append(blocks, *open)
				open = nil
			case open != nil:
				open.lines = append(open.lines, line)
			}
		}
	}
	return blocks
}

// TestDocsOutput runs the commands whose output the pages show. Each line must
// come out again, but for what differs from run to run; goroutines may take
// turns in another order.
func TestDocsOutput(t *testing.T) {
	require(t, "ptrace")
	t.Parallel()
	shown := 0
	for _, b := range docBlocks(t) {
		command, ok := strings.CutPrefix(b.lines[0], "$ gtrace ")
		if !ok {
			continue
		}
		shown++
		t.Run(b.page, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), gtrace(t), strings.Fields(command)...)
			cmd.Dir = ".."
			var out strings.Builder
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Run(); err != nil {
				t.Fatalf("%v\n%s", err, &out)
			}
			got := strings.Split(lasting(out.String()), "\n")
			missing := slices.DeleteFunc(slices.Clone(b.lines[1:]), func(line string) bool {
				return line == "…" || slices.Contains(got, lasting(line)) || containsApart(got, lasting(line))
			})
			if len(missing) > 0 {
				t.Errorf("$ gtrace %s\ndid not print\n%s\nbut\n%s", command, strings.Join(missing, "\n"), &out)
			}
		})
	}
	if shown == 0 {
		t.Error("no page shows the output of a command")
	}
}

// containsApart reports whether the call of a line that shows its return, too, has a
// line for each: it is folded only where no more than a moment passes in between.
func containsApart(lines []string, folded string) bool {
	before, call, ok := strings.Cut(folded, "• ")
	end := strings.LastIndex(call, ")  ✗ ")
	if end < 0 {
		end = strings.LastIndex(call, ") → ")
	}
	if !ok || end < 0 {
		return false
	}
	place := call[strings.LastIndex(call, "  "):]
	returns := func(line string) bool {
		rest, ok := strings.CutPrefix(line, before+"╰ ")
		name, _, _ := strings.Cut(rest, " ")
		return ok && strings.HasPrefix(call, name+"(")
	}
	return slices.Contains(lines, before+"╭ "+call[:end+1]+place) && slices.ContainsFunc(lines, returns)
}

var changing = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`\b[0-9.]+(ns|µs|ms|s)\b`), "TIME"},
	{regexp.MustCompile(`\bpid [0-9]+`), "pid PID"},
	{regexp.MustCompile(`\bgo1\.[0-9.]+`), "goVERSION"},
	{regexp.MustCompile(`(?m)^g[0-9]+ +`), ""}, // snoop has it only where there are several
	{regexp.MustCompile(`\bg[0-9]+ +`), "gN "},
	{regexp.MustCompile(`(?m)^ *[0-9]+\.[0-9] +(TIME +)+`), "SHARE AND TIMES "},
	{regexp.MustCompile(`(?m)^% self +self +total +average +p50 +p99 +max `), "SHARE AND TIMES "},
	{regexp.MustCompile(`-{4,}`), "--"},
	{regexp.MustCompile(`(?m)^(?:ok|warning) +(platform|gtrace|yama|capability|seccomp|container) .*`), "$1"},
}

// lasting replaces what differs from run to run.
func lasting(text string) string {
	for _, c := range changing {
		text = c.pattern.ReplaceAllString(text, c.by)
	}
	return text
}

// TestDocsCommands checks that the flags in the commands of the pages exist.
func TestDocsCommands(t *testing.T) {
	t.Parallel()
	flag := regexp.MustCompile(`^--?[a-z][a-z-]*`)
	quoted := regexp.MustCompile(`"[^"]*"|'[^']*'`)
	commands := 0
	for _, b := range docBlocks(t) {
		for _, line := range b.lines {
			plain := quoted.ReplaceAllString(line, "QUOTED") // flags in there are those of others
			words := strings.Fields(strings.TrimPrefix(strings.TrimPrefix(plain, "$ "), "go run ./cmd/"))
			if len(words) < 2 || words[0] != "gtrace" || strings.HasPrefix(words[1], "-") {
				continue
			}
			commands++
			help, err := exec.CommandContext(t.Context(), gtrace(t), words[1], "--help").Output()
			if err != nil {
				t.Errorf("%s: gtrace %s --help: %v", b.page, words[1], err)
				continue
			}
			for _, w := range words[2:] {
				if w == "--" || w == "#" || w == "|" {
					break // the target's words, a comment, another command
				}
				name := flag.FindString(w)
				if name != "" && !regexp.MustCompile(`(?m)^ *(-[a-z], *)?`+regexp.QuoteMeta(name)+`\b`).Match(help) {
					t.Errorf("%s: %s\ngtrace %s has no flag %s", b.page, line, words[1], name)
				}
			}
		}
	}
	if commands == 0 {
		t.Error("no page shows a command")
	}
}
