package cas

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/unfinished"
)

// resultLimit bounds one record, in bytes.
const resultLimit = 64 << 10

func (s *Store) resultPath(kind string, key Digest) string {
	name := key.String()
	return filepath.Join(s.dir, resultDir, kind, name[:2], name)
}

// PutResult records value, at most 64 KiB, as what key determines. Kind is a
// short word of letters, digits and dashes that keeps the caller's keys from
// those of others. A record that is there is replaced. A store that can't be written
// to records nothing: a record saves work, and its lack costs it.
func (s *Store) PutResult(ctx context.Context, kind string, key Digest, value []byte) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if len(value) > resultLimit {
		return fmt.Errorf("recording %s result of %d bytes: %w", kind, len(value), ErrTooLarge)
	}
	if s.readOnly {
		return nil
	}
	f, err := unfinished.File(filepath.Join(s.dir, tempDir), "result-")
	if err != nil {
		return fmt.Errorf("recording %s result: %w", kind, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(append([]byte(resultSum(kind, key, value).String()+"\n"), value...))
	if err == nil {
		err = unfinished.Place(f, func(temp string) error { return place(temp, s.resultPath(kind, key)) })
	} else {
		f.Close()
	}
	if err != nil {
		return fmt.Errorf("recording %s result: %w", kind, err)
	}
	return nil
}

// Result returns what was recorded under kind and key. A record that is damaged
// counts as absent. The blobs that a record names may have been pruned since.
func (s *Store) Result(kind string, key Digest) (value []byte, ok bool) {
	f, err := os.OpenFile(s.resultPath(kind, key), os.O_RDONLY|unix.O_NOFOLLOW, 0)
	if err != nil {
		return nil, false
	}
	defer f.Close()
	const head = 2*len(Digest{}) + 1
	all, err := io.ReadAll(io.LimitReader(f, int64(head+resultLimit+1)))
	if err != nil || len(all) < head || len(all) > head+resultLimit {
		return nil, false
	}
	value = all[head:]
	if !bytes.Equal(all[:head], []byte(resultSum(kind, key, value).String()+"\n")) {
		return nil, false
	}
	return value, true
}

// resultSum binds a record to its place, so that a record copied over another one
// is as good as damaged.
func resultSum(kind string, key Digest, value []byte) Digest {
	return Sum(fmt.Appendf(nil, "%s\n%s\n%s", kind, key, value))
}
