package install_test

import (
	"os"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/nodemodules"
	"github.com/nbuild/nbuild/internal/operation/install"
	"github.com/nbuild/nbuild/internal/operation/pin"
	"github.com/nbuild/nbuild/internal/rehearsal"
	"github.com/nbuild/nbuild/internal/snapshot"
)

func pinned(t *testing.T) *rehearsal.World {
	t.Helper()
	w := rehearsal.New(t)
	if _, err := pin.Run(t.Context(), w.Host, pin.Options{}); err != nil {
		t.Fatal(err)
	}
	return w
}

func there(w *rehearsal.World, name string) bool {
	_, err := os.Stat(w.Path("node_modules/" + name + "/index.js"))
	return err == nil
}

func TestInstallLaysOutWhatIsAskedFor(t *testing.T) {
	w := pinned(t)
	w.ForgetStore() // it vendors by itself
	if _, err := install.Run(t.Context(), w.Host, install.Options{}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"left", "right", "tester"} {
		if !there(w, name) {
			t.Errorf("%s is not installed", name)
		}
	}
	if _, err := install.Run(t.Context(), w.Host, install.Options{Check: true}); err != nil {
		t.Error(err)
	}
	w.Write("node_modules/left/index.js", "evil")
	_, err := install.Run(t.Context(), w.Host, install.Options{Check: true})
	if diag.Exit(err) != 11 {
		t.Errorf("a changed file: %v", err)
	}
	if _, err := install.Run(t.Context(), w.Host, install.Options{Omit: []string{"dev"}}); err != nil {
		t.Fatal(err)
	}
	if there(w, "tester") || !there(w, "left") || strings.Contains(w.Read("node_modules/left/index.js"), "evil") {
		t.Error("node_modules is not what production needs")
	}
}

func TestInstallRefusesADamagedStoreAndKeepsTheOldTree(t *testing.T) {
	w := pinned(t)
	if _, err := install.Run(t.Context(), w.Host, install.Options{}); err != nil {
		t.Fatal(err)
	}
	lock, err := snapshot.Parse([]byte(w.Read("nbuild.lock")), "nbuild.lock")
	if err != nil {
		t.Fatal(err)
	}
	left, _ := lock.Find(snapshot.KindNPM, "left", "1.0.0", "")
	w.Damage(left.SHA256)
	w.Write("node_modules/mine", "1")
	_, err = install.Run(t.Context(), w.Host, install.Options{})
	if ps := diag.All(err); len(ps) == 0 || ps[0].Code != nodemodules.CodeCorrupt || !strings.Contains(ps[0].Remedy, "--repair") {
		t.Errorf("%v", err)
	}
	if w.Read("node_modules/mine") != "1" || !there(w, "left") {
		t.Error("the old tree is gone")
	}
}

func TestInstallRefusesAnNpmBlockThatIsNotThere(t *testing.T) {
	w := pinned(t)
	_, err := install.Run(t.Context(), w.Host, install.Options{Npm: "other"})
	if ps := diag.All(err); len(ps) != 1 || ps[0].Code != install.CodeNoTree {
		t.Errorf("%v", err)
	}
}
