package initialise

import (
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/lazyregexp"
)

var (
	prismaSchema = lazyregexp.New(`\bschema\s*:\s*["']([^"']+)["']`)
	prismaEnv    = lazyregexp.New(`\benv\(\s*["']([A-Za-z_][A-Za-z0-9_]*)["']\s*\)`)
	prismaOutput = lazyregexp.New(`(?m)^\s*output\s*=\s*"([^"]+)"`)
)

// generates reports whether Prisma's client is generated without a program that is
// downloaded: from version 7 on it has no engine, and its command asks for one only to
// migrate.
func (m *manifest) generates() bool {
	asked := strings.TrimLeft(orDefault(m.all["prisma"], m.all["@prisma/client"]), "^~>=v ")
	major, _, _ := strings.Cut(asked, ".")
	n, err := strconv.Atoi(major)
	return err == nil && n >= 7
}

// generating is the command that generates Prisma's client, and the folder that it writes
// where that is the project's own.
func generating(folder fs.FS) (shell string, outputs []string) {
	config := ""
	for _, name := range []string{"prisma.config.ts", "prisma.config.js", "prisma.config.mjs", ".config/prisma.ts"} {
		if config = text(folder, name); config != "" {
			break
		}
	}
	// What would be downloaded is for migrations: a program that is there stands for it.
	words := []string{"PRISMA_SCHEMA_ENGINE_BINARY=/bin/true"}
	for _, found := range prismaEnv().FindAllStringSubmatch(config, -1) {
		if set := found[1] + "=none"; !slices.Contains(words, set) {
			words = append(words, set) // a setting that has to be there, and connects to nothing
		}
	}
	schema := "prisma/schema.prisma"
	if found := prismaSchema().FindStringSubmatch(config); found != nil {
		schema = path.Clean(found[1])
	}
	if info, err := fs.Stat(folder, schema); err == nil && info.IsDir() {
		schema = path.Join(schema, "schema.prisma")
	}
	if found := prismaOutput().FindStringSubmatch(text(folder, schema)); found != nil {
		if out := path.Join(path.Dir(schema), found[1]); fs.ValidPath(out) && out != "." && !strings.HasPrefix(out, "node_modules") {
			outputs = []string{out}
		}
	}
	return strings.Join(append(words, "prisma generate"), " "), outputs
}

// prisma adds the generation of Prisma's client to what is done, before all else.
func (w *work) prisma(folder fs.FS, m manifest) {
	if !m.has("prisma") || !m.generates() {
		return
	}
	shell, outputs := generating(folder)
	w.doing, w.shell = slices.Insert(w.doing, 0, []string{"prisma", "generate"}), slices.Insert(w.shell, 0, shell)
	w.outputs = append(w.outputs, outputs...)
}
