package npm

import (
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/bounds"
)

// entry reads one value of "packages". Fields that this package has no use for
// are passed over; one that has another type than npm writes fails the reading.
func (p *parser) entry() *Entry {
	e := &Entry{}
	seen := make(map[string]bool, 12)
	p.Object(func(key string, at int) {
		p.once(seen, key, at)
		switch key {
		case "name":
			e.Name = p.Text()
		case "version":
			e.Version = p.Text()
		case "resolved":
			e.Resolved = p.orFalse()
		case "integrity":
			e.Integrity = p.Text()
		case "license":
			e.License = p.license()
		case "link":
			e.Link = p.truth()
		case "inBundle":
			e.InBundle = p.truth()
		case "hasInstallScript":
			e.HasInstallScript = p.truth()
		case "deprecated":
			e.Deprecated = p.orFalse()
		case "dependencies":
			e.Dependencies = p.texts()
		case "devDependencies":
			e.DevDependencies = p.texts()
		case "optionalDependencies":
			e.OptionalDependencies = p.texts()
		case "peerDependencies":
			e.PeerDependencies = p.texts()
		case "peerDependenciesMeta":
			e.PeerOptional = p.peerMeta()
		case "acceptDependencies":
			e.Accept = p.texts()
		case "hasShrinkwrap":
			e.HasShrinkwrap = p.truth()
		case "bundleDependencies", "bundledDependencies":
			e.BundleDependencies = p.list()
		case "os":
			e.OS = p.list()
		case "cpu":
			e.CPU = p.list()
		case "libc":
			e.Libc = p.list()
		case "engines":
			e.Engines = p.engines()
		case "bin":
			e.Bin = p.bin()
		case "workspaces":
			e.Workspaces = p.patterns()
		default:
			p.Skip()
		}
	})
	return e
}

// texts reads an object of strings.
func (p *parser) texts() map[string]string {
	out := map[string]string{}
	seen := map[string]bool{}
	p.Object(func(key string, at int) {
		p.once(seen, key, at)
		if len(out) >= bounds.Packages {
			p.Fail(at, "more than %d dependencies", bounds.Packages)
		}
		out[key] = p.Text()
	})
	return out
}

// list reads an array of strings, or one string in its place, as npm does.
func (p *parser) list() []string {
	switch p.Peek() {
	case '"':
		return []string{p.Text()}
	case '[':
		var out []string
		p.Array(func() { out = append(out, p.Text()) })
		return out
	default: // `"bundleDependencies": false` stands in old manifests
		p.Skip()
		return nil
	}
}

func (p *parser) truth() bool {
	at := p.Offset()
	switch p.Literal() {
	case "true":
		return true
	case "false", "null":
		return false
	}
	p.Fail(at, "true or false is due")
	return false
}

// orFalse reads a string, or nothing of false and its like.
func (p *parser) orFalse() string {
	if p.Peek() == '"' {
		return p.Text()
	}
	p.Skip()
	return ""
}

// license reads an SPDX expression, or the object or list that old manifests had.
func (p *parser) license() string {
	switch p.Peek() {
	case '"':
		return p.Text()
	case '{':
		word := ""
		p.Object(func(key string, _ int) {
			if key == "type" && p.Peek() == '"' {
				word = p.Text()
				return
			}
			p.Skip()
		})
		return word
	case '[':
		var words []string
		p.Array(func() {
			if word := p.license(); word != "" {
				words = append(words, word)
			}
		})
		if len(words) > 1 {
			return "(" + strings.Join(words, " OR ") + ")"
		}
		return strings.Join(words, "")
	}
	p.Skip()
	return ""
}

// engines reads an object, or the list that old manifests had and npm ignores.
func (p *parser) engines() map[string]string {
	if p.Peek() != '{' {
		p.Skip()
		return nil
	}
	out := map[string]string{}
	p.Object(func(key string, _ int) {
		if v := p.orFalse(); v != "" {
			out[key] = v
		}
	})
	return out
}

func (p *parser) peerMeta() map[string]bool {
	out := map[string]bool{}
	p.Object(func(name string, _ int) {
		if p.Peek() != '{' {
			p.Skip()
			return
		}
		p.Object(func(key string, _ int) {
			if key == "optional" && p.Peek() == 't' {
				out[name] = p.truth()
				return
			}
			p.Skip()
		})
	})
	return out
}

// bin reads the commands as npm-normalize-package-bin cleans them: a command is a
// plain name, its file is inside the package. One string names a command after
// the package; it is kept under "".
func (p *parser) bin() map[string]string {
	out := map[string]string{}
	add := func(command, file string) {
		file = strings.TrimPrefix(path.Join("/", strings.ReplaceAll(file, `\`, "/")), "/")
		if file != "" {
			out[command] = file
		}
	}
	switch p.Peek() {
	case '"':
		add("", p.Text())
	case '[':
		for _, file := range p.list() {
			if name := commandName(file); name != "" {
				add(name, file)
			}
		}
	case '{':
		p.Object(func(key string, _ int) {
			if p.Peek() != '"' {
				p.Skip()
				return
			}
			file := p.Text()
			if name := commandName(key); name != "" {
				add(name, file)
			}
		})
	default:
		p.Skip()
	}
	return out
}

// commandName is the last element of what a manifest calls a command, "" where
// nothing safe is left.
func commandName(key string) string {
	key = strings.TrimRight(strings.NewReplacer(`\`, "/", ":", "/").Replace(key), "/")
	name := strings.TrimPrefix(path.Join("/", path.Base(key)), "/")
	if strings.ContainsRune(name, 0) {
		return ""
	}
	return name
}
