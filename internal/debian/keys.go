package debian

import (
	"embed"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
)

// Debian's public keys, as its package debian-archive-keyring 2025.1 has them in
// /usr/share/keyrings (its files were equal to the package's own checksums when
// they were taken), exported armored and without the signatures of third parties.
//
//go:embed keys/*.asc
var keyFiles embed.FS

// archiveKeys lists the embedded keys by the fingerprint of their primary key, as
// the Debian project publishes them with each release. A file under keys/ that is
// not listed here, or holds another key, is not used.
var archiveKeys = []struct{ file, fingerprint string }{
	{"bookworm-automatic", "B8B80B5B623EAB6AD8775C45B7C5D7D6350947F8"},
	{"bookworm-security-automatic", "05AB90340C0C5E797F44A8C8254CF3B5AEC0A8F0"},
	{"bookworm-stable", "4D64FEC119C2029067D6E791F8D2585B8783D481"},
	{"trixie-automatic", "04B54C3CDCA79751B16BC6B5225629DF75B188BD"},
	{"trixie-security-automatic", "5E04A1E3223A19A20706E20F9904613D4CCE68C6"},
	{"trixie-stable", "41587F7DB8C774BCCF131416762F67A0B2C39DE4"},
}

// Keyring is the set of keys that may sign an InRelease file.
type Keyring struct{ keys openpgp.EntityList }

// ArchiveKeyring returns Debian's own keys.
func ArchiveKeyring() (*Keyring, error) {
	var ring Keyring
	for _, k := range archiveKeys {
		src, err := keyFiles.ReadFile("keys/" + k.file + ".asc")
		if err != nil {
			return nil, fmt.Errorf("reading key: %w", err)
		}
		one, err := ParseKeyring(string(src))
		if err != nil {
			return nil, fmt.Errorf("reading key %s: %w", k.file, err)
		}
		if len(one.keys) != 1 || fingerprint(one.keys[0]) != k.fingerprint {
			return nil, fmt.Errorf("reading key %s: it is not %s", k.file, k.fingerprint)
		}
		ring.keys = append(ring.keys, one.keys...)
	}
	return &ring, nil
}

// ParseKeyring reads an armored block of public keys (RFC 9580 §6).
func ParseKeyring(armored string) (*Keyring, error) {
	keys, err := openpgp.ReadArmoredKeyRing(strings.NewReader(armored))
	if err != nil {
		return nil, err
	}
	return &Keyring{keys}, nil
}

func fingerprint(e *openpgp.Entity) string {
	return strings.ToUpper(hex.EncodeToString(e.PrimaryKey.Fingerprint))
}
