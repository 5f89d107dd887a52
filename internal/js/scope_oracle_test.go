package js

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var oracle = flag.String("oracle", "", "folder in which the npm packages eslint-scope@8 and espree@10 are installed")

// eslintScope prints, for each file, the places of all names in UTF-16 units and
// where the first declaration of each stands, -1 where it has none. It reads
// CommonJS as a function, and leaves out what stands within a with.
const eslintScope = `
const fs = require('fs')
const [, folder, list] = process.argv
const {analyze} = require(folder + '/node_modules/eslint-scope')
const espree = require(folder + '/node_modules/espree')
for (const {Path, Module} of JSON.parse(fs.readFileSync(list, 'utf8'))) {
	const names = {}
	try {
		const src = fs.readFileSync(Path, 'utf8')
		const options = {ecmaVersion: 2025, sourceType: Module ? 'module' : 'commonjs', range: true}
		const manager = analyze(espree.parse(src, options), {ecmaVersion: 2025, sourceType: options.sourceType, nodejsScope: !Module})
		for (const scope of manager.scopes) {
			for (let s = scope; s; s = s.upper) if (s.type === 'with') throw new Error('with')
		}
		const first = v => {
			const starts = [...v.identifiers.map(i => i.range[0])]
			return starts.length ? Math.min(...starts) : -1
		}
		for (const scope of manager.scopes) {
			for (const v of scope.variables) for (const i of v.identifiers) {
				names[i.range[0]] ??= first(v)
			}
			for (const r of scope.references) {
				if (r.identifier.type === 'Identifier') names[r.identifier.range[0]] = r.resolved ? first(r.resolved) : -1
			}
		}
		console.log(JSON.stringify(names))
	} catch (e) { console.log('null') }
}`

// TestNamesAreResolvedAsByESLint compares with eslint-scope, which has no functions
// in blocks as Annex B has them and no arguments object at the top, and has
// parameters and the body in one scope: what meets one of these is left out.
func TestNamesAreResolvedAsByESLint(t *testing.T) {
	if *oracle == "" {
		t.Skip("-oracle is not given; CI installs eslint-scope@8 and espree@10")
	}
	type file struct {
		Path   string
		Module bool
	}
	var files []file
	var trees []*Tree
	for i, path := range sourcesBelow(t, *corpus) {
		if i%37 != 0 {
			continue
		}
		src, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		tree := Parse(src, goalOf(path))
		if len(tree.Errors) > 0 || len(src) > 1<<20 || bytes.HasPrefix(src, []byte("\ufeff")) {
			continue
		}
		files = append(files, file{path, tree.Goal == Module})
		trees = append(trees, tree)
	}
	list := filepath.Join(t.TempDir(), "files.json")
	input, err := json.Marshal(files)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(list, input, 0o644); err != nil {
		t.Fatal(err)
	}
	command := exec.Command("node", "-e", eslintScope, *oracle, list)
	command.Stderr = os.Stderr
	output, err := command.Output()
	if err != nil {
		t.Fatal(err)
	}
	answers := bytes.Split(bytes.TrimSpace(output), []byte("\n"))
	if len(answers) != len(files) {
		t.Fatalf("%d answers to %d files", len(answers), len(files))
	}
	compared, names, wrong := 0, 0, 0
	for i, tree := range trees {
		var theirs map[int]int
		if err := json.Unmarshal(answers[i], &theirs); err != nil {
			t.Fatal(err)
		}
		if theirs == nil {
			continue
		}
		compared++
		s := Resolve(tree)
		at := unitOffsets(tree.Source)
		for r := range tree.Nodes {
			n := tree.Node(Ref(r))
			if n.Kind != Identifier && n.Kind != Binding {
				continue
			}
			want, ok := theirs[at[n.Start]]
			v := s.Variable(s.Of(Ref(r)))
			got := -1
			if v.Declaration != 0 {
				got = at[tree.Node(v.Declaration).Start]
			}
			if v.Kind == ArgumentsVariable || blockFunction(tree, s, s.Of(Ref(r))) {
				continue
			}
			names++
			if !ok || got != want {
				if wrong++; wrong < 20 {
					line, column := tree.Position(n.Start)
					t.Errorf("%s:%d:%d: %s is declared at %d, for eslint-scope at %d (%v)", files[i].Path, line, column, tree.Text(Ref(r)), got, want, ok)
				}
			}
		}
	}
	t.Logf("%d files, %d names, %d resolved otherwise", compared, names, wrong)
}

// blockFunction says whether a variable comes of a function in a block.
func blockFunction(tree *Tree, s *Scopes, v VariableID) bool {
	for d := range s.Declarations(v) {
		p := tree.Node(tree.Node(d).Parent)
		if k := tree.Kind(p.Parent); p.Kind == FunctionDeclaration && (k == BlockStatement || k == SwitchCase || k == IfStatement) {
			return true
		}
	}
	return false
}

// unitOffsets gives for each byte offset of a source the one in UTF-16 units.
func unitOffsets(src []byte) []int {
	at := make([]int, len(src)+1)
	n, next := 0, 0
	for i, c := range string(src) {
		for next <= i {
			at[next] = n
			next++
		}
		n++
		if c > 0xffff {
			n++
		}
	}
	for ; next < len(at); next++ {
		at[next] = n
	}
	return at
}
