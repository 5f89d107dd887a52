package guard

import (
	"encoding/json"
	"regexp"
	"slices"
	"testing"

	"github.com/nbuild/nbuild/internal/js"
)

// plainObjects are the objects of the guard that inherit what a program puts on the
// prototype of all objects: nothing is assigned to them and nothing is asked of them that
// they do not have.
var plainObjects = []string{
	"{}", // what stands for a reason to stop, the class that a worker is made with, and what a message carries
	"{ data: {}, deserializeInfo: 'internal/bootstrap/realm:BuiltinModule' }",
	"{ status: status ? status.DISABLED : 3 }", // goes to the program
}

// The guard's own script runs among code that replaced what it could. It iterates nothing
// by a protocol, since that calls such code between a look and what rests on it, and its
// records have no prototype, so that no setter catches what it keeps.
func TestTheGuardsScriptCallsNothingOfAProgramUnseen(t *testing.T) {
	tree := js.Parse(Script(), js.CommonJS)
	if len(tree.Errors) > 0 {
		t.Fatal(tree.Errors)
	}
	found := 0
	for r := 1; r < len(tree.Nodes); r++ {
		n, at := tree.Nodes[r], js.Ref(r)
		line, _ := tree.Position(n.Start)
		switch n.Kind {
		case js.SpreadElement, js.ForOfStatement, js.ArrayPattern, js.YieldExpression:
			t.Errorf("line %d iterates by a protocol: %s", line, tree.Raw(at))
		case js.TaggedTemplateExpression, js.ClassDeclaration, js.ClassExpression:
			t.Errorf("line %d: %.60s", line, tree.Raw(at))
		case js.ObjectExpression:
			found++
			if first := tree.Child(at, 0); first != 0 && tree.Kind(first) == js.Property {
				if key, value := tree.Child(first, 0), tree.Child(first, 1); tree.Text(key) == "__proto__" && tree.Nodes[first].Flags&js.FlagComputed == 0 && tree.Kind(value) == js.NullLiteral {
					continue
				}
			}
			if parent := tree.Nodes[n.Parent]; parent.Kind == js.MemberExpression && parent.First == at {
				continue // a way to name a function
			}
			if !slices.Contains(plainObjects, string(tree.Raw(at))) {
				t.Errorf("line %d has an object that inherits: %s", line, tree.Raw(at))
			}
		}
	}
	if found < 50 {
		t.Errorf("%d objects were looked at", found)
	}
}

var refusals = regexp.MustCompile(`(?:refuse|close|closed)\((?:[\w.]+(?:\([^()]*\))?, '\w+', )?'([a-z-]+)'|(?:'denied'|'reported'), '([a-z-]+)'`)

// What the guard refuses it says by a kind that the schema of its events has.
func TestTheKindsOfRefusalsAreThoseOfTheSchema(t *testing.T) {
	var schema struct {
		Properties struct{ Kind struct{ Enum []string } }
	}
	if err := json.Unmarshal([]byte(readFile(t, "../../docs/schemas/nbuild.guard.v1.schema.json")), &schema); err != nil {
		t.Fatal(err)
	}
	said := map[string]bool{}
	for _, m := range refusals.FindAllStringSubmatch(string(Script()), -1) {
		kind := m[1] + m[2]
		said[kind] = true
		if !slices.Contains(schema.Properties.Kind.Enum, kind) {
			t.Errorf("the schema has no kind %q: %s", kind, m[0])
		}
	}
	for _, kind := range schema.Properties.Kind.Enum {
		if !said[kind] {
			t.Errorf("nothing is refused as %q", kind)
		}
	}
}
