package snapshot

import "testing"

func TestALineAnswersTheTextThatItWasPinnedForWhateverTheServer(t *testing.T) {
	for _, test := range []struct {
		was, now string
		answers  bool
	}{
		{"registry.example.com/base/node:22", "registry.example.com/base/node:22", true},
		{"registry.example.com/base/node:22", "mirror.example.com:5000/base/node:22", true},
		{"registry.example.com/base/node:22", "registry.example.com/base/node:24", false},
		{"registry.example.com/base/node:22", "registry.example.com/other/node:22", false},
		{"oci:base/node:22", "oci:other/node:22", false},
		{"https://example.com/a.tgz?v=1", "https://mirror.example.com/a.tgz?v=1", true},
		{"https://example.com/a.tgz?v=1", "https://example.com/a.tgz?v=2", false},
		{"tzdata zlib1g", "tzdata", false},
	} {
		a := Artefact{Kind: KindBase}.Answering(test.was)
		if a.Answers(test.now) != test.answers {
			t.Errorf("pinned for %s, asked for %s: %t", test.was, test.now, !test.answers)
		}
	}
	if !(Artefact{Kind: KindBase}).Answers("anything") {
		t.Error("a line of an earlier nbuild answers nothing")
	}
}
