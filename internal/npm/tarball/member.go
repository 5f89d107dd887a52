package tarball

import "github.com/nbuild/nbuild/internal/snapshot"

// Facts reads what a package.json says about its package, as Index does of an
// archive's. Errors hold ErrHostile or ErrMalformed.
func Facts(src []byte) (*snapshot.PackageFacts, error) {
	m, err := readManifest(src)
	if err != nil {
		return nil, err
	}
	return m.facts(), nil
}

// IsMachineCode reports whether a file is machine code or WebAssembly, by how it
// begins; 4 KiB of it are enough.
func IsMachineCode(head []byte) bool { return isNative(head) }
