package diag

// Distance returns the edits that make b of a: letters put in, left out,
// changed, or swapped with their neighbour.
func Distance(a, b string) int {
	if d := len(a) - len(b); max(d, -d) > maxDistance {
		return maxDistance
	}
	older := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range row {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j+1]+1, row[j]+1, last[j]+cost)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], older[j-1]+1)
			}
		}
		older, last, row = last, row, older
	}
	return last[len(b)]
}

// maxDistance is further than any likeness.
const maxDistance = 20

// Nearest returns the name that looks most like the one given, or "" when none
// is near enough to be meant. Of several it returns the first.
func Nearest(name string, names []string) string {
	nearest, least := "", max(1, len(name)/2)+1
	for _, n := range names {
		if d := Distance(name, n); d < least {
			nearest, least = n, d
		}
	}
	return nearest
}
