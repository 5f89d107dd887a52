package pin_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/internal/operation/pin"
)

func TestAnArchiveIsNoBase(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write("build.hcl", `nbuild = "1"
project "app" { platforms = ["linux/amd64"] }
base "os" { image = "docker-archive:base.tar" }
image "app" {
  base = base.os
  cmd  = ["node"]
}
`)
	host := machine.Host{
		Dir: dir, File: "build.hcl", StoreDir: filepath.Join(t.TempDir(), "store"), Now: time.Now, Events: event.Discard,
	}
	refused := func(what string, err error) {
		t.Helper()
		if ps := diag.All(err); len(ps) != 1 || ps[0].Code != oci.CodeReference {
			t.Errorf("%s: %v", what, err)
		}
	}
	_, err := pin.Run(context.Background(), host, pin.Options{})
	refused("pin", err)
	write("nbuild.lock", "nbuild-lock 1\nbase os - linux/amd64 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 1 sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\n")
	_, err = pin.Vendor(context.Background(), host)
	refused("vendor", err)
}
