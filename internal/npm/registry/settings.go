package registry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/diag"
)

// TreeSettings is what npm's configuration says about the tree that `npm ci` lays out.
type TreeSettings struct {
	Omit           []string // of "dev", "optional", "peer"
	NoBinLinks     bool
	LegacyPeerDeps bool
	EngineStrict   bool     // engines that refuse this Node or npm are an error
	Forced         bool     // devEngines that refuse this machine only warn
	OS, CPU, Libc  string   // where it is for another machine; "" is this one
	Unjudged       []string // settings by which npm refuses some trees, and nbuild none
}

// effect is what becomes of a setting of npm's where a tree is laid out.
type effect uint8

const (
	none     effect = iota // it changes no tree
	followed               // as npm does
	refused                // the tree would be another one than nbuild makes
	judges                 // npm refuses some trees for it; nbuild has its own judgement
)

// rule is how a setting is treated, and for which values. The reason is shown to
// whoever has set it.
type rule struct {
	effect effect
	why    string
	idle   func(value string) bool // values that ask for nothing
}

// treeRules are the settings that have a say in a tree. All others are in idleSettings.
var treeRules = map[string]rule{
	"also": {effect: followed}, "bin-links": {effect: followed}, "cpu": {effect: followed}, "dev": {effect: followed}, "engine-strict": {effect: followed},
	"include": {effect: followed}, "legacy-peer-deps": {effect: followed}, "libc": {effect: followed}, "omit": {effect: followed},
	"only": {effect: followed}, "optional": {effect: followed}, "os": {effect: followed}, "production": {effect: followed},

	"install-strategy":  {refused, "nbuild lays packages out where the lockfile says, which is npm's hoisted strategy", is("hoisted")},
	"global-style":      {refused, "nbuild lays packages out where the lockfile says, which is npm's hoisted strategy", off},
	"legacy-bundling":   {refused, "nbuild lays packages out where the lockfile says, which is npm's hoisted strategy", off},
	"rebuild-bundle":    {refused, "nbuild links the commands of bundled packages, as npm does by default", on},
	"umask":             {refused, "files get the modes that the process's own umask leaves", func(v string) bool { return strings.Trim(v, "0") == "" }},
	"dry-run":           {refused, "npm would lay out nothing; `nbuild install --check` compares", off},
	"package-lock-only": {refused, "npm would lay out nothing; `nbuild install --check` compares", off},
	"global":            {refused, "npm ci lays out no global packages, and neither does nbuild", off},
	"location":          {refused, "npm ci lays out no global packages, and neither does nbuild", func(v string) bool { return v != "global" }},
	"workspace":         {refused, "an npm block is one lockfile; name that of the workspace in build.hcl", is("")},

	"allow-directory": {judges, "", is("all")}, "allow-file": {judges, "", is("all")}, "allow-git": {judges, "", is("all")},
	"allow-remote": {judges, "", is("all")}, "strict-peer-deps": {judges, "", off},
	"strict-allow-scripts": {judges, "", off},
}

// idleSettings change no tree of `npm ci --ignore-scripts`, by the reason.
var idleSettings = map[string]string{
	"how packages are fetched, and from where; nbuild's client has its own part of it": "_auth ca cache cache-max cache-min cafile cert fetch-retries fetch-retry-factor fetch-retry-maxtimeout fetch-retry-mintimeout fetch-timeout https-proxy include-staged key local-address maxsockets noproxy offline prefer-offline prefer-online proxy registry replace-registry-host scope strict-ssl user-agent",
	"scripts, which neither runs":                                   "allow-scripts allow-scripts-pending allow-scripts-pin dangerously-allow-all-scripts foreground-scripts ignore-scripts if-present node-gyp node-options script-shell shell",
	"how a lockfile or a package.json is written":                   "before format-package-lock install-links lockfile-version min-release-age min-release-age-exclude omit-lockfile-registry-resolved package-lock prefer-dedupe save save-bundle save-dev save-exact save-optional save-peer save-prefix save-prod shrinkwrap tag workspaces-update",
	"workspaces, which a lockfile of one project lacks":             "include-workspace-root workspaces",
	"what npm says, and where":                                      "audit audit-level color description fund heading json loglevel logs-dir logs-max long parseable progress timing unicode update-notifier usage version versions viewer",
	"where npm's own files are":                                     "globalconfig init-module init.module prefix userconfig",
	"npm's judgement of platforms and of peers, which nbuild keeps": "force",
	"other commands of npm":                                         "access all allow-same-version auth-type browser bypass-2fa call cidr commit-hooks depth diff diff-dst-prefix diff-ignore-all-space diff-name-only diff-no-prefix diff-src-prefix diff-text diff-unified editor expect-result-count expect-results expires git git-tag-version include-attestations init-author-email init-author-name init-author-url init-license init-private init-type init-version init.author.email init.author.name init.author.url init.license init.version link message name orgs orgs-permission otp pack-destination package packages packages-all packages-and-scopes-permission password preid provenance provenance-file read-only sbom-format sbom-type scopes searchexclude searchlimit searchopts searchstaleness sign-git-commit sign-git-tag tag-version-prefix token-description which yes",
}

