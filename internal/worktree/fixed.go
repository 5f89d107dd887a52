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
}

var fixedRules = []fixedRule{
	{[]string{".git", ".hg", ".svn", ".jj"}, false, "history of the repository"},
	{[]string{"node_modules"}, true, "packages come from the snapshot"},
	{[]string{".env", ".env.*", "*.env", ".envrc"}, false, "settings that hold secrets"},
	{[]string{".npmrc", ".yarnrc", ".yarnrc.yml", ".netrc", ".pypirc", ".dockercfg", ".git-credentials", ".htpasswd", ".pgpass"}, false, "credentials"},
	{[]string{".ssh", ".aws", ".azure", ".gcloud", ".kube", ".docker", ".gnupg"}, true, "credentials"},
	{[]string{"id_rsa", "id_dsa", "id_ecdsa", "id_ed25519", "id_*_sk", "*.key", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.kdbx", "*.ppk", "*.p8"}, false, "name of a private key"},
	{[]string{"test", "tests", "__tests__", "__mocks__", "__fixtures__", "__snapshots__", "spec", "e2e", "cypress"}, true, "test code"},
	{[]string{"*.test.js", "*.test.cjs", "*.test.mjs", "*.test.ts", "*.test.mts", "*.test.cts", "*.test.jsx", "*.test.tsx",
		"*.spec.js", "*.spec.cjs", "*.spec.mjs", "*.spec.ts", "*.spec.mts", "*.spec.cts", "*.spec.jsx", "*.spec.tsx"}, false, "test code"},
	{[]string{"coverage", ".nyc_output", ".cache", ".turbo", ".parcel-cache"}, true, "output of tools"},
	{[]string{".github", ".gitlab", ".circleci", ".ci", ".vscode", ".idea", ".husky"}, true, "settings of other tools"},
	{[]string{".gitignore", ".gitattributes", ".gitmodules", ".npmignore", ".dockerignore", ".editorconfig", ".ds_store", "thumbs.db", "*.swp", "*~", "npm-debug.log*", "*.log"}, false, "not read in production"},
	{[]string{"dockerfile", "dockerfile.*", "docker-compose*.yml", "docker-compose*.yaml", "build.hcl", "build.hcl.json", "trust.hcl", "nbuild.lock"}, false, "instructions of the build"},
}

// examples are names of a secret's kind that hold none.
var examples = []string{".env.example", ".env.sample", ".env.template", ".env.dist"}

// fixed returns the reason for which the fixed list leaves a path out, or "".
func fixed(name string, isDir bool) string {
	last := strings.ToLower(path.Base(name))
	if slices.Contains(examples, last) {
		return "not read in production"
	}
	for _, r := range fixedRules {
		if r.dir && !isDir {
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
