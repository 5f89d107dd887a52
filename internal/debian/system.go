package debian

import (
	"bytes"
	"slices"
	"strings"
)

// Nonroot is the user and group id of an image's own user, the one that other
// small bases use.
const Nonroot = 65532

// The files that maintainer scripts or an administrator would have written.
const (
	passwd = "root:x:0:0:root:/root:/sbin/nologin\n" +
		"nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\n" +
		"nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n"
	group    = "root:x:0:\ntty:x:5:\nstaff:x:50:\nnobody:x:65534:\nnonroot:x:65532:\n"
	nsswitch = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nnetworks: files\nprotocols: files\nservices: files\n"
	hostConf = "multi on\n"
	hosts    = "127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n" // container engines put theirs over it
)

// directories are those that a running system expects, with their modes. Owners
// are root, as of every file in a layer: what is to be written to is /tmp, or a
// volume.
var directories = []File{
	{Path: "boot", Mode: 0o755}, {Path: "dev", Mode: 0o755}, {Path: "etc", Mode: 0o755}, {Path: "home", Mode: 0o755},
	{Path: "home/nonroot", Mode: 0o755}, {Path: "mnt", Mode: 0o755}, {Path: "opt", Mode: 0o755}, {Path: "proc", Mode: 0o755},
	{Path: "root", Mode: 0o700}, {Path: "run", Mode: 0o755}, {Path: "srv", Mode: 0o755}, {Path: "sys", Mode: 0o755},
	{Path: "tmp", Mode: 0o1777}, {Path: "usr", Mode: 0o755}, {Path: "usr/bin", Mode: 0o755}, {Path: "usr/lib", Mode: 0o755},
	{Path: "usr/local", Mode: 0o755}, {Path: "usr/local/bin", Mode: 0o755}, {Path: "usr/sbin", Mode: 0o755},
	{Path: "var", Mode: 0o755}, {Path: "var/cache", Mode: 0o755}, {Path: "var/lib", Mode: 0o755}, {Path: "var/log", Mode: 0o755},
	{Path: "var/tmp", Mode: 0o1777},
}

// systemFiles are what no package brings: the links of a merged /usr, directories,
// the list of users, and what is computed from the packages, sorted by path. Zones says
// that tzdata is among them.
func systemFiles(zones bool, certificates []byte, arch string) []File {
	var files []File
	for _, d := range directories {
		d.Dir = true
		files = append(files, d)
	}
	links := []string{"bin", "lib", "sbin"}
	if arch == "amd64" {
		links = append(links, "lib64") // where programs for it say that their loader is
	}
	for _, name := range links {
		files = append(files, File{Path: name, Link: merged[name]})
	}
	if arch == "amd64" {
		files = append(files, File{Path: "usr/lib64", Mode: 0o755, Dir: true})
	}
	for _, f := range []struct{ path, text string }{
		{"etc/group", group}, {"etc/host.conf", hostConf}, {"etc/hosts", hosts}, {"etc/nsswitch.conf", nsswitch}, {"etc/passwd", passwd},
	} {
		files = append(files, File{Path: f.path, Mode: 0o644, Data: []byte(f.text)})
	}
	if zones {
		files = append(files, File{Path: "etc/localtime", Link: "/usr/share/zoneinfo/Etc/UTC"})
	}
	if len(certificates) > 0 {
		files = append(files, File{Path: "etc/ssl/certs/ca-certificates.crt", Mode: 0o644, Data: certificates})
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	return files
}

func certificate(p string) bool {
	return strings.HasPrefix(p, "usr/share/ca-certificates/") && strings.HasSuffix(p, ".crt")
}

// certificates joins what the packages have under usr/share/ca-certificates to the
// one file that TLS libraries read, in order of the paths: what
// update-ca-certificates makes where nobody deselected any.
func certificates(debs []*Deb) []byte {
	var found []File
	for _, d := range debs {
		for _, f := range d.Files {
			if certificate(f.Path) && f.Link == "" {
				found = append(found, f)
			}
		}
	}
	slices.SortFunc(found, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	var all bytes.Buffer
	for _, f := range found {
		all.Write(bytes.TrimSpace(f.Data))
		all.WriteByte('\n')
	}
	return all.Bytes()
}
