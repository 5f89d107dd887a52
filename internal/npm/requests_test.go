package npm

import (
	"fmt"
	"testing"
)

// What a package.json asks for is one of the kinds that npm has, by the form of the text:
// a range, a tag, a folder, a file, an address, a commit of git, or another name for one of
// the first two.
func TestWhatIsAskedForHasAKind(t *testing.T) {
	kinds := map[requested]string{ofRange: "range", ofTag: "tag", ofFolder: "folder", ofFile: "file", ofRemote: "remote", ofGit: "git", ofAlias: "alias"}
	for spec, want := range map[string]string{
		"": "range *", "*": "range *", "^1.0.0": "range ^1.0.0", " 1 || 2 ": "range 1 || 2", "latest": "tag latest", "v-1_x": "tag v-1_x", "a b": "error", "a$": "error",
		"../a": "folder ../a", "./a": "folder ./a", ".": "folder .", "/a": "folder /a", "~/a": "folder ~/a", "c:a": "folder c:a", "C:a": "folder C:a", "file:../a": "folder ../a", "FILE:../a": "folder ../a", "a/b/c": "folder a/b/c",
		"file:a.tgz": "file a.tgz", "./a.tar.gz": "file ./a.tar.gz", "a.tar": "file a.tar", "A.TGZ": "file A.TGZ", "file://../a": "folder ../a", "file:///..": "folder ..", "file:///.": "folder .", "file:///./a": "folder ./a", "file:///a": "folder ///a", "file:/a": "folder /a", "file://..a": "folder //..a",
		"npm:b@1": "alias b range 1", "npm:@s/b@^1": "alias @s/b range ^1", "npm:b": "alias b range *", "npm:@s/b": "alias @s/b range *", "npm:b@latest": "alias b tag latest", "NPM:b@1": "alias b range 1", "npm:b@../x": "error", "npm:b@https://files.example.com/x": "error", "npm:b@npm:c": "error", "npm:@s": "error", "npm:": "error",
		"https://files.example.com/a": "remote https://files.example.com/a", "http://files.example.com/a": "remote http://files.example.com/a", "HTTPS://files.example.com/a": "remote HTTPS://files.example.com/a",
		"git+https://git.example.com/a.git": "git https://git.example.com/a.git", "git+https://git.example.com/a.git#v1": "git https://git.example.com/a.git v1", "git+ssh://me@GIT.example.com/a#semver:^1": "git ssh://git.example.com/a", "git://git.example.com/a": "git git://git.example.com/a",
		"git+ssh://git.example.com:a/b#c": "git git.example.com:a/b c", "ftp://files.example.com/a": "error", "svn:a": "error", "git+svn://git.example.com/a": "error",
	} {
		r, err := parseRequest("a", spec)
		got := kinds[r.kind]
		switch {
		case err != nil:
			got = "error"
		case r.kind == ofFolder || r.kind == ofFile:
			got += " " + r.folder
		case r.kind == ofGit:
			got += " " + r.git.where
			if r.git.committish != "" {
				got += " " + r.git.committish
			}
		case r.kind == ofAlias:
			got = fmt.Sprintf("alias %s %s %s", r.name, kinds[r.aliased], r.text)
		default:
			got += " " + r.text
		}
		if got != want {
			t.Errorf("%q: %s, want %s (%v)", spec, got, want, err)
		}
		if err == nil && r.any != (r.text == "*" && (r.kind == ofRange || r.kind == ofAlias)) {
			t.Errorf("%q: any is %t", spec, r.any)
		}
	}
	for _, name := range []string{"", ".a", "@s", "a b", "@s/a/b"} {
		if _, err := parseRequest(name, "1"); err == nil {
			t.Errorf("%q is asked for", name)
		}
	}
	for _, test := range [][3]string{{"../a", "lib", "a"}, {"a", "lib", "lib/a"}, {"../../a", "lib", "../a"}, {"/a", "lib", "/a"}, {"~/a", "lib", "~/a"}, {"a", "", "a"}} {
		if got := (request{folder: test[0]}).in(test[1]); got != test[2] {
			t.Errorf("%s from %q is %s", test[0], test[1], got)
		}
	}
}

// Two readings of a package.json agree, or it is refused: a key that counts stands once,
// and what stands in the place of a value is what npm makes of it.
func TestAManifestHasOneReading(t *testing.T) {
	for _, key := range []string{"name", "version", "license", "dependencies", "devDependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta", "acceptDependencies", "engines", "bundleDependencies", "workspaces", "overrides"} {
		value := `{}`
		if key == "name" || key == "version" || key == "license" {
			value = `"1.0.0"`
		}
		if _, err := ReadManifest(fmt.Appendf(nil, `{%q:%s}`, key, value), "package.json"); err != nil {
			t.Errorf("%s: %v", key, err)
		}
		if _, err := ReadManifest(fmt.Appendf(nil, `{%q:%s,%q:%s}`, key, value, key, value), "package.json"); err == nil {
			t.Errorf("%s twice is read", key)
		}
	}
	for text, ok := range map[string]bool{
		`{"dependencies":null,"devDependencies":false}`: true, `{"dependencies":[]}`: true, `{"dependencies":["a"]}`: false, `{"dependencies":{"a":"1","a":"1"}}`: false, `{"dependencies":{"a":1}}`: false, `{"name":false,"version":null}`: true,
		`{"peerDependenciesMeta":[]}`: true, `{"overrides":"x"}`: true, `{"engines":[]}`: true, `{"other":{"a":1,"a":2}}`: true, `{`: false, `[]`: false, `{}{}`: false, ``: false,
	} {
		if _, err := ReadManifest([]byte(text), "package.json"); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
}
