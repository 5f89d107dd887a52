package main

import (
	"crypto/rand"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/nbuild/nbuild/internal/machine"
)

// runsSteps marks a command that runs steps, and so takes --remote.
const runsSteps = "nbuild.steps"

// remoteFlags are global, because every command that runs steps has them: it is a machine
// that they choose, and no part of what is done.
func (a *app) remoteFlags() {
	f := a.root.PersistentFlags()
	f.StringVar(&a.remote.Server, "remote", "", "run steps on other machines: grpcs://`HOST`/INSTANCE, or a name in remotes.hcl")
	f.StringVar(&a.remote.Cache, "remote-cache", "", "run steps here, and share results: read-write or read-only (`how`)")
	f.Lookup("remote-cache").NoOptDefVal = machine.CacheShared
	f.StringVar(&a.fallback, "remote-fallback", "", "`where` steps run while --remote is out of reach: local")
}

// steps marks a command as one that runs steps.
func steps(cmd *cobra.Command) *cobra.Command {
	if cmd.Annotations == nil {
		cmd.Annotations = map[string]string{}
	}
	cmd.Annotations[runsSteps] = "true"
	return cmd
}

// checkRemote checks the flags of other machines.
func (a *app) checkRemote(cmd *cobra.Command) error {
	switch a.remote.Cache {
	case "", machine.CacheShared, machine.CacheRead:
	default:
		return noneOf("--remote-cache", a.remote.Cache, machine.CacheShared, machine.CacheRead)
	}
	switch a.fallback {
	case "", "local":
	default:
		return noneOf("--remote-fallback", a.fallback, "local")
	}
	a.remote.Fallback = a.fallback == "local"
	flags := cmd.Flags()
	for _, name := range []string{"remote", "remote-cache", "remote-fallback"} {
		switch {
		case !flags.Changed(name):
		case cmd.Annotations[runsSteps] == "":
			return usage("--"+name+" is for commands that run steps, and "+cmd.CommandPath()+" runs none", "leave it out")
		case a.remote.Server == "":
			return usage("--"+name+" without a server", "name one as well: --remote grpcs://HOST/INSTANCE")
		}
	}
	if a.remote.Server != "" && a.offline {
		return usage("--remote with --offline", "leave one of the two out")
	}
	return nil
}

// remoteHost is what operations get of it.
func (a *app) remoteHost() machine.Remote {
	r := a.remote
	if r.Server == "" {
		return machine.Remote{}
	}
	if dir := a.env("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		r.Folder = filepath.Join(dir, "nbuild")
	} else if home := a.env("HOME"); filepath.IsAbs(home) {
		r.Folder = filepath.Join(home, ".config", "nbuild")
	}
	r.Token, r.Certificate, r.Key, r.CA = a.env("NBUILD_REMOTE_TOKEN"), a.env("NBUILD_REMOTE_CERTIFICATE"), a.env("NBUILD_REMOTE_KEY"), a.env("NBUILD_REMOTE_CA")
	r.Unique = rand.Text()
	return r
}
