package sbom

import (
	"strings"

	"github.com/nbuild/nbuild/internal/locked"
	"github.com/package-url/packageurl-go"
)

// npmPurl names an npm package (purl-spec, type npm).
func npmPurl(name, version string) string { return qualified(name, version, nil) }

func qualified(name, version string, q packageurl.Qualifiers) string {
	namespace, base, scoped := strings.Cut(name, "/")
	if !scoped {
		namespace, base = "", name
	}
	return packageurl.NewPackageURL(packageurl.TypeNPM, namespace, base, version, q, "").ToString()
}

// packagePurl names a package with where it comes from. Without a qualifier a purl of
// npm means what npm's default registry has under that name, so what comes from an
// address says which (download_url), and a tarball of the project says what it is
// (file_name, checksum): advisories on a name are on the registry's package.
func packagePurl(p *Package) string {
	var q packageurl.Qualifiers
	switch p.Origin.From {
	case locked.FromAddress:
		q = append(q, packageurl.Qualifier{Key: "download_url", Value: p.Origin.Shown()})
	case locked.FromFile:
		if !p.SHA256.IsZero() {
			q = append(q, packageurl.Qualifier{Key: "checksum", Value: "sha256:" + p.SHA256.String()})
		}
		q = append(q, packageurl.Qualifier{Key: "file_name", Value: p.Origin.Address})
	}
	return qualified(p.Name, p.Version, q)
}

// debPurl names a Debian package, with the qualifiers that scanners read: arch,
// distro, and upstream where the source package has another name or version.
func debPurl(d Deb, distro *Distro) string {
	q := packageurl.Qualifiers{{Key: "arch", Value: d.Arch}}
	namespace := "debian"
	if distro != nil {
		namespace = distro.ID
		q = append(q, packageurl.Qualifier{Key: "distro", Value: distro.ID + "-" + distro.Version})
	}
	if up := upstream(d); up != "" {
		q = append(q, packageurl.Qualifier{Key: "upstream", Value: up})
	}
	return packageurl.NewPackageURL(packageurl.TypeDebian, namespace, d.Name, d.Version, q, "").ToString()
}

func upstream(d Deb) string {
	switch {
	case d.Source == "" && d.SourceVersion == "", d.Source == d.Name && (d.SourceVersion == "" || d.SourceVersion == d.Version):
		return ""
	case d.SourceVersion == "" || d.SourceVersion == d.Version:
		return d.Source
	case d.Source == "":
		return d.Name + "@" + d.SourceVersion
	}
	return d.Source + "@" + d.SourceVersion
}

// genericPurl names what no ecosystem names.
func genericPurl(name, version string, q packageurl.Qualifiers) string {
	return packageurl.NewPackageURL(packageurl.TypeGeneric, "", name, version, q, "").ToString()
}

// ociPurl names an image by its manifest's digest (purl-spec, type oci). The
// repository's address is left out.
func ociPurl(name, digest, platform string) string {
	var q packageurl.Qualifiers
	if _, arch, ok := strings.Cut(platform, "/"); ok {
		q = append(q, packageurl.Qualifier{Key: "arch", Value: arch})
	}
	base := strings.ToLower(name[strings.LastIndexByte(name, '/')+1:])
	return packageurl.NewPackageURL(packageurl.TypeOCI, "", base, digest, q, "").ToString()
}

// Identity returns a purl without its version and its qualifiers but arch: what
// stays the same when a package is updated. A text that is not a purl is its own.
func Identity(purl string) string {
	p, err := packageurl.FromString(purl)
	if err != nil {
		return purl
	}
	var kept packageurl.Qualifiers
	for _, q := range p.Qualifiers {
		if q.Key == "arch" {
			kept = append(kept, q)
		}
	}
	p.Version, p.Qualifiers, p.Subpath = "", kept, ""
	return p.ToString()
}
