package oci

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"sync"

	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// Credentials returns a keychain over the first of the files that is there, in the
// form of docker's config.json, which podman's auth.json shares: inline logins,
// credential helpers and stores. The caller knows where they are
// ($DOCKER_CONFIG/config.json, ~/.docker/config.json, $REGISTRY_AUTH_FILE,
// $XDG_RUNTIME_DIR/containers/auth.json). No file at all means anonymous.
func Credentials(files ...string) authn.Keychain { return &keychain{files: files} }

type keychain struct {
	files []string
	once  sync.Once
	file  *configfile.ConfigFile
	err   error
	mu    sync.Mutex // helpers are asked one at a time
}

// Resolve implements authn.Keychain.
func (k *keychain) Resolve(target authn.Resource) (authn.Authenticator, error) {
	return k.ResolveContext(context.Background(), target)
}

// ResolveContext implements authn.ContextKeychain. The repository's own entry goes
// before the registry's.
func (k *keychain) ResolveContext(ctx context.Context, target authn.Resource) (authn.Authenticator, error) {
	k.once.Do(k.load)
	if k.err != nil || k.file == nil {
		return authn.Anonymous, k.err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, key := range []string{target.String(), target.RegistryStr()} {
		if key == name.DefaultRegistry {
			key = authn.DefaultAuthKey
		}
		cfg, err := k.file.GetAuthConfig(key)
		if err != nil {
			return nil, badCredentials("the credential helper for "+target.RegistryStr()+" failed",
				"log in again: `docker login "+diag.Word(target.RegistryStr())+"`")
		}
		cfg.ServerAddress = ""
		if cfg != (types.AuthConfig{}) {
			return authn.FromConfig(authn.AuthConfig{
				Username: cfg.Username, Password: cfg.Password, Auth: cfg.Auth,
				IdentityToken: cfg.IdentityToken, RegistryToken: cfg.RegistryToken,
			}), nil
		}
	}
	return authn.Anonymous, nil
}

func (k *keychain) load() {
	for _, path := range k.files {
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			k.err = badCredentials(fmt.Sprintf("%s can't be opened", path), "make it readable, or move it away")
			return
		}
		raw, err := io.ReadAll(io.LimitReader(f, bounds.DockerConfig+1))
		f.Close()
		if err != nil || len(raw) > bounds.DockerConfig {
			k.err = badCredentials(fmt.Sprintf("%s can't be read, or is larger than %d bytes", path, bounds.DockerConfig), "log in again, or move it away")
			return
		}
		// The parser's own error may quote the file, and the file holds passwords.
		if k.file, err = config.LoadFromReader(bytes.NewReader(raw)); err != nil {
			k.file, k.err = nil, badCredentials(path+" is no docker configuration", "log in again, or move it away")
		}
		return
	}
}

func badCredentials(what, remedy string) error {
	return &diag.Problem{
		Code: CodeCredentials, What: diag.Clean(what),
		Why: "without its credentials the registry would answer as to a stranger", Remedy: remedy,
	}
}
