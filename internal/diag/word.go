package diag

import "strings"

// Word is s as one word of a command that a message gives to type, as POSIX shells read
// it (XCU 2.2, Quoting): as it is where no shell sees anything in it, else between single
// quotes. What a lockfile, a manifest or a registry says is other people's text, and a
// remedy is typed with its reader's rights: a folder named `lib; curl …` must stay a name.
//
// A word that begins with a hyphen is still an option to the program that gets it. Paths
// are kept from that by the `./` before them.
func Word(s string) string {
	if s != "" && strings.Trim(s, wordSafe) == "" && s[0] != '#' && s[0] != '=' {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

// wordSafe are the characters that stand for themselves in every shell, a hash within a
// word among them.
const wordSafe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-#"
