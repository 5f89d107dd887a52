package cas

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/unfinished"
)

const (
	// CodeForeign is a folder that is given as the store and holds something else.
	CodeForeign diag.Code = "NB0215"
	// CodeNewer is a store in a form that this nbuild does not know.
	CodeNewer diag.Code = "NB0216"
)

// formatName is the file that makes a folder a store. It holds one line, "nbuild store
// 1": the number is raised when an older nbuild would misread what a newer one wrote.
const (
	formatName   = "format"
	formatPrefix = "nbuild store "
	format       = 1
)

// entries are the names in a store's folder. A store of before the format file has no
// others, and neither has one that another process is making just now.
var entries = []string{blobDir, resultDir, treeDir, failedDir, tempDir, leaseDir, lockName, formatName}

// checkFormat refuses a folder that is not a store: nbuild would mix its blobs with
// files of somebody else's, and prune among them.
func checkFormat(dir string) error {
	f, err := os.Open(filepath.Join(dir, formatName))
	if errors.Is(err, fs.ErrNotExist) {
		return checkUnmarked(dir)
	}
	if err != nil {
		return fmt.Errorf("opening store: %w", err)
	}
	defer f.Close()
	line, err := io.ReadAll(io.LimitReader(f, 64))
	if err != nil {
		return fmt.Errorf("reading the store's format: %w", err)
	}
	number, ours := strings.CutPrefix(strings.TrimSpace(string(line)), formatPrefix)
	version, err := strconv.Atoi(number)
	switch {
	case !ours || err != nil:
		return foreign(dir, fmt.Sprintf("its file %q does not say that it is one", formatName))
	case version > format:
		return &diag.Problem{
			Code: CodeNewer, What: fmt.Sprintf("the store %s is of a newer nbuild", dir),
			Why:    fmt.Sprintf("it has the format %d, and this nbuild knows %d", version, format),
			Remedy: "install that nbuild, or name another store: NBUILD_STORE=DIR",
		}
	}
	return nil
}

func checkUnmarked(dir string) error {
	there, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("opening store: %w", err)
	}
	for _, e := range there {
		if !slices.Contains(entries, e.Name()) {
			return foreign(dir, fmt.Sprintf("it holds %q, which is not nbuild's", e.Name()))
		}
	}
	return nil
}

func foreign(dir, why string) error {
	return &diag.Problem{
		Code: CodeForeign, What: fmt.Sprintf("the folder %s is not a store of nbuild", dir),
		Why: why + "; nothing in it was changed", Remedy: "name an empty folder, or one that is not there yet: NBUILD_STORE=DIR",
	}
}

// markFormat writes the format file where it is missing. A store that can't be written
// is left as it is: it may still be read.
func markFormat(dir string) error {
	name := filepath.Join(dir, formatName)
	if _, err := os.Lstat(name); err == nil {
		return nil
	}
	temp, err := unfinished.File(filepath.Join(dir, tempDir), "format-")
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, unix.EROFS) {
		return nil
	}
	if err == nil {
		_, err = fmt.Fprintf(temp, "%s%d\n", formatPrefix, format)
		err = errors.Join(err, unfinished.Place(temp, func(from string) error { return os.Rename(from, name) }))
		if err != nil {
			_ = os.Remove(temp.Name()) // the first error is the one to report
		}
	}
	if err != nil {
		return fmt.Errorf("opening store: %w", err)
	}
	return nil
}
