package pipelines_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/nbuild/nbuild/pipelines"
)

// A build file is evaluated without the environment, the clock or the network, and
// everything that is wrong with it is reported at once.
func ExampleOpen() {
	dir, err := os.MkdirTemp("", "pipelines")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	build := `nbuild = "1"

project "shop" {}

image "shop" {
  cmd = ["node", "server.js"]
}
`
	for name, text := range map[string]string{"build.hcl": build, "server.js": "", "package.json": `{"name": "shop"}`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			fmt.Println(err)
			return
		}
	}
	project, err := pipelines.Open(dir, "build.hcl", pipelines.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, image := range project.Images {
		fmt.Println(image.Name, image.Cmd)
	}
	// Output:
	// shop [node server.js]
}
