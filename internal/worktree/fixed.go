package worktree

import (
	"path"
	"slices"
	"strings"
)

// fixedRule keeps out what no image needs, whatever a project says. Patterns are
// of path.Match and hold for the last element of a path, in lower case.
type fixedRule struct {
	patterns []string
	dir      bool // for folders only
	reason   string
	image    bool // kept out of an image only: a build may read it
}

var fixedRules = []fixedRule{
	{[]string{".git", ".hg", ".svn", ".jj"}, false, "history of the repository", false},
	{[]string{"node_modules"}, true, "packages come from the snapshot", false},
	{[]string{".env", ".env.*", "*.env", ".envrc"}, false, "settings that hold secrets", false},
	{[]string{".npmrc", ".yarnrc", ".yarnrc.yml", ".netrc", ".pypirc", ".dockercfg", ".git-credentials", ".htpasswd", ".pgpass"}, false, "credentials", false},
	{[]string{".ssh", ".aws", ".azure", ".gcloud", ".kube", ".docker", ".gnupg"}, true, "credentials", false},
	{[]string{"id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_*_sk", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk", "*.p8"}, false, "name of a private key", false},
	{[]string{"test", "tests", "__tests__", "__mocks__", "__fixtures__", "__snapshots__", "spec", "e2e", "cypress"}, true, "test code", true},
	{[]string{"*.test.js", "*.test.cjs", "*.test.mjs", "*.test.ts", "*.test.mts", "*.test.cts", "*.test.jsx", "*.test.tsx",
		"*.spec.js", "*.spec.cjs", "*.spec.mjs", "*.spec.ts", "*.spec.mts", "*.spec.cts", "*.spec.jsx", "*.spec.tsx"}, false, "test code", true},
	{[]string{"coverage", ".nyc_output", ".cache", ".turbo", ".parcel-cache"}, true, "output of tools", false},
	{[]string{".github", ".gitlab", ".circleci", ".ci", ".vscode", ".idea", ".husky"}, true, "settings of other tools", true},
	{[]string{".gitignore", ".gitattributes", ".gitmodules", ".npmignore", ".dockerignore", ".editorconfig", ".ds_store", "thumbs.db", "*.swp", "*~", "npm-debug.log*", "*.log"}, false, "not read in production", true},
	{[]string{"dockerfile", "dockerfile.*", "docker-compose*.yml", "docker-compose*.yaml"}, false, "instructions of the build", true},
	{[]string{"build.hcl", "build.hcl.json", "trust.hcl", "nbuild.lock"}, false, "instructions of the build", false},
}

// examples are names of a secret's kind that hold none.
var examples = []string{".env.example", ".env.sample", ".env.template", ".env.dist"}

// fixed returns the reason for which the fixed list leaves a path out, or "". All asks
// for what a build may read.
func fixed(name string, isDir, all bool) string {
	last := strings.ToLower(path.Base(name))
	if slices.Contains(examples, last) {
		if all {
			return ""
		}
		return "not read in production"
	}
	for _, r := range fixedRules {
		if r.dir && !isDir || r.image && all {
			continue
		}
		for _, p := range r.patterns {
			if ok, err := path.Match(p, last); err == nil && ok {
				return r.reason
			}
		}
	}
	return ""
}
