package initialise

import (
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nbuild/nbuild/internal/lazyregexp"
)

var (
	shellScript = lazyregexp.New(`^#!\S*(?:/env +)?\S*\b(?:ba|da)?sh\b`)
	heap        = lazyregexp.New(`--max[-_]old[-_]space[-_]size[= ](\d{1,6})\b`)
	adapterOut  = lazyregexp.New(`\bout\s*:\s*["']([^"']+)["']`)
	outDir      = lazyregexp.New(`(?:outDir|outdir|outputPath)["']?\s*[:=]\s*["']([^"'$]+)["']`)
	pathJoined  = lazyregexp.New(`path\s*:\s*(?:path\.)?(?:resolve|join)\(\s*(?:__dirname|process\.cwd\(\)|import\.meta\.dirname)\s*,\s*["']([^"']+)["']`)
)

// leaves says what a command leaves in the project's folder, and whether that is known.
func leaves(folder fs.FS, m manifest, words []string) ([]string, bool) {
	option := func(names ...string) string {
		for i, w := range words {
			name, value, given := strings.Cut(w, "=")
			if slices.Contains(names, name) {
				if given {
					return value
				}
				if i+1 < len(words) {
					return words[i+1]
				}
			}
		}
		return ""
	}
	one := func(at, out string) ([]string, bool) {
		out = path.Join(at, strings.TrimPrefix(out, "./"))
		if !fs.ValidPath(out) || out == "." {
			return nil, false
		}
		return []string{out}, true
	}
	switch path.Base(words[0]) {
	case "tsc", "tsc-alias", "ttsc", "tspc":
		config := orDefault(option("-p", "--project", "--build", "-b"), "tsconfig.json")
		if strings.HasPrefix(config, "-") {
			config = "tsconfig.json"
		}
		if out := option("--outDir"); out != "" {
			return one(".", out)
		}
		return compiled(folder, config, 0)
	case "nest":
		for _, config := range []string{"tsconfig.build.json", "tsconfig.json"} {
			if outs, ok := compiled(folder, config, 0); ok {
				return outs, ok
			}
		}
		return []string{"dist"}, true
	case "next":
		return []string{".next/standalone", ".next/static"}, true
	case "vite", "svelte-kit":
		if m.has("@sveltejs/adapter-node") {
			return one(".", svelteOut(folder))
		}
		if out := option("--outDir"); out != "" {
			return one(".", out)
		}
		config := orDefault(option("--config", "-c"), "")
		for _, name := range []string{config, "vite.config.js", "vite.config.ts", "vite.config.mjs", "vite.config.mts"} {
			if src := text(folder, path.Clean(name)); src != "" {
				if found := outDir().FindStringSubmatch(src); found != nil {
					return one(".", found[1])
				}
				break
			}
		}
		return []string{"dist"}, true
	case "esbuild", "tsup", "swc", "babel", "rollup", "ncc", "pkgroll", "unbuild":
		if out := option("--outdir", "-d", "--out-dir", "--dir", "-o"); out != "" {
			return one(".", out)
		}
		if out := option("--outfile", "--file", "--out-file"); out != "" {
			return one(".", out)
		}
		return []string{"dist"}, path.Base(words[0]) == "tsup"
	case "parcel", "astro", "vue-cli-service":
		return []string{"dist"}, true
	case "lb-tsc":
		if outs, ok := compiled(folder, "tsconfig.json", 0); ok {
			return outs, true
		}
		return []string{"dist"}, true
	case "nuxt", "nuxi":
		switch {
		case len(words) < 2 || words[1] != "build" && words[1] != "generate":
			return nil, true // it prepares what an editor reads
		case nuxtMakesServer(m.all["nuxt"]):
			return []string{".output"}, true
		}
		return []string{".nuxt"}, true
	case "remix", "react-router", "react-scripts", "docusaurus":
		if len(words) > 1 && words[0] == "remix" && words[1] == "build" {
			return []string{"build", "public/build"}, true
		}
		return []string{"build"}, true
	case "strapi":
		if _, err := fs.Stat(folder, "tsconfig.json"); err != nil && strings.HasPrefix(strings.TrimLeft(m.all["@strapi/strapi"], "^~"), "4") {
			return []string{"build"}, true
		}
		return []string{"dist"}, true
	case "webpack", "webpack-cli":
		if out := option("--output-path", "-o"); out != "" {
			return one(".", out)
		}
		config := orDefault(option("--config", "-c"), "webpack.config.js")
		if found := pathJoined().FindStringSubmatch(text(folder, path.Clean(config))); found != nil {
			return one(path.Dir(path.Clean(config)), found[1])
		}
		return []string{"dist"}, false
	case "sass", "node-sass":
		return stylesheets(folder, words)
	case "tailwindcss", "tailwind", "postcss":
		if out := option("-o", "--output"); out != "" {
			return one(".", out)
		}
	case "cp":
		if to := words[len(words)-1]; len(words) == 3 && path.Ext(to) != "" {
			return one(".", to)
		}
		return nil, true
	case "prisma", "copyfiles", "cpx", "cpy", "ncp", "shx", "mkdir", "mkdirp", "move-file", "mv", "ts-node", "resolve-tspaths":
		return nil, true // into what others make
	}
	if strings.Contains(words[0], "/") { // a script of the project's own: what its lines leave
		return leftByScript(folder, m, words[0])
	}
	return nil, false
}

