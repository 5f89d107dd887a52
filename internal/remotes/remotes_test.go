package remotes

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/nbuild/nbuild/internal/diag"
)

func TestPathsStartWhereTheFileStands(t *testing.T) {
	got, err := Parse([]byte(`
remote "farm" {
  address    = "grpcs://cluster.example.com/main"
  token_file = "farm.token"
  ca         = "/etc/ssl/farm.pem"
  results    = "ignore"
}
remote "cache" {
  address     = "grpc://127.0.0.1:9092"
  certificate = "me.pem"
  key         = "me.key"
}
`), "/home/me/.config/nbuild/remotes.hcl")
	if err != nil {
		t.Fatal(err)
	}
	want := []Server{
		{Name: "farm", Address: "grpcs://cluster.example.com/main", TokenFile: "/home/me/.config/nbuild/farm.token", CA: "/etc/ssl/farm.pem", Ignore: true},
		{Name: "cache", Address: "grpc://127.0.0.1:9092", Certificate: "/home/me/.config/nbuild/me.pem", Key: "/home/me/.config/nbuild/me.key"},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Server{}, "At")); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsNoneIsSaidAtItsPlace(t *testing.T) {
	for src, want := range map[string]string{
		`remote "a" {}`: "address",
		"remote \"a\" {\n address = \"x\"\n token = \"s3cret\"\n}":                 "token",
		"remote \"a\" {\n address = \"x\"\n results = \"maybe\"\n}":                "maybe",
		"remote \"a\" {\n address = \"x\"\n}\nremote \"a\" {\n address = \"y\"\n}": "a",
		"server \"a\" {\n address = \"x\"\n}":                                      "server",
		"remote \"a\" {\n address = env(\"X\")\n}":                                 "address",
	} {
		_, err := Parse([]byte(src), "remotes.hcl")
		if all := diag.All(err); len(all) == 0 || !strings.Contains(err.Error(), want) || all[0].Pos.File != "remotes.hcl" || all[0].Code.Exit() != 3 {
			t.Errorf("%s: %v", src, err)
		}
	}
}

// The page shows every word of the file, each with what it is for.
func TestThePageHasEveryAttribute(t *testing.T) {
	page, err := os.ReadFile("../../docs/remote.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range Language.Blocks[0].Body.Attrs {
		if row := "| `" + a.Name + "` | " + a.Doc + " |"; !strings.Contains(string(page), row) {
			t.Errorf("docs/remote.md lacks the row\n%s", row)
		}
	}
}
