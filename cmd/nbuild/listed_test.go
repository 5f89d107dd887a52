package main

import (
	"context"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/nbuild/nbuild/internal/evidence/guarded"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/sources"
)

// listed fails unless a path is on the source list of an image in a layout, in a format:
// listed FOLDER PATH FORMAT.
func listed(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) != 3 {
		ts.Fatalf("usage: listed FOLDER PATH FORMAT")
	}
	ctx := context.Background()
	layout, err := oci.OpenLayout(ts.MkAbs(args[0]))
	ts.Check(err)
	found, err := layout.Resolve(ctx, "latest")
	ts.Check(err)
	img, err := oci.Image(ctx, layout, found.Digest)
	ts.Check(err)
	g, err := guarded.Of(ctx, img, "linux/amd64")
	ts.Check(err)
	e, ok := g.List.Find(args[1])
	if is := ok && e.Format == sources.Format(args[2]); is == neg {
		ts.Fatalf("%s: %+v", args[1], e)
	}
}
