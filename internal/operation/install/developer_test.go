package install

import (
	"testing"
	"testing/fstest"
)

func TestTheCLibraryIsToldByLdd(t *testing.T) {
	tests := []struct {
		name, ldd, loader, want string
	}{
		{"glibc", "# This file is part of the GNU C Library.", "", "glibc"},
		{"musl", "\x7fELF /lib/ld-musl-x86_64.so.1", "lib/ld-musl-x86_64.so.1", "musl"},
		{"glibc with musl's loader beside it", "# This file is part of the GNU C Library.", "lib/ld-musl-x86_64.so.1", "glibc"},
		{"another", "#!/bin/sh", "", ""},
		{"no ldd", "", "", "glibc"},
		{"no ldd and musl's loader", "", "lib/ld-musl-aarch64.so.1", "musl"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			root := fstest.MapFS{"lib/libc.so": {}}
			if test.ldd != "" {
				root["usr/bin/ldd"] = &fstest.MapFile{Data: []byte(test.ldd)}
			}
			if test.loader != "" {
				root[test.loader] = &fstest.MapFile{}
			}
			if got := family(root); got != test.want {
				t.Errorf("%q, want %q", got, test.want)
			}
		})
	}
}
