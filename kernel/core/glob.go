package core

// matchGlob reports whether all of text matches pattern, as GLOB of SQLite
// does, which IPython's history has made the meaning of a search: * is any
// text with line ends and slashes, ? one character, [abc] [a-z] [^abc] one of
// a set. Time is at worst len(pattern) * len(text).
func matchGlob(pattern, text string) bool {
	p, t := []rune(pattern), []rune(text)
	pi, ti := 0, 0
	star, mark := -1, 0 // the last *, and where its text ended
	for ti < len(t) {
		if pi < len(p) {
			if p[pi] == '*' {
				star, mark = pi, ti
				pi++
				continue
			}
			if n, ok := matchOne(p[pi:], t[ti]); ok {
				pi += n
				ti++
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		pi, ti = star+1, mark
	}
	for pi < len(p) && p[pi] == '*' {
		pi++
	}
	return pi == len(p)
}

// matchOne matches one character and returns the length of its pattern.
func matchOne(p []rune, c rune) (n int, ok bool) {
	switch p[0] {
	case '?':
		return 1, true
	case '[':
		if n, ok, closed := matchSet(p, c); closed {
			return n, ok
		}
	}
	return 1, p[0] == c
}

// matchSet matches the set at the start of p. Without its ] it is no set.
func matchSet(p []rune, c rune) (n int, ok, closed bool) {
	i, not := 1, false
	if i < len(p) && p[i] == '^' {
		not = true
		i++
	}
	for first := i; i < len(p); i++ {
		if p[i] == ']' && i > first {
			return i + 1, ok != not, true
		}
		lo, hi := p[i], p[i]
		if i+2 < len(p) && p[i+1] == '-' && p[i+2] != ']' {
			hi = p[i+2]
			i += 2
		}
		ok = ok || lo <= c && c <= hi
	}
	return 0, false, false
}
