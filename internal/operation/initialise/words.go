package initialise

import (
	"slices"
	"strings"
	"unicode"

	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// command is one command of a script, as a shell would start it.
type command struct {
	env   map[string]string
	words []string
	text  string   // as it stands in the script
	left  []string // what of it could not be kept, in words for people
}

// parts divides a script into the commands that run one after another: at && and ;
// outside of quotes.
func parts(script string) []string {
	var all []string
	var quote rune
	begin := 0
	for i, c := range script {
		switch {
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == ';' || c == '&' && strings.HasPrefix(script[i:], "&&"):
			all = append(all, script[begin:i])
			begin = i + 1
		case c == '&' && i == begin: // the second of the two
			begin = i + 1
		}
	}
	all = append(all, script[begin:])
	for i := range all {
		all[i] = strings.TrimSpace(all[i])
	}
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

var (
	assignment = lazyregexp.New(`^([A-Za-z_][A-Za-z0-9_]*)=(.*)$`)
	defaulted  = lazyregexp.New(`\$\{[A-Za-z_][A-Za-z0-9_]*:?[-=]([^}]*)\}`)
	variable   = lazyregexp.New(`\$\{?[A-Za-z_@*#0-9][A-Za-z0-9_]*\}?`)
)

// parse reads one command. It is not read where it needs a shell for more than quotes,
// defaults of variables and a pipe behind it.
func parse(script string) (command, bool) {
	c := command{env: map[string]string{}, text: script}
	script = defaulted().ReplaceAllString(script, "$1")
	var words []string
	var word strings.Builder
	var quote rune
	open := false
	piped := ""
scan:
	for i, r := range script {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '"' || r == '\'':
			quote, open = r, true
		case r == '|' && !strings.HasPrefix(script[i:], "||"):
			piped = strings.TrimSpace(script[i+1:])
			break scan
		case strings.ContainsRune("|&;<>()`*?\\~#!", r):
			return c, false
		case unicode.IsSpace(r):
			if open {
				words = append(words, word.String())
				word.Reset()
				open = false
			}
		default:
			word.WriteRune(r)
			open = true
		}
	}
	if open {
		words = append(words, word.String())
	}
	if quote != 0 {
		return c, false
	}
	if piped != "" {
		c.left = append(c.left, "its output goes through `"+piped+"` there, and not in the image")
	}
	for _, w := range words {
		if variable().MatchString(w) {
			c.left = append(c.left, "`"+w+"` holds a variable, which nobody sets in an image, and was left out")
			continue
		}
		c.words = append(c.words, w)
	}
	c.strip()
	return c, len(c.words) > 0
}

// strip takes what only sets variables, or reads them from a file, from before a command.
func (c *command) strip() {
	for len(c.words) > 0 {
		if m := assignment().FindStringSubmatch(c.words[0]); m != nil {
			c.env[m[1]] = m[2]
			c.words = c.words[1:]
			continue
		}
		switch c.words[0] {
		case "cross-env", "cross-env-shell", "env":
			c.words = c.words[1:]
		case "npx", "exec":
			c.words = c.words[1:]
			for len(c.words) > 0 && strings.HasPrefix(c.words[0], "-") {
				c.words = c.words[1:]
			}
		case "env-cmd", "dotenv", "dotenvx":
			c.left = append(c.left, "variables come from a file there; an image is given them when it is started")
			rest := c.words[1:]
			for len(rest) > 1 && (strings.HasPrefix(rest[0], "-") || rest[0] == "run") {
				valued := rest[0] == "-f" || rest[0] == "--file" || rest[0] == "-e"
				rest = rest[1:]
				if valued {
					rest = rest[1:]
				}
			}
			c.words = rest
		default:
			return
		}
	}
}

// runs names the scripts that a command of npm and its kin runs, in order, and what they
// are given beside; nil where it is none.
func (c *command) runs(scripts map[string]string) (names, given []string) {
	w := c.words
	if len(w) == 0 {
		return nil, nil
	}
	take := func(rest []string) {
		for i, a := range rest {
			switch {
			case a == "--":
				given = append(given, rest[i+1:]...)
				return
			case strings.HasPrefix(a, "-"):
			case scripts[a] != "":
				names = append(names, a)
			}
		}
	}
	switch {
	case slices.Contains([]string{"npm", "yarn", "pnpm", "bun"}, w[0]) && len(w) > 1:
		rest := w[1:]
		if rest[0] == "run" || rest[0] == "run-script" {
			rest = rest[1:]
		} else if rest[0] != "start" && rest[0] != "test" && w[0] == "npm" {
			return nil, nil
		}
		take(rest[:min(1, len(rest))])
		if len(names) > 0 && len(rest) > 1 {
			given = rest[1:]
			if given[0] == "--" {
				given = given[1:]
			}
		}
	case w[0] == "run-s" || w[0] == "run-p" || w[0] == "npm-run-all" || w[0] == "npm-run-all2":
		take(w[1:])
	}
	return names, given
}
