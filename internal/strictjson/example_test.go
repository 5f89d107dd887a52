package strictjson_test

import (
	"fmt"

	"github.com/nbuild/nbuild/internal/strictjson"
)

// encoding/json would take both keys, and let the last one count.
func ExampleDecode() {
	var bom struct {
		Components []string `json:"components"`
	}
	err := strictjson.Decode([]byte(`{"components": ["evil"], "Components": []}`), 1<<20, &bom)
	fmt.Println(err)
	// Output:
	// not JSON: key "Components" is "components" in another case, at byte 25
}
