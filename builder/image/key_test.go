package image

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/snapshot"
)

// kept is a layer as a store was asked for it.
type kept struct {
	members func() []Member
	date    time.Time
	options Options
}

func (k kept) in(t *testing.T, s *cas.Store) *Layer {
	t.Helper()
	l, err := NewLayer(t.Context(), s, k.date, k.members(), k.options)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestNothingKeptStandsForAnotherLayer asks one store for a layer, then for one that
// differs in a single thing. What the second is must be what an empty store makes:
// neither the layer nor any of its members is taken for another's.
func TestNothingKeptStandsForAnotherLayer(t *testing.T) {
	of := func(files ...File) func() []Member {
		return func() []Member {
			return []Member{Files(files, "app/node_modules/a", "npm a@1.0.0", "npm.deps")}
		}
	}
	folder := func(mode int64) func() []Member {
		return func() []Member {
			return []Member{
				Files([]File{{Path: "app", Dir: true, Mode: mode}}, "", "skeleton", "base.runtime"),
				Files([]File{text("app/index.js", "a")}, "", "project files", "layer.app"),
			}
		}
	}
	plain := of(text("index.js", "a"), text("lib/x.js", "x"))
	base := kept{members: plain, date: date}
	with := func(change func(*kept)) kept {
		k := base
		change(&k)
		return k
	}
	changed := map[string]struct{ first, second kept }{
		"time":          {base, with(func(k *kept) { k.date = date.Add(time.Second) })},
		"format":        {base, with(func(k *kept) { k.options.Codec.Format = Zstd })},
		"level":         {base, with(func(k *kept) { k.options.Codec.Level = 9 })},
		"level of zstd": {with(func(k *kept) { k.options.Codec = Codec{Zstd, 1} }), with(func(k *kept) { k.options.Codec = Codec{Zstd, 9} })},
		"content":       {base, with(func(k *kept) { k.members = of(text("index.js", "b"), text("lib/x.js", "x")) })},
		"mode of a file": {base, with(func(k *kept) {
			k.members = of(File{Path: "index.js", Mode: 0o755, Data: []byte("a")}, text("lib/x.js", "x"))
		})},
		"name of a file":  {base, with(func(k *kept) { k.members = of(text("main.js", "a"), text("lib/x.js", "x")) })},
		"a folder's mode": {with(func(k *kept) { k.members = folder(0o755) }), with(func(k *kept) { k.members = folder(0o700) })},
		"an empty folder": {base, with(func(k *kept) {
			k.members = of(text("index.js", "a"), text("lib/x.js", "x"), File{Path: "tmp", Dir: true})
		})},
		"a link's target": {with(func(k *kept) { k.members = of(File{Path: "l", Link: "a"}) }), with(func(k *kept) { k.members = of(File{Path: "l", Link: "b"}) })},
		"a link, no file": {with(func(k *kept) { k.members = of(text("l", "")) }), with(func(k *kept) { k.members = of(File{Path: "l", Link: "b"}) })},
		"what lies below": {base, with(func(k *kept) { k.options.Below = []Anchor{{Path: "app", Mode: 0o755}} })},
		"where it lies": {base, with(func(k *kept) {
			k.members = func() []Member {
				return []Member{Files([]File{text("index.js", "a"), text("lib/x.js", "x")}, "app/node_modules/b", "npm a@1.0.0", "npm.deps")}
			}
		})},
		"streamed members": {with(func(k *kept) { k.options.whole = 1 }), with(func(k *kept) { k.options.whole, k.date = 1, date.Add(time.Hour) })},
	}
	for _, name := range slices.Sorted(maps.Keys(changed)) {
		t.Run(name, func(t *testing.T) {
			c := changed[name]
			warm := newStore(t)
			before := c.first.in(t, warm)
			got, want := c.second.in(t, warm), c.second.in(t, newStore(t))
			if got.record.Digest != want.record.Digest || got.record.DiffID != want.record.DiffID {
				t.Errorf("%s in the store that has the first, %s in an empty one", got.record.Digest, want.record.Digest)
			}
			if name != "what lies below" && before.record.Digest == got.record.Digest {
				t.Error("the two layers are one")
			}
			if again := c.first.in(t, warm); again.record.Digest != before.record.Digest {
				t.Error("asked for again, the first is another")
			}
		})
	}
}

// The key of a share names all that its compressed bytes are made of, each by itself.
func TestEachThingIsInTheKeyOfAMember(t *testing.T) {
	base := func() (packer, share) {
		return packer{codec: Codec{Gzip, 5}, mtime: 1}, share{
			member: Member{Key: cas.Sum([]byte("key")), Path: "app"}, dirs: []directory{{"app", 0o755}, {"app/lib", 0o755}}, merged: map[string]bool{"app/x": true},
		}
	}
	keys := map[cas.Digest]string{}
	for name, change := range map[string]func(*packer, *share){
		"nothing":                func(*packer, *share) {},
		"format":                 func(k *packer, _ *share) { k.codec.Format = Zstd },
		"level":                  func(k *packer, _ *share) { k.codec.Level = 6 },
		"time":                   func(k *packer, _ *share) { k.mtime = 2 },
		"what the member is":     func(_ *packer, s *share) { s.member.Key = cas.Sum([]byte("other")) },
		"where it lies":          func(_ *packer, s *share) { s.member.Path = "srv" },
		"a folder less":          func(_ *packer, s *share) { s.dirs = s.dirs[:1] },
		"a folder's mode":        func(_ *packer, s *share) { s.dirs[1].mode = 0o700 },
		"a folder's name":        func(_ *packer, s *share) { s.dirs[1].path = "app/bin" },
		"nothing merged":         func(_ *packer, s *share) { s.merged = nil },
		"another file is merged": func(_ *packer, s *share) { s.merged = map[string]bool{"app/y": true} },
		"one more is merged":     func(_ *packer, s *share) { s.merged["app/y"] = true },
	} {
		k, s := base()
		change(&k, &s)
		key := k.key(s)
		if other, taken := keys[key]; taken {
			t.Errorf("%q and %q have one key", name, other)
		}
		keys[key] = name
		again, s2 := base()
		change(&again, &s2)
		if again.key(s2) != key {
			t.Errorf("%q has two keys", name)
		}
	}
}

// The key of files names each thing about each of them.
func TestEachThingIsInTheKeyOfFiles(t *testing.T) {
	keys := map[cas.Digest]string{}
	see := func(name string, key cas.Digest) {
		if other, taken := keys[key]; taken {
			t.Errorf("%q and %q have one key", name, other)
		}
		keys[key] = name
	}
	for name, files := range map[string][]File{
		"a file":             {text("a", "x")},
		"another content":    {text("a", "y")},
		"another name":       {text("b", "x")},
		"another mode":       {{Path: "a", Mode: 0o755, Data: []byte("x")}},
		"a link":             {{Path: "a", Link: "x"}},
		"another target":     {{Path: "a", Link: "y"}},
		"a folder":           {{Path: "a", Dir: true}},
		"another mode of it": {{Path: "a", Dir: true, Mode: 0o1777}},
		"an empty file":      {text("a", "")},
		"two files":          {text("a", "x"), text("b", "x")},
		"nothing":            nil,
	} {
		see(name, Files(files, "app", "n", "o").Key)
	}
	entry := func(change func(*snapshot.Entry)) cas.Digest {
		e := snapshot.Entry{Path: "a", Mode: 0o644, Size: 1, SHA256: cas.Sum([]byte("x"))}
		change(&e)
		return Tree(nil, []snapshot.Entry{e}, "app", "n", "o").Key
	}
	see("an entry", entry(func(*snapshot.Entry) {}))
	see("another mode of an entry", entry(func(e *snapshot.Entry) { e.Mode = 0o755 }))
	see("another name of an entry", entry(func(e *snapshot.Entry) { e.Path = "b" }))
	see("another content of an entry", entry(func(e *snapshot.Entry) { e.SHA256 = cas.Sum([]byte("y")) }))
	see("another size of an entry", entry(func(e *snapshot.Entry) { e.Size = 2 }))
	see("an entry that is a link", entry(func(e *snapshot.Entry) { e.Link, e.Size, e.SHA256 = "b", 0, cas.Digest{} }))
}
