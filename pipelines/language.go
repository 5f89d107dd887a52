package pipelines

import (
	"github.com/zclconf/go-cty/cty"

	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/rulefile"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// Edition is the edition of the language that this package reads.
const Edition = "1"

var (
	text     = cty.String
	texts    = cty.List(cty.String)
	words    = cty.Map(cty.String)
	anything = cty.DynamicPseudoType
)

// changeClasses is what a release can deny or ask a review for (docs/diff-classes.md). The list is the room sbom's; a test of internal/operation
// holds the two equal.
var changeClasses = []string{
	"integrity-changed", "registry-changed", "source-changed", "origin-changed", "new-install-script", "install-script-changed", "new-implicit-gyp",
	"new-native-addon", "new-prebuilt-binary", "new-dynamism", "provenance-lost", "new-maintainer", "source-format-changed",
	"new-evaluator", "new-instrumenter", "new-generated-code", "guard-removed", "guard-weakened", "downgrade", "new-package", "base-changed",
	"config-changed", "integrity-weakened", "licence-changed", "new-source", "evaluator-changed", "instrumenter-changed", "guard-changed", "new-version", "upgrade",
	"removed-package", "updated-sources", "own-source-changed", "new-own-source", "new-copy", "removed-version", "removed-copy",
	"moved", "removed-source", "removed-evaluator", "removed-instrumenter", "removed-generated-code", "guard-added", "guard-tightened",
}

// Language returns the blocks and attributes of build.hcl.
func Language() *hclfile.Schema {
	return &hclfile.Schema{
		Attrs: []hclfile.Attr{
			{Name: "nbuild", Type: text, Required: true, Doc: `The edition of the language: "1".`},
		},
		Blocks: []hclfile.Block{
			projectBlock, variableBlock,
			{Name: "locals", Body: hclfile.Schema{Free: true}, Doc: "Names for values, used as local.NAME. A local may refer to others."},
			snapshotBlock, npmBlock, baseBlock, fetchBlock, stepBlock, imageBlock, sbomBlock, dynamismBlock, releaseBlock,
		},
	}
}

var projectBlock = hclfile.Block{
	Name: "project", Labels: []string{"name"}, Required: true, Doc: "What is built. There is exactly one.",
	Body: hclfile.Schema{Attrs: []hclfile.Attr{
		{Name: "dir", Type: text, Default: `"."`, Doc: "The project's folder, relative to build.hcl and inside its folder. Lockfiles, patches and files() are relative to it."},
		{Name: "source", Type: text, Doc: "Where the source is kept; it stands in the provenance."},
		{Name: "platforms", Type: texts, OneOf: []string{"linux/amd64", "linux/arm64"}, Default: `["linux/amd64"]`, Doc: "The platforms that images are built for."},
		{Name: "owner", Type: text, Doc: "The team that answers for it."},
		{Name: "contact", Type: text, Doc: "Whom to call."},
	}},
}

var variableBlock = hclfile.Block{
	Name: "variable", Labels: []string{"name"}, Doc: "A value from outside, given as --var name=value and used as var.NAME.",
	Body: hclfile.Schema{Attrs: []hclfile.Attr{
		{Name: "type", Type: anything, Holds: "string, number or bool, without quotes", Default: "string", Doc: "What the value is."},
		{Name: "default", Type: anything, Doc: "The value without --var. Without a default the variable must be given. A sensitive variable has none."},
		{Name: "sensitive", Type: cty.Bool, Default: "false", Doc: "A sensitive value reaches no action, image or output."},
		{Name: "description", Type: text, Doc: "What it is for."},
	}},
}

var snapshotBlock = hclfile.Block{
	Name: "snapshot", Doc: "How artefacts from outside are pinned.",
	Body: hclfile.Schema{Attrs: []hclfile.Attr{
		{Name: "cooldown", Type: text, Holds: "a duration", Default: `"0h"`, Doc: "Nothing that was published less than this ago is pinned."},
		{Name: "deny_integrity", Type: texts, OneOf: deniable(), Doc: "What must not be all that names a package's bytes: what nbuild.lock has under the key integrity."},
	}},
}

// deniable lists what nbuild.lock may have under the key integrity.
func deniable() []string {
	var words []string
	for _, b := range snapshot.Bases() {
		if b != snapshot.BasisLockfile { // the usual case is no key
			words = append(words, string(b))
		}
	}
	return words
}

var npmBlock = hclfile.Block{
	Name: "npm", Labels: []string{"name"},
	Doc: "A tree of packages from a lockfile. Referred to as npm.NAME.production, npm.NAME.all and npm.NAME.package[\"name\"], whose key is a literal. Without such a block there is one named deps.",
	Body: hclfile.Schema{
		Attrs: []hclfile.Attr{
			{Name: "lockfile", Type: text, Doc: "The lockfile, relative to the project's folder. Without it, the one that stands there; of several, the one of the manager that package.json names in `packageManager`, else the first of npm-shrinkwrap.json, package-lock.json, pnpm-lock.yaml, yarn.lock, bun.lock."},
			{Name: "workspace", Type: text, Doc: "The member of the lockfile's workspace that the tree is for, by its folder: `\"packages/api\"`. It has what that member needs and nothing of the others; members that it needs are links to their folders, as npm lays them. Without it, the tree is that of the project with all its members."},
		},
		Blocks: []hclfile.Block{
			{Name: "script", Labels: []string{"package"}, Doc: "Allows install scripts of a package, in the sandbox. None runs without. The label is a name, or `NAME@VERSION` for that version alone. What they leave in the package's folder takes the place of what its tarball has there, in images, in steps and in node_modules; `nbuild explain npm/scripts` says how they run.", Body: hclfile.Schema{Attrs: []hclfile.Attr{
				{Name: "allow", Type: texts, Required: true, OneOf: LifecycleEvents, Doc: "Which scripts. A binding.gyp of a package without an install script counts as install. All three together stand for those that the package has."},
				{Name: "reason", Type: text, Required: true, Doc: "Why it is needed."},
				{Name: "base", Type: anything, Holds: "base.NAME", Default: "the first base", Doc: "The root filesystem that they run in, which has the Node that they build for. Beside one of Debian packages stand a compiler and all that node-gyp needs; one of an image has what the image has."},
				{Name: "env", Type: words, Doc: "Variables beside those of npm/scripts, or in their place."},
				{Name: "timeout", Type: text, Holds: "a duration", Default: `"30m"`, Doc: "When they are stopped."},
				{Name: "memory", Type: text, Holds: "a size", Default: `"4GiB"`, Doc: "The most memory that they may use."},
			}}},
			{Name: "unbuilt", Labels: []string{"package"}, Doc: "Says that production does without what the install scripts of a package, or its binding.gyp, would make. The label is a name, or `NAME@VERSION` for that version alone. Without it a build stops at a package that an image may load and that has neither run its scripts nor machine code for the image's platform and Node. The BOM says so.", Body: hclfile.Schema{Attrs: []hclfile.Attr{
				{Name: "reason", Type: text, Required: true, Doc: "Why production does without it."},
			}}},
			{Name: "packed", Labels: []string{"package"}, Doc: "Names a tarball of the project, as `npm pack` writes it, for a package that the lockfile takes from git or from a folder of the project. The label is a name, or `NAME@VERSION` for that version alone. package.json and the lockfile stay as they are: the tarball is pinned in nbuild.lock, laid out in node_modules and put into images in place of a clone or a link.", Body: hclfile.Schema{Attrs: []hclfile.Attr{
				{Name: "file", Type: text, Required: true, Doc: "The tarball, relative to the project's folder."},
			}}},
			{Name: "patch", Labels: []string{"name@version"}, Doc: "Changes a package under its own name.", Body: hclfile.Schema{Attrs: []hclfile.Attr{
				{Name: "file", Type: text, Required: true, Doc: "The patch, relative to the project's folder."},
				{Name: "resolves", Type: texts, Doc: "The advisories that it answers."},
			}}},
		},
	},
}

var baseBlock = hclfile.Block{
	Name: "base", Labels: []string{"name"},
	Doc: "A root filesystem, referred to as base.NAME: Node with packages of Debian, or an image of a registry. Without such a block there is one named node.",
	Body: hclfile.Schema{Attrs: []hclfile.Attr{
		{Name: "node", Type: text, Default: `"22"`, Doc: "The version of Node, or the beginning of one."},
		{Name: "debian", Type: anything,
			Holds: "an object with suite and packages", Default: `{ suite = "trixie", packages = ["ca-certificates", "tzdata"] }`, Doc: "The packages of Debian beside the libraries that Node itself asks for."},
		{Name: "compiling", Type: texts, Doc: "Packages of Debian that only compiling needs, as libpq-dev: install scripts and steps with a compiler find them beside g++, gcc, libc6-dev, make and python3, with bash, diffutils, gzip, libc-bin, perl-base and tar, and no image has them. What an addon asks for when it is loaded, as libpq5, stands in debian."},
		{Name: "image", Type: text, Doc: "An image of a registry instead; nbuild.lock holds its digest."},
	}},
}

var fetchBlock = hclfile.Block{
	Name: "fetch", Labels: []string{"name"}, Doc: "A file from a URL, referred to as fetch.NAME; nbuild.lock holds its digest.",
	Body: hclfile.Schema{Attrs: []hclfile.Attr{
		{Name: "url", Type: text, Required: true, Doc: "An https address without credentials; plain http is for this machine only."},
	}},
}

var stepBlock = hclfile.Block{
	Name: "step", Labels: []string{"name"}, Doc: "A command that runs in the sandbox; step.NAME stands for its outputs, each at its own path, and step.NAME.output[\"dist\"], whose key is a literal, for what is in one of them, without the path before it. Order comes from references.",
	Body: hclfile.Schema{Attrs: []hclfile.Attr{
		{Name: "use", Type: text, Doc: "A standard pipeline, whose attributes hold where the step has none of its own; `nbuild explain npm/test` shows one."},
		{Name: "base", Type: anything, Holds: "base.NAME", Default: "the first base", Doc: "The root filesystem that it runs in. Beside a base of Debian packages stand a shell and the tools that scripts call (coreutils, dash, findutils, grep, sed), which no image gets."},
		{Name: "inputs", Type: anything, Holds: "files(…), project, npm, step and fetch references, one or a list", Doc: "What it can read, in its working folder /build. There is nothing else. project.all is every file of the project that git tracks (every file where there is no git) and .gitignore does not leave out, without credentials, .env files, build.hcl and nbuild.lock."},
		{Name: "run", Type: texts, Doc: "The program and its arguments. No shell reads them."},
		{Name: "compiler", Type: cty.Bool, Default: "false", Doc: "Compilers of C and C++, make, Python, Node's headers, npm and node-gyp stand beside its base. Of a base that is an image only npm and node-gyp do."},
		{Name: "env", Type: words, Doc: "Its environment, beside what every step has: PATH, HOME, TMPDIR, LANG, TZ and SOURCE_DATE_EPOCH, the same everywhere. There is nothing else in it."},
		{Name: "outputs", Type: texts, Doc: "Files and folders that are kept, relative to its working folder. What holds no machine code is made once and serves every platform."},
		{Name: "timeout", Type: text, Holds: "a duration", Default: `"10m"`, Doc: "When it is stopped."},
		{Name: "memory", Type: text, Holds: "a size", Default: `"2GiB"`, Doc: "The most memory that it may use."},
		{Name: "disk", Type: text, Holds: "a size", Default: `"16GiB"`, Doc: "The most that it may write, what it keeps in /tmp with it."},
		{Name: "processes", Type: cty.Number, Default: "4096", Doc: "The most processes and threads that it may have at once, beside up to sixteen of the sandbox's own."},
		{Name: "network", Type: text, OneOf: []string{"none", "snapshot"}, Default: `"none"`, Doc: "snapshot serves the npm packages that nbuild.lock pins, on the step's own loopback, to npm, pnpm, yarn and bun as they are: their settings name it. There is nothing else to reach. Every package of nbuild.lock is then an input of the step."},
		{Name: "unreproducible", Type: text, Holds: "a reason", Doc: "Why the step is known not to make the same twice. `nbuild rebuild` then shows what differs and goes on with what it made first; provenance has the reason."},
		{Name: "trace", Type: cty.Bool, Default: "false", Doc: "What Node loads here is recorded, and `nbuild trace --steps` has what production's files load of it join nbuild.trace, which is committed and reviewed, and so the production source list."},
	}},
}

var imageBlock = hclfile.Block{
	Name: "image", Labels: []string{"name"}, Doc: "An image. Without layers of its own it has two: modules (the production tree) and app (the project's default files, shown by `nbuild plan`).",
	Body: hclfile.Schema{
		Attrs: []hclfile.Attr{
			{Name: "base", Type: anything, Holds: "base.NAME", Default: "the first base", Doc: "The root filesystem under the layers."},
			{Name: "repository", Type: text, Doc: "Where it is pushed to, without a tag."},
			{Name: "tags", Type: texts, Doc: "Tags that a release moves, after everything was checked."},
			{Name: "after", Type: anything, Holds: "step references, one or a list", Doc: "Steps that must pass first and add no files."},
			{Name: "user", Type: text, Default: `"65532:65532"`, Doc: "The user and group that it runs as, as numbers."},
			{Name: "workdir", Type: text, Default: `"/app"`, Doc: "The working folder, and where layers go."},
			{Name: "entrypoint", Type: texts, Doc: "The program, where cmd holds only its arguments."},
			{Name: "cmd", Type: texts, Doc: "The program and its arguments. An image has a cmd, an entrypoint or both."},
			{Name: "env", Type: words, Doc: "The environment."},
			{Name: "labels", Type: words, Doc: "Labels of the image's configuration."},
			{Name: "expose", Type: texts, Holds: `ports, "8080/tcp"`, Doc: "Ports that it listens on."},
			{Name: "stop_signal", Type: text, Doc: "The signal that stops it, as SIGTERM."},
			{Name: "platforms", Type: texts, OneOf: []string{"linux/amd64", "linux/arm64"}, Default: "those of the project", Doc: "The platforms of this image."},
			{Name: "guard", Type: text, OneOf: []string{"off", "report", "enforce"}, Default: `"off"`, Doc: "What happens to a source that is not on the production source list."},
		},
		Blocks: []hclfile.Block{guardingBlock, checkBlock, {Name: "layer", Labels: []string{"name"}, Doc: "A layer. Two different files at one path are an error.", Body: hclfile.Schema{Attrs: []hclfile.Attr{
			{Name: "from", Type: anything, Required: true, Holds: "files(…), project, npm, step and fetch references, one or a list", Doc: "What is in it. project.production is the project's default files, which `nbuild plan` shows."},
			{Name: "to", Type: text, Default: "the workdir", Doc: "An absolute folder. Of a single fetch it is the file's own path, unless it ends with a slash."},
		}}}},
	},
}

var sbomBlock = hclfile.Block{
	Name: "sbom", Doc: "The BOM.",
	Body: hclfile.Schema{Attrs: []hclfile.Attr{
		{Name: "spec_version", Type: text, OneOf: []string{"1.5", "1.6", "1.7"}, Default: `"1.6"`, Doc: "The version of CycloneDX."},
		{Name: "deny_license", Type: texts, Doc: "SPDX licences that stop a build."},
	}},
}

var dynamismBlock = hclfile.Block{
	Name: "dynamism", Doc: "Where code may come to life. Without this block the common rules warn. What the rules of each set find is on the page docs/rules.md; `nbuild explain SHP-1` prints one.",
	Body: withLoading(rulefile.Language()),
}

var releaseBlock = hclfile.Block{
	Name: "release", Labels: []string{"name"}, Doc: "A gate: what may have changed since the baseline.",
	Body: hclfile.Schema{Attrs: []hclfile.Attr{
		{Name: "baseline", Type: text, Doc: "The image to compare with; the first release has none."},
		{Name: "deny", Type: texts, OneOf: changeClasses, Doc: "Classes of change that stop it."},
		{Name: "review", Type: texts, OneOf: changeClasses, Doc: "Classes of change that need a signed review."},
	}},
}
