package main

import (
	"encoding/binary"
	"os/exec"
	"strings"
	"testing"
)

// What is kept of an analysis is kept by a build ID, so it is Go's own reading of it.
func TestABuildIsKnownByWhatGoWroteIntoIt(t *testing.T) {
	id := program()
	if strings.Count(id, "/") < 1 || len(id) < 40 {
		t.Errorf("this test's own is %q", id)
	}
	command := built(t)
	out, err := exec.Command("go", "tool", "buildid", command).Output()
	if err != nil {
		t.Fatal(err)
	}
	if got, want := buildIDOf(command), strings.TrimSpace(string(out)); got != want || want == "" {
		t.Errorf("%q, and Go reads %q", got, want)
	}
	if got := buildIDOf("identity.go"); got != "" {
		t.Errorf("of a text: %q", got)
	}
}

func TestANoteThatIsNotGosNamesNothing(t *testing.T) {
	note := func(owner string, text string) []byte {
		b := binary.LittleEndian.AppendUint32(nil, uint32(len(owner)))
		b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
		b = binary.LittleEndian.AppendUint32(b, 4)
		return append(append(b, owner...), text...)
	}
	whole := note("Go\x00\x00", "a/b")
	if got := buildID(whole, binary.LittleEndian); got != "a/b" {
		t.Errorf("%q", got)
	}
	for name, b := range map[string][]byte{
		"another owner": note("GNU\x00", "a/b"), "a longer owner": note("Go\x00\x00\x00", "a/b"), "cut": whole[:len(whole)-1], "a head": whole[:12], "nothing": nil,
	} {
		if got := buildID(b, binary.LittleEndian); got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}
