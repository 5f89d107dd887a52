package cas

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// Lease keeps blobs from being pruned while it is open. It ends with Close, or
// when its process dies: the kernel drops the lock that marks it as live.
type Lease struct {
	store  *Store
	mu     sync.Mutex
	file   *os.File
	closed bool
}

// Lease opens a lease that holds nothing yet. In a store that can't be written to it
// never holds anything: who can prune it does so by another way in.
func (s *Store) Lease() (*Lease, error) {
	if s.readOnly {
		return &Lease{store: s}, nil
	}
	unlock, err := s.lock(unix.LOCK_SH)
	if err != nil {
		return nil, err
	}
	defer unlock()
	f, err := os.CreateTemp(filepath.Join(s.dir, leaseDir), "lease-")
	if err != nil {
		return nil, fmt.Errorf("leasing: %w", err)
	}
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		f.Close()
		return nil, fmt.Errorf("leasing: %w", err)
	}
	return &Lease{store: s, file: f}, nil
}

// Hold keeps the blobs from being pruned from now on. Hold first and look
// afterwards: a blob may have gone before it was held.
func (l *Lease) Hold(digests ...Digest) error {
	if l.file == nil {
		return nil
	}
	unlock, err := l.store.lock(unix.LOCK_SH)
	if err != nil {
		return err
	}
	defer unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	var b strings.Builder
	for _, d := range digests {
		b.WriteString(d.String() + "\n")
	}
	if _, err := l.file.WriteString(b.String()); err != nil {
		return fmt.Errorf("leasing: %w", err)
	}
	return nil
}

// Close lets go of everything that is held. A second time it does nothing.
func (l *Lease) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file == nil || l.closed {
		return nil
	}
	l.closed = true
	os.Remove(l.file.Name())
	return l.file.Close()
}

// held returns what live leases hold and removes those of dead processes. The
// caller has the store's lock exclusively, so no lease changes meanwhile.
func (s *Store) held() (map[Digest]bool, error) {
	names, err := filepath.Glob(filepath.Join(s.dir, leaseDir, "lease-*"))
	if err != nil {
		return nil, fmt.Errorf("reading leases: %w", err)
	}
	held := map[Digest]bool{}
	for _, name := range names {
		f, err := os.Open(name)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading leases: %w", err)
		}
		if unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB) == nil {
			os.Remove(name)
			f.Close()
			continue
		}
		lines := bufio.NewScanner(f)
		for lines.Scan() {
			if d, err := ParseDigest(lines.Text()); err == nil {
				held[d] = true
			}
		}
		err = lines.Err()
		f.Close()
		if err != nil {
			return nil, fmt.Errorf("reading leases: %w", err)
		}
	}
	return held, nil
}

// lock takes the store's lock, shared to change a lease, exclusive to prune.
func (s *Store) lock(how int) (unlock func(), err error) {
	f, err := os.OpenFile(filepath.Join(s.dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("locking store: %w", err)
	}
	for {
		err = unix.Flock(int(f.Fd()), how)
		if err != unix.EINTR {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("locking store: %w", err)
	}
	return func() { f.Close() }, nil
}