// leftByScript says what the lines of a shell script in the project leave.
func leftByScript(folder fs.FS, m manifest, file string) ([]string, bool) {
	src := text(folder, path.Clean(file))
	if !shellScript().MatchString(src) {
		return nil, false
	}
	w := &work{}
	for line := range strings.SplitSeq(src, "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			w.gather(m, line, 0)
		}
	}
	var outs []string
	known := !w.unknown
	for _, words := range w.doing {
		if strings.Contains(words[0], "/") {
			known = false // another script: one is read
			continue
		}
		more, ok := leaves(folder, m, words)
		outs, known = append(outs, more...), known && ok
	}
	return outs, known
}

// compiled is the folder that a tsconfig.json has TypeScript write to.
func compiled(folder fs.FS, config string, depth int) ([]string, bool) {
	config = path.Clean(config)
	if info, err := fs.Stat(folder, config); err == nil && info.IsDir() {
		config = path.Join(config, "tsconfig.json")
	}
	o := readConfig(text(folder, config))
	options, _ := o["compilerOptions"].(map[string]any)
	if out, ok := options["outDir"].(string); ok {
		out = path.Join(path.Dir(config), strings.TrimPrefix(out, "./"))
		if fs.ValidPath(out) && out != "." {
			return []string{out}, true
		}
		return nil, false
	}
	if base, ok := o["extends"].(string); ok && strings.HasPrefix(base, ".") && depth < 8 {
		if path.Ext(base) != ".json" {
			base += ".json"
		}
		return compiled(folder, path.Join(path.Dir(config), base), depth+1)
	}
	return nil, false
}

// stylesheets lists what sass makes of pairs of files or folders, in:out.
func stylesheets(folder fs.FS, words []string) ([]string, bool) {
	var outs []string
	var plain []string
	for _, w := range words[1:] {
		if strings.HasPrefix(w, "-") {
			continue
		}
		from, to, pair := strings.Cut(w, ":")
		if !pair {
			plain = append(plain, w)
			continue
		}
		from, to = path.Clean(from), path.Clean(to)
		if info, err := fs.Stat(folder, from); err != nil || !info.IsDir() {
			outs = append(outs, to)
			continue
		}
		_ = fs.WalkDir(folder, from, func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !strings.HasPrefix(path.Base(name), "_") && (path.Ext(name) == ".scss" || path.Ext(name) == ".sass") {
				outs = append(outs, path.Join(to, strings.TrimSuffix(strings.TrimPrefix(name, from+"/"), path.Ext(name))+".css"))
			}
			return nil
		})
	}
	if len(plain) == 2 {
		outs = append(outs, path.Clean(plain[1]))
	}
	return outs, len(outs) > 0
}
