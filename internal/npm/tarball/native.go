package tarball

import (
	"bytes"
	"encoding/binary"
	"path"
	"strings"
)

// isNative reports whether a file's content is machine code or WebAssembly: ELF,
// Mach-O, PE, an archive of objects, wasm. Names say nothing.
func isNative(b []byte) bool {
	return machineCode(b, len(b), func(at int) string { return string(b[at : at+4]) })
}

// machineCode is isNative of a file of so many bytes that begins with b, at least 64 of
// them if it has so many. At gives four bytes of it.
func machineCode(b []byte, size int, at func(int) string) bool {
	if len(b) < 8 {
		return false
	}
	switch string(b[:4]) {
	case "\x7fELF", "\x00asm",
		"\xfe\xed\xfa\xce", "\xfe\xed\xfa\xcf", "\xce\xfa\xed\xfe", "\xcf\xfa\xed\xfe":
		return true
	case "\xca\xfe\xba\xbe": // a universal Mach-O, or a Java class, whose version is 45 or more
		return binary.BigEndian.Uint32(b[4:]) < 45
	case "!<ar":
		return bytes.HasPrefix(b, []byte("!<arch>\n"))
	}
	if b[0] == 'M' && b[1] == 'Z' && len(b) >= 64 {
		pe := uint64(binary.LittleEndian.Uint32(b[60:]))
		return pe+4 <= uint64(size) && at(int(pe)) == "PE\x00\x00"
	}
	return false
}

// isLicense reports whether a file at the top of a package holds a licence's
// text, by its name.
func isLicense(p string) bool {
	if strings.Contains(p, "/") {
		return false
	}
	stem := strings.ToLower(strings.TrimSuffix(p, path.Ext(p)))
	for _, word := range []string{"licence", "license", "copying", "notice", "unlicense", "copyright", "third-party", "thirdparty"} {
		if strings.HasPrefix(stem, word) {
			switch strings.ToLower(path.Ext(p)) {
			case ".js", ".mjs", ".cjs", ".ts", ".json", ".map":
				return false
			}
			return true
		}
	}
	return false
}
