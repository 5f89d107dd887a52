package diag

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"testing"
)

// TestWhatTheMachineRefusesIsNeverReportedAsAFaultOfNbuild takes every error that
// the operating system may give.
func TestWhatTheMachineRefusesIsNeverReportedAsAFaultOfNbuild(t *testing.T) {
	for errno := syscall.Errno(1); errno < 134; errno++ {
		err := fmt.Errorf("storing blob: %w", &fs.PathError{Op: "open", Path: "/srv/store/tmp/x", Err: errno})
		p := Shown(err)[0]
		blamed := strings.Contains(p.Text(), "report") || p.Code == CodeUnexpected
		callers := map[syscall.Errno]bool{syscall.EINVAL: true, syscall.EBADF: true, syscall.EFAULT: true, syscall.ENOTTY: true, syscall.ESRCH: true, syscall.ECHILD: true}
		if blamed != callers[errno] {
			t.Errorf("%v (%d): nbuild is blamed: %t\n%s", errno, errno, blamed, p.Text())
		}
		if p.Code.Exit() != 1 || Exit(err) != 1 {
			t.Errorf("%v: %s ends with %d", errno, p.Code, p.Code.Exit())
		}
	}
}

func TestFaultsOfTheMachineAreToldApart(t *testing.T) {
	at := func(errno syscall.Errno) error {
		return fmt.Errorf("writing layer: %w", &fs.PathError{Op: "write", Path: "/srv/out/.tmp-1", Err: errno})
	}
	tests := map[string]struct {
		err    error
		code   Code
		remedy string
	}{
		"full":        {at(syscall.ENOSPC), CodeDiskFull, "disk of /srv/out ("},
		"quota":       {at(syscall.EDQUOT), CodeDiskFull, "nbuild cache prune"},
		"read-only":   {at(syscall.EROFS), CodeForbidden, "right to /srv/out,"},
		"rights":      {at(syscall.EACCES), CodeForbidden, "NBUILD_STORE"},
		"a file":      {at(syscall.ENOTDIR), CodePath, "look at /srv/out/.tmp-1:"},
		"long name":   {at(syscall.ENAMETOOLONG), CodePath, "name another"},
		"missing":     {at(syscall.ENOENT), CodePath, "look at /srv/out:"},
		"many files":  {at(syscall.EMFILE), CodeExhausted, "ulimit -a"},
		"bad disk":    {at(syscall.EIO), CodeDevice, "dmesg"},
		"unknown one": {at(syscall.EL2HLT), CodeDevice, "file system of /srv/out"},
		"refused":     {&net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}, CodeNetwork, "HTTPS_PROXY"},
		"no name":     {&net.DNSError{Name: "registry.example.com", Err: "no such host"}, CodeNetwork, "HTTPS_PROXY"},
		"no errno":    {fmt.Errorf("opening: %w", fs.ErrPermission), CodeForbidden, "the file that the message names"},
		"ours":        {errors.New("index out of order"), CodeUnexpected, "report"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			p := Shown(test.err)[0]
			if p.Code != test.code || !strings.Contains(p.Remedy, test.remedy) || !strings.Contains(p.What, test.err.Error()) {
				t.Errorf("want %s and %q:\n%s", test.code, test.remedy, p.Text())
			}
		})
	}
}

// A problem that an operation made of a full disk keeps its code, so that no exit code
// moves, and its remedy mends what is the matter.
func TestAFullDiskOverrulesTheRemedyOfAProblem(t *testing.T) {
	made := &Problem{Code: "NB1104", What: "left can't be stored", Remedy: "run `nbuild vendor`", Err: syscall.ENOSPC}
	p := Shown(fmt.Errorf("vendoring: %w", made))[0]
	if p.Code != "NB1104" || !strings.Contains(p.Remedy, "free room") || made.Remedy != "run `nbuild vendor`" {
		t.Errorf("%s\n%q", p.Text(), made.Remedy)
	}
	missing := &Problem{Code: "NB0376", What: "there is no file x", Remedy: "name a BOM", Err: fs.ErrNotExist}
	if p := Shown(missing)[0]; p.Remedy != "name a BOM" {
		t.Errorf("a missing file has the remedy %q", p.Remedy)
	}
}

func TestOneProblemAndSeveralHaveOneShape(t *testing.T) {
	for n, err := range map[int]error{1: syscall.ENOSPC, 2: Problems{{Code: "NB1104", What: "a", Remedy: "b"}, {Code: "NB0304", What: "a", Remedy: "b"}}} {
		var out bytes.Buffer
		if err := WriteJSON(&out, err); err != nil {
			t.Fatal(err)
		}
		var doc struct {
			Schema   string
			Problems []struct {
				Code Code
				Exit int
			}
		}
		if err := json.Unmarshal(out.Bytes(), &doc); err != nil {
			t.Fatal(err)
		}
		if doc.Schema != "nbuild.problems/v2" || len(doc.Problems) != n || doc.Problems[0].Exit != Exit(err) {
			t.Errorf("%d: %s", n, out.String())
		}
	}
}