func is(value string) func(string) bool { return func(v string) bool { return v == value } }
func off(value string) bool             { return !truth(value) }
func on(value string) bool              { return truth(value) }

// truth reads a setting that is true or false as npm does (nopt): a number is true
// unless it is 0, and whatever is not "false" or "null" is true.
func truth(value string) bool {
	if n, err := strconv.ParseFloat(value, 64); err == nil {
		return n != 0
	}
	return value != "false" && value != "null" && value != "undefined"
}

// Tree reads what is said about a tree. Omit and include are those of the command line,
// which stand over all other places; nil where there are none. What nbuild can't follow
// is a problem for each setting.
func (c *Config) Tree(omit, include []string) (TreeSettings, error) {
	var ps diag.Problems
	var out TreeSettings
	for _, key := range sortedKeys(c.values) {
		r, ok := treeRules[key]
		if !ok || r.effect < refused || r.idle(c.value(key)) {
			continue
		}
		if r.effect == judges && key == "strict-peer-deps" && c.project[key] {
			continue // the lockfile is held to it when it is read
		}
		if r.effect == judges {
			out.Unjudged = append(out.Unjudged, key)
			continue
		}
		ps = append(ps, &diag.Problem{
			Code: CodeSetting, What: fmt.Sprintf("npm's configuration has %s = %q, which nbuild does not follow", key, c.value(key)),
			Why: r.why, Remedy: c.unset(key),
		})
	}
	out.Omit = c.omitted(omit, include)
	out.NoBinLinks = c.set("bin-links") && !c.flag("bin-links")
	out.LegacyPeerDeps = c.flag("legacy-peer-deps")
	out.Forced = c.flag("force")
	out.EngineStrict = c.flag("engine-strict") && !out.Forced
	out.OS, out.CPU, out.Libc = c.value("os"), c.value("cpu"), c.value("libc")
	return out, ps.Err()
}

// omitted is npm's list of what is left out: omit, or by default what NODE_ENV says,
// and the older settings, less what include names, whatever the order.
func (c *Config) omitted(omit, include []string) []string {
	if omit == nil {
		omit = valid(c.values["omit"], "dev", "optional", "peer")
		if !c.set("omit") && c.env["NODE_ENV"] == "production" {
			omit = []string{"dev"}
		}
	}
	if include == nil {
		include = valid(c.values["include"], "prod", "dev", "optional", "peer")
	}
	omit, include = slices.Clone(omit), slices.Clone(include)
	only := c.value("only")
	switch {
	case only == "prod" || only == "production" || c.flag("production"):
		omit = append(omit, "dev")
	case c.set("production"):
		include = append(include, "dev")
	}
	if also := c.value("also"); also == "dev" || also == "development" || c.flag("dev") {
		include = append(include, "dev")
	}
	switch {
	case c.flag("optional"):
		include = append(include, "optional")
	case c.set("optional"):
		omit = append(omit, "optional")
	}
	slices.Sort(omit)
	return slices.DeleteFunc(slices.Compact(omit), func(kind string) bool { return slices.Contains(include, kind) })
}

// valid leaves out what npm would not take for a value.
func valid(values []string, kinds ...string) []string {
	return slices.DeleteFunc(slices.Clone(values), func(v string) bool { return !slices.Contains(kinds, v) })
}

// set reports whether a setting stands anywhere with a value; null is none.
func (c *Config) set(key string) bool {
	v, ok := c.values[key]
	return ok && len(v) > 0 && v[len(v)-1] != "null" && v[len(v)-1] != "undefined"
}

func (c *Config) flag(key string) bool { return c.set(key) && truth(c.value(key)) }

// unset is how a setting goes away.
func (c *Config) unset(key string) string {
	if c.fromEnv[key] {
		return "unset the variable npm_config_" + strings.ReplaceAll(key, "-", "_")
	}
	if c.project[key] {
		return "run `npm config delete " + diag.Word(key) + " --location project`, or use npm itself"
	}
	return "run `npm config delete " + diag.Word(key) + "`, or use npm itself"
}
