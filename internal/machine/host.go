// Package machine is everything that nbuild may know about the machine it runs on: the
// [Host], which the command makes once from flags, environment and clock and hands
// down.
//
// What is not in it can't be known: no operation reads a clock, the environment or
// the working directory by itself. Programs of the machine (git, npm) are asked
// through it as well, and never one that a package put in front of the PATH.
//
// The invariant: two runs with equal Hosts, equal projects and equal stores give
// equal results.
package machine

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/event"
	"github.com/nbuild/nbuild/internal/pace"
)

// Host is what the edge hands down.
type Host struct {
	Dir      string            // the project's folder, absolute
	File     string            // the build file, relative to Dir
	Vars     map[string]string // --var
	Environ  []string          // NAME=value, for npm's configuration, proxies and credentials
	Home     string            // the user's folder, "" where there is none
	StoreDir string            // absolute
	Behind   string            // a store whose blobs are read where that one lacks them, "" for none
	Now      func() time.Time
	Offline  bool
	Events   event.Sink
	Version  string // of nbuild
	BuildID  string // names the very code that runs, "" where it is not known
	Patience Patience
	Debian   Debian
	Remote   Remote
}

// Patience is how long servers are waited for. The zero value is the project's table.
type Patience struct {
	Pace    pace.Limits   // what a transfer may take
	Backoff time.Duration // before a request is sent again
}

// Debian is where packages of Debian come from, and whose signature counts. The zero value
// is what this machine's apt is set up with, Debian's archive of snapshots, and Debian's own
// keys; only tests have another.
type Debian struct {
	Mirrors   []string
	Snapshots string
	Keys      string // armored
}

// Path returns where a file or a folder stands that the user named: in the host's
// folder, unless the name is absolute.
func (h Host) Path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(h.Dir, name)
}

// Store opens the host's store.
func (h Host) Store() (*cas.Store, error) {
	open := func() (*cas.Store, error) { return cas.Open(h.StoreDir) }
	if h.Behind != "" {
		open = func() (*cas.Store, error) { return cas.OpenOver(h.StoreDir, h.Behind) }
	}
	store, err := open()
	if err != nil {
		return nil, fmt.Errorf("opening the store: %w", err)
	}
	return store, nil
}
