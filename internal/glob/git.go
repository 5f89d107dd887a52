package glob

// Git reports whether one path element matches a glob of * ? [class] and \x,
// bytewise, as git does. A malformed class matches nothing. Backtracking goes to
// the last star only, so the work is at most the product of the two lengths.
func Git(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		if p < len(pattern) && pattern[p] == '*' {
			star, mark = p, i
			p++
			continue
		}
		if p < len(pattern) {
			if next, ok := matchByte(pattern, p, s[i]); ok {
				p, i = next, i+1
				continue
			}
		}
		if star < 0 {
			return false
		}
		mark++
		p, i = star+1, mark
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// matchByte matches one byte and says where the pattern goes on.
func matchByte(pattern string, p int, b byte) (next int, ok bool) {
	switch pattern[p] {
	case '?':
		return p + 1, true
	case '[':
		in, next, ok := matchClass(pattern, p, b)
		return next, ok && in
	case '\\':
		if p++; p == len(pattern) {
			return 0, false
		}
	}
	return p + 1, pattern[p] == b
}

// matchClass reads [a-z], [!a-z] and [^a-z], where ] may come first.
func matchClass(pattern string, p int, b byte) (in bool, next int, ok bool) {
	p++
	negate := p < len(pattern) && (pattern[p] == '!' || pattern[p] == '^')
	if negate {
		p++
	}
	one := func() (byte, bool) {
		if p < len(pattern) && pattern[p] == '\\' {
			p++
		}
		if p >= len(pattern) {
			return 0, false
		}
		p++
		return pattern[p-1], true
	}
	for first := true; ; first = false {
		if p >= len(pattern) {
			return false, 0, false
		}
		if pattern[p] == ']' && !first {
			return in != negate, p + 1, true
		}
		low, ok := one()
		if !ok {
			return false, 0, false
		}
		high := low
		if p+1 < len(pattern) && pattern[p] == '-' && pattern[p+1] != ']' {
			p++
			if high, ok = one(); !ok {
				return false, 0, false
			}
		}
		if low <= b && b <= high {
			in = true
		}
	}
}
