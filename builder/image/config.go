package image

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Config is what runs in the image and how: the image block of build.hcl. What is
// empty keeps the base's value.
type Config struct {
	User       string
	Workdir    string
	Entrypoint []string // setting it drops the base's Cmd, which was made for another
	Cmd        []string
	Env        map[string]string // joins the base's; a name of both has this value
	Labels     map[string]string // joins the base's likewise
	Expose     []string          // "8080/tcp"; joins the base's
	StopSignal string
}

// On is the configuration that an image with c on a base of another has.
func (c Config) On(base v1.Config) v1.Config { return c.merge(base) }

// merge lays c over a base's configuration (OCI image specification, config.md,
// "Properties"). Variables keep the base's order, in place; new ones follow in
// bytewise order. What only a builder would read (Image, OnBuild, Hostname,
// Domainname, the attached streams) is dropped.
func (c Config) merge(base v1.Config) v1.Config {
	out := v1.Config{
		User:         base.User,
		WorkingDir:   base.WorkingDir,
		Entrypoint:   base.Entrypoint,
		Cmd:          base.Cmd,
		Env:          mergeEnv(base.Env, c.Env),
		Labels:       mergeLabels(base.Labels, c.Labels),
		ExposedPorts: maps.Clone(base.ExposedPorts),
		Volumes:      maps.Clone(base.Volumes),
		StopSignal:   base.StopSignal,
		Healthcheck:  base.Healthcheck,
		Shell:        base.Shell,
	}
	if c.User != "" {
		out.User = c.User
	}
	if c.Workdir != "" {
		out.WorkingDir = c.Workdir
	}
	if len(c.Entrypoint) > 0 {
		out.Entrypoint, out.Cmd = c.Entrypoint, nil
	}
	if len(c.Cmd) > 0 {
		out.Cmd = c.Cmd
	}
	if c.StopSignal != "" {
		out.StopSignal = c.StopSignal
	}
	for _, port := range c.Expose {
		if out.ExposedPorts == nil {
			out.ExposedPorts = map[string]struct{}{}
		}
		if !strings.Contains(port, "/") {
			port += "/tcp"
		}
		out.ExposedPorts[port] = struct{}{}
	}
	return out
}

func mergeEnv(base []string, over map[string]string) []string {
	var out []string
	seen := map[string]bool{}
	for _, line := range base {
		name, _, _ := strings.Cut(line, "=")
		if value, ok := over[name]; ok {
			line = name + "=" + value
		}
		if !seen[name] {
			out = append(out, line)
		}
		seen[name] = true
	}
	for _, name := range sortedKeys(over) {
		if !seen[name] {
			out = append(out, name+"="+over[name])
		}
	}
	return out
}

func mergeLabels(base, over map[string]string) map[string]string {
	if len(base)+len(over) == 0 {
		return nil
	}
	out := maps.Clone(base)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, over)
	return out
}

// configFile makes the image's configuration. Its history has one line a layer
// that says who made it; the base's own comes first.
func (s *Spec) configFile(base *v1.ConfigFile, diffIDs []v1.Hash) ([]byte, error) {
	created := v1.Time{Time: s.Date.UTC().Truncate(time.Second)}
	history := slices.Clone(base.History)
	for _, l := range s.Layers {
		history = append(history, v1.History{Created: created, CreatedBy: createdBy(l), Comment: l.Name()})
	}
	out := v1.ConfigFile{
		Architecture: s.Platform.Architecture,
		OS:           s.Platform.OS,
		Variant:      s.Platform.Variant,
		OSVersion:    s.Platform.OSVersion,
		OSFeatures:   s.Platform.OSFeatures,
		Author:       base.Author,
		Created:      created,
		Config:       s.Config.merge(base.Config),
		History:      history,
		RootFS:       v1.RootFS{Type: "layers", DiffIDs: diffIDs},
	}
	raw, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("encoding image configuration: %w", err)
	}
	return raw, nil
}

// createdBy names the owners of a layer's members, each once, in bytewise order.
func createdBy(l *Layer) string {
	owners := map[string]bool{}
	for _, s := range l.Shares() {
		owners[s.Owner] = true
	}
	return "nbuild: " + strings.Join(sortedKeys(owners), ", ")
}
