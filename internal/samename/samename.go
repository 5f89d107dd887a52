// Package samename finds out which names are one name somewhere.
//
// Two names that differ on one file system can be one file on another, and then what
// an archive, a tree or an image holds depends on where it is unpacked. Case does not
// count on macOS and Windows; how an accent is written (é as one character or as two)
// does not count on macOS; and ext4 and f2fs with casefold, like APFS, compare by full
// case folding, where ß is ss, and pass over characters that are not seen, as HFS+
// does. NTFS alone keeps ß and ss apart. Whoever refuses a pair that is one name
// anywhere asks here, so that all refuse the same pairs.
//
// [Key] is the canonical decomposition (Unicode Standard Annex #15, NFD), full case
// folding (Unicode Standard §3.13, toCasefold), decomposed again because folding may
// compose, without the code points that are ignored by default.
//
// The invariant: two names that any of these file systems takes for one have equal
// keys, and Key(Key(n)) is Key(n).
package samename

import (
	"strings"
	"unicode"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
)

// Key returns what all names have in common that are the same somewhere. Slashes stay,
// so a whole path has a key too.
func Key(name string) string {
	ascii := true
	for i := range len(name) {
		if name[i] >= 0x80 {
			ascii = false
			break
		}
	}
	if ascii {
		return strings.ToLower(name)
	}
	key := strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Cf, unicode.Variation_Selector, unicode.Other_Default_Ignorable_Code_Point) {
			return -1
		}
		if unicode.Is(unicode.Cherokee, r) {
			// Cherokee folds to capitals (CaseFolding.txt); package cases turns either case
			// into the other, so both are made one first.
			return unicode.ToUpper(r)
		}
		return r
	}, name)
	return norm.NFD.String(cases.Fold().String(norm.NFD.String(key)))
}
