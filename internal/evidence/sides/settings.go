package sides

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/nbuild/nbuild/sbom"
)

// settings flattens an image's configuration (OCI image specification, config.md)
// into what decides how it runs. Times and history are left out: they run nothing.
func settings(img v1.Image) ([]sbom.Setting, error) {
	file, err := img.ConfigFile()
	if err != nil {
		return nil, fmt.Errorf("reading the configuration: %w", err)
	}
	c := file.Config
	out := []sbom.Setting{{Name: "platform", Value: file.OS + "/" + file.Architecture}}
	add := func(name, value string) {
		if value != "" {
			out = append(out, sbom.Setting{Name: name, Value: value})
		}
	}
	add("user", c.User)
	add("workdir", c.WorkingDir)
	add("entrypoint", words(c.Entrypoint))
	add("cmd", words(c.Cmd))
	add("stopsignal", c.StopSignal)
	for _, e := range c.Env {
		name, value, _ := strings.Cut(e, "=")
		out = append(out, sbom.Setting{Name: "env." + name, Value: value})
	}
	for _, k := range slices.Sorted(maps.Keys(c.Labels)) {
		out = append(out, sbom.Setting{Name: "label." + k, Value: c.Labels[k]})
	}
	for _, k := range slices.Sorted(maps.Keys(c.ExposedPorts)) {
		add("expose."+k, "yes")
	}
	for _, k := range slices.Sorted(maps.Keys(c.Volumes)) {
		add("volume."+k, "yes")
	}
	return out, nil
}

// words writes an argument list so that ["a b"] and ["a", "b"] differ.
func words(list []string) string {
	if len(list) == 0 {
		return ""
	}
	text, err := json.Marshal(list)
	if err != nil {
		return fmt.Sprintf("%q", list)
	}
	return string(text)
}
