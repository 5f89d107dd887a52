package main

import (
	"archive/tar"
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// meter is the program that runs another and says what it took.
func meter(ts *testscript.TestScript) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		at := filepath.Join(dir, "rusage")
		if _, err := os.Stat(at); err == nil {
			return at
		}
	}
	ts.Fatalf("rusage is not in PATH")
	return ""
}

// holds runs a command and holds its exit code, the memory that it has at most, resident
// and in MiB, and what it says on stderr, by a pattern: holds CODE MIB PATTERN COMMAND….
func holds(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: holds CODE MIB PATTERN COMMAND ARGS…")
	}
	limit, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	program, err := exec.LookPath(args[3])
	ts.Check(err)
	cmd := exec.Command(meter(ts), append([]string{program}, args[4:]...)...)
	cmd.Dir = ts.MkAbs(".")
	for _, name := range []string{"PATH", "HOME", "NBUILD_STORE", patienceEnv} {
		cmd.Env = append(cmd.Env, name+"="+ts.Getenv(name))
	}
	start := time.Now()
	out, err := cmd.CombinedOutput()
	ts.Check(err)
	said, text, _ := strings.Cut(string(out), "\nRUSAGE ")
	var use used
	ts.Check(json.Unmarshal([]byte(text), &use))
	ts.Logf("%s: exit %d, %d MiB, %.1f CPU s, %.1f s\n%s", strings.Join(args[3:], " "), use.Exit, use.Memory>>10, use.Seconds, time.Since(start).Seconds(), said)
	if strconv.Itoa(use.Exit) != args[0] {
		ts.Fatalf("exit code %d, want %s", use.Exit, args[0])
	}
	if use.Memory>>10 > limit {
		ts.Fatalf("it took %d MiB, and %d is the limit", use.Memory>>10, limit)
	}
	if !regexp.MustCompile(args[2]).MatchString(said) {
		ts.Fatalf("nothing that it says fits %s", args[2])
	}
}

// unit is what a balloon grows by: a MiB of zeros, compressed so that it may follow
// itself any number of times.
func unit() []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, flate.BestCompression)
	if err != nil {
		panic(err)
	}
	zeros := make([]byte, 1<<20)
	for range 2 { // the second refers to zeros alone
		b.Reset()
		if _, err := w.Write(zeros); err != nil {
			panic(err)
		}
		if err := w.Flush(); err != nil {
			panic(err)
		}
	}
	return bytes.Clone(b.Bytes())
}

// balloon writes a tarball of a package with a file of many MiB of zeros: a megabyte and
// a half of it unpack to 1.5 GB. Below no MiB it never ends.
func balloon(w io.Writer, mib int) error {
	size := int64(mib) << 20
	if mib < 0 {
		size = 1 << 40
	}
	var head bytes.Buffer
	t := tar.NewWriter(&head)
	manifest := []byte(`{"name":"balloon","version":"1.0.0"}`)
	for _, h := range []*tar.Header{
		{Name: "package/package.json", Mode: 0o644, Size: int64(len(manifest)), Typeflag: tar.TypeReg},
		{Name: "package/zeros", Mode: 0o644, Size: size, Typeflag: tar.TypeReg},
	} {
		if err := t.WriteHeader(h); err != nil {
			return err
		}
		if h.Size == int64(len(manifest)) {
			if _, err := t.Write(manifest); err != nil {
				return err
			}
		}
	}
	sum := crc32.NewIEEE()
	if _, err := w.Write([]byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255}); err != nil {
		return err
	}
	var packed bytes.Buffer
	z, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		return err
	}
	zeros := make([]byte, 1<<20)
	for _, part := range [][]byte{head.Bytes(), zeros} { // so that the unit finds zeros before it
		if _, err := z.Write(part); err != nil {
			return err
		}
		sum.Write(part)
	}
	if err := z.Flush(); err != nil {
		return err
	}
	if _, err := w.Write(packed.Bytes()); err != nil {
		return err
	}
	more := unit()
	for n := 1; n != mib; n++ {
		if _, err := w.Write(more); err != nil {
			return err
		}
		if mib > 0 {
			sum.Write(zeros)
		}
	}
	packed.Reset()
	if z, err = flate.NewWriter(&packed, flate.BestCompression); err != nil {
		return err
	}
	end := make([]byte, 1024)
	if _, err := z.Write(end); err != nil {
		return err
	}
	sum.Write(end)
	if err := z.Close(); err != nil {
		return err
	}
	tail := binary.LittleEndian.AppendUint32(packed.Bytes(), sum.Sum32())
	_, err = w.Write(binary.LittleEndian.AppendUint32(tail, uint32(head.Len()+mib<<20+len(end))))
	return err
}

// balloonNPM serves a package balloon@1.0.0 and names itself in .npmrc; its tarball grows
// by so many MiB of zeros, or without an end where none are named. package-lock.json is
// written for it, and where it has an end an nbuild.lock too, as one would be who pinned
// it all the same: balloon-npm [MIB].
func balloonNPM(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 1 {
		ts.Fatalf("usage: balloon-npm [MIB]")
	}
	mib := -1
	sum, own := sha512.New(), sha256.New()
	var size counting
	if len(args) == 1 {
		var err error
		mib, err = strconv.Atoi(args[0])
		ts.Check(err)
		ts.Check(balloon(io.MultiWriter(sum, own, &size), mib))
	}
	integrity := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, ".tgz") {
			_, _ = fmt.Fprintf(w, `{"name":"balloon","dist-tags":{"latest":"1.0.0"},"time":{"1.0.0":"2020-01-02T03:04:05.000Z"},"versions":{"1.0.0":`+
				`{"name":"balloon","version":"1.0.0","dist":{"integrity":%q,"tarball":"http://%s/balloon/-/balloon-1.0.0.tgz"}}}}`, integrity, r.Host)
			return
		}
		_ = balloon(w, mib)
	}))
	ts.Defer(server.CloseClientConnections)
	ts.Check(os.WriteFile(ts.MkAbs(".npmrc"), []byte("registry="+server.URL+"/\n"), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("package.json"), []byte(`{"name":"shop","version":"1.0.0","dependencies":{"balloon":"1.0.0"}}`), 0o644))
	ts.Check(os.WriteFile(ts.MkAbs("package-lock.json"), []byte(fmt.Sprintf(`{"name":"shop","version":"1.0.0","lockfileVersion":3,"requires":true,"packages":{`+
		`"":{"name":"shop","version":"1.0.0","dependencies":{"balloon":"1.0.0"}},"node_modules/balloon":{"version":"1.0.0","integrity":%q}}}`, integrity)), 0o644))
	if mib > 0 {
		ts.Check(os.WriteFile(ts.MkAbs("nbuild.lock"), []byte(fmt.Sprintf("nbuild-lock 1\nnpm balloon 1.0.0 - %x %d %s index=%x published=2020-01-02T03:04:05Z\n",
			own.Sum(nil), size, integrity, sha256.Sum256(nil))), 0o644))
	}
}

// counting is how many bytes were written.
type counting int64

func (c *counting) Write(p []byte) (int, error) {
	*c += counting(len(p))
	return len(p), nil
}
