package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"path"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// oddity is a package that a seed makes, and what is known about it before anyone reads
// its tarball.
type oddity struct {
	name    string
	tgz     []byte
	bin     map[string]string // of its entry in the lockfile
	refused string            // why pin must refuse it, "" where it must not
}

// packer writes a tar stream by hand: what writers of old did, a library does not do.
type packer struct {
	*rand.Rand
	tar    bytes.Buffer
	prefix string
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// member writes one member of the archive, under a name in full.
func (p *packer) member(name string, kind byte, mode int64, link string, body []byte) {
	records := ""
	record := func(key, value string) {
		n := len(key) + len(value) + 3
		for n != len(fmt.Sprint(n))+len(key)+len(value)+3 {
			n = len(fmt.Sprint(n)) + len(key) + len(value) + 3
		}
		records += fmt.Sprintf("%d %s=%s\n", n, key, value)
	}
	field, prefix := name, ""
	if len(name) > 100 {
		i := strings.LastIndexByte(name[:min(len(name), 131)], '/')
		switch {
		case i > 0 && len(name)-i-1 <= 100 && p.IntN(2) == 0:
			prefix, field = name[:i], name[i+1:]
		case p.IntN(2) == 0:
			p.header("././@LongLink", "", 'L', 0, "", int64(len(name)+1))
			p.body(append([]byte(name), 0))
			field = name[:100]
		default:
			record("path", name)
			field = name[:100]
		}
	} else if p.IntN(8) == 0 {
		record("path", name)
		field = "elsewhere"
	}
	if p.IntN(10) == 0 {
		record("mtime", "1234567890.5")
		record("SCHILY.xattr.user.a", "b")
	}
	if p.IntN(20) == 0 && kind == '0' {
		record("size", fmt.Sprint(len(body)))
	}
	if records != "" {
		p.header("PaxHeader/x", "", 'x', 0o644, "", int64(len(records)))
		p.body([]byte(records))
	}
	p.header(field, prefix, kind, mode, link, int64(len(body)))
	p.body(body)
}

func (p *packer) header(name, prefix string, kind byte, mode int64, link string, size int64) {
	var h [512]byte
	copy(h[:100], name)
	copy(h[100:], fmt.Sprintf("%07o\x00", mode))
	copy(h[108:], fmt.Sprintf("%07o\x00%07o\x00", p.IntN(70000), p.IntN(70000)))
	copy(h[124:], fmt.Sprintf("%011o\x00%011o\x00", size, p.IntN(1<<31)))
	h[156] = kind
	copy(h[157:257], link)
	copy(h[257:], "ustar\x0000")
	copy(h[265:], pick(p.Rand, "", "root", "nobody"))
	copy(h[345:], prefix)
	copy(h[148:], "        ")
	sum := 0
	for _, b := range h {
		sum += int(b)
	}
	copy(h[148:], fmt.Sprintf("%06o\x00 ", sum))
	p.tar.Write(h[:])
}

func (p *packer) body(b []byte) {
	p.tar.Write(b)
	p.tar.Write(make([]byte, (512-len(b)%512)%512))
}

var oddModes = []int64{0o644, 0o644, 0o644, 0o755, 0o755, 0o744, 0o754, 0o750, 0o700, 0o600, 0o664, 0o666, 0o777, 0o640, 0o444, 0o555, 0o100, 0, 0o4755, 0o2755, 0o1644}

// text is what a file holds.
func (p *packer) text() []byte {
	shebang := pick(p.Rand, "#!/usr/bin/env node\r\n", "#!/usr/bin/env node\n", "#!n\r\r\n", "#!\r\n", "#!/bin/sh -e\r\n", "")
	rest := pick(p.Rand, "", "exports.a = 1\r\n", "\xff\xfe\r\n", "caf\u00e9\n", "\xe2\x82", strings.Repeat("x\r\n", 900))
	return []byte(shebang + rest + fmt.Sprint(p.IntN(1000)))
}

// file is a name below the package's folder, in some folder.
func (p *packer) file(i int) string {
	folder := pick(p.Rand, "", "", "lib/", "bin/", "a/b/c/", "with space/", "\u00fc/", "node_modules_/", strings.Repeat("long/", 25), "@scope/x/")
	name := pick(p.Rand, "f", "\u00e9", "a b", "UPPER", ".hidden", "x"+strings.Repeat("y", 90), "n"+strings.Repeat("m", 200), "weird\\name", "dash-", "#hash", "per%cent")
	return folder + name + fmt.Sprint(i) + pick(p.Rand, ".js", "", ".json", ".sh")
}

// oddPackage makes the package of a seed.
func oddPackage(name string, seed uint64) oddity {
	r := rand.New(rand.NewPCG(seed, 7))
	p := &packer{Rand: r, prefix: pick(r, "package/", "package/", "package/", name+"-1.0.0/", "./", "x y/")}
	o := oddity{name: name, bin: map[string]string{}}
	manifest := map[string]any{"name": name, "version": "1.0.0"}
	type member struct {
		name string
		kind byte
		mode int64
		link string
		body []byte
	}
	var members []member
	add := func(name string, kind byte, link string, body []byte) {
		members = append(members, member{p.prefix + name, kind, pick(r, oddModes...), link, body})
	}
	var files []string
	for i := range 1 + r.IntN(9) {
		f := p.file(i)
		files = append(files, f)
		add(f, pick(r, byte('0'), '0', '0', 0, '7'), "", p.text())
		if r.IntN(10) == 0 { // once more, the same
			again := members[len(members)-1]
			again.kind, again.mode = '0', pick(r, oddModes...)
			members[len(members)-1].kind = '0'
			members = append(members, again)
		}
	}
	if r.IntN(6) == 0 { // as long as a name may be; npm makes no command of it, for want of room beside it
		add(strings.Repeat("l", 255), '0', "", p.text())
	}
	for _, folder := range []string{"", "lib/", "deep/er/"} {
		switch r.IntN(6) {
		case 0:
			add(folder+".gitignore", '0', "", []byte("git"))
		case 1:
			add(folder+".gitignore", '0', "", []byte("git"))
			add(folder+".npmignore", '0', "", []byte("npm"))
		case 2:
			add(folder+".npmignore", '0', "", []byte("npm"))
		}
	}
	for range r.IntN(4) {
		switch r.IntN(4) {
		case 0:
			add(pick(r, "empty/", "empty/deeper/", "lib/", "tmp x/"), '5', "", nil)
		case 1:
			add(pick(r, "old/", "lib/"), '0', "", nil) // a folder as tars of old wrote it
		case 2:
			add(pick(r, "link", "lib/link"), '2', pick(r, "f0.js", "./lib", "nowhere"), nil)
		default:
			add("hard", '1', p.prefix+files[0], nil)
		}
	}
	// Commands: what package.json says, what the lockfile says, and whether those agree.
	target := pick(r, files[0], "./"+files[0], files[len(files)-1], "missing.js", "lib", "../"+files[0])
	switch r.IntN(6) {
	case 0:
		manifest["bin"] = target
	case 1:
		manifest["bin"] = map[string]string{name: target, "second": files[0], "../up": files[0]}
	case 2:
		manifest["bin"] = []string{files[0]}
	case 3:
		manifest["directories"] = map[string]string{"bin": "bin"}
	case 4:
		manifest["bin"] = nil
	}
	switch r.IntN(4) {
	case 0:
		o.bin[name] = target
	case 1:
		o.bin[name], o.bin["z-"+name] = files[0], files[len(files)-1]
	case 2:
		if bin, ok := manifest["bin"].(map[string]string); ok {
			o.bin = bin
		}
	}
	strict := r.IntN(45)
	switch strict {
	case 0:
		o.refused = "two contents"
		add(files[0], '0', "", []byte("another"))
	case 1:
		o.refused = "case"
		add("Case.js", '0', "", nil)
		add("cASE.js", '0', "", nil)
	case 2:
		o.refused = "normal form"
		add("\u00e9", '0', "", nil)
		add("e\u0301", '0', "", nil)
	case 3:
		o.refused = "a long name"
		add(strings.Repeat("n", 256), '0', "", nil)
	case 4:
		o.refused = "a pipe"
		add("pipe", '6', "", nil)
	case 5:
		o.refused = "a link out"
		add("out", '2', "../../outside", nil)
	case 6:
		o.refused = "an absolute path"
		members = append(members, member{name: "/etc/x", kind: '0', body: []byte("x")})
	case 7:
		o.refused = "another name"
		manifest["name"] = name + "-other"
	case 8:
		o.refused = "below a dot"
		p.prefix = "./package/"
		for i := range members {
			_, rest, _ := strings.Cut(members[i].name, "/")
			members[i].name = p.prefix + rest
		}
	}
	raw, _ := json.Marshal(manifest)
	if r.IntN(5) == 0 {
		raw = append([]byte("\xef\xbb\xbf"), raw...)
	}
	members = slices.Insert(members, r.IntN(len(members)+1), member{p.prefix + "package.json", '0', pick(r, oddModes...), "", raw})
	if r.IntN(4) == 0 {
		members = append([]member{{"pax_global_header", 'g', 0o666, "", []byte("52 comment=0123456789012345678901234567890123456789\n")}}, members...)
	}
	for _, m := range members {
		if m.kind == 'g' {
			p.header(m.name, "", m.kind, m.mode, "", int64(len(m.body)))
			p.body(m.body)
			continue
		}
		p.member(m.name, m.kind, m.mode, m.link, m.body)
	}
	p.tar.Write(make([]byte, 512*pick(r, 0, 1, 2, 2, 2, 20)))
	o.tgz = squeeze(r, p.tar.Bytes())
	return o
}

// squeeze compresses a tar, in one gzip member or in two.
func squeeze(r *rand.Rand, tar []byte) []byte {
	var out bytes.Buffer
	parts := [][]byte{tar}
	if r.IntN(4) == 0 {
		at := r.IntN(len(tar))
		parts = [][]byte{tar[:at], tar[at:]}
	}
	for _, part := range parts {
		z, _ := gzip.NewWriterLevel(&out, pick(r, 1, 6, 9))
		z.Header.Name = pick(r, "", "package.tar")
		_, _ = z.Write(part)
		_ = z.Close()
	}
	out.Write(make([]byte, pick(r, 0, 0, 3)))
	return out.Bytes()
}

// cleaned is a bin as a lockfile has it: npm writes it so (npm-normalize-package-bin).
func cleaned(bin map[string]string) map[string]string {
	out := map[string]string{}
	for name, target := range bin {
		if target = path.Clean("/" + strings.ReplaceAll(target, `\`, "/"))[1:]; target != "" {
			out[path.Base(name)] = target
		}
	}
	return out
}
