package rehearsal

import (
	"archive/tar"
	"bytes"
	"io"
	"maps"
	"slices"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/nbuild/nbuild/builder/guard"
	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/sources"
)

// Guarded puts the guard and a list before "node server.js" of an image, as a build
// does, and last adds what a test has to say about its layer: more files by name.
func Guarded(t testing.TB, img v1.Image, list *sources.List, mode guard.Mode, more map[string]string) v1.Image {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	command, env, files, err := guard.EntryPoint([]string{"node", "server.js"}, mode, guard.Options{Node: 22, Minor: 20})
	must(err)
	files[guard.DefaultHome+"/"+guard.SourcesName], err = list.Format()
	must(err)
	for name, content := range more {
		files["/"+name] = []byte(content)
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		must(w.WriteHeader(&tar.Header{Name: strings.TrimPrefix(name, "/"), Typeflag: tar.TypeReg, Mode: 0o644, Size: int64(len(files[name]))}))
		_, err := io.Copy(w, bytes.NewReader(files[name]))
		must(err)
	}
	must(w.Close())
	img, err = mutate.AppendLayers(img, static.NewLayer(b.Bytes(), types.OCIUncompressedLayer))
	must(err)
	config, err := img.ConfigFile()
	must(err)
	config = config.DeepCopy()
	config.Config.Entrypoint, config.Config.Cmd = command, nil
	config.Config.Env = append(config.Config.Env, env...)
	config.Config.WorkingDir = "/app"
	img, err = mutate.ConfigFile(img, config)
	must(err)
	return img
}

// Listed is a list of CommonJS files, each "PATH CONTENT" in /app.
func Listed(files ...string) *sources.List {
	l := &sources.List{Node: "22.20.0"}
	for _, f := range files {
		path, content, _ := strings.Cut(f, " ")
		l.Entries = append(l.Entries, sources.Entry{
			Path: "/app/" + path, SHA256: cas.Sum([]byte(content)), Format: sources.CommonJS, Reasons: []sources.Reason{sources.Static},
		})
	}
	l.Sort()
	return l
}
