package replica

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"io"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/internal/npm/replica/catalogue"
)

// Handler serves documents and tarballs over HTTP. The fields are set before it serves.
type Handler struct {
	Documents *Documents
	Store     *cas.Store

	Hosts  []string      // that a request may be for, in lower case; nil is any
	Tokens []Token       // one of which a request has to show; none lets everybody in
	Log    func(Request) // is told of each request, when it was answered; nil is nobody

	packed sync.Map // by *catalogue.Entry: *form, of documents that were asked for
}

// Token lets in who shows it.
type Token struct {
	Name string // of the project that has it
	Sum  [sha256.Size]byte
}

// NewToken makes a token of its secret, which is not kept.
func NewToken(name, secret string) Token { return Token{name, sha256.Sum256([]byte(secret))} }

// Request is a request and how it was answered.
type Request struct {
	Project string // whose token it showed, "" where nobody has to show one
	From    string // its address
	Method  string
	Path    string // as it was asked
	Status  int
	Bytes   int64  // of the answer's body
	Agent   string // the client, as it calls itself
}

// form is a document as it is sent: packed, with both of its tags.
type form struct {
	once        sync.Once
	packed      []byte
	plain, gzip string // entity tags
}

// ServeHTTP answers a request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	counted := &counter{ResponseWriter: w, status: http.StatusOK}
	project, known := h.known(r.Header.Get("Authorization"))
	a := catalogue.Answer{}
	switch {
	case !known:
		w.Header().Set("WWW-Authenticate", `Bearer realm="nbuild registry"`)
		a = catalogue.Unknown()
	default:
		a = h.Documents.Catalogue.Answer(catalogue.Request{
			Method: r.Method, Target: r.RequestURI, Host: r.Host, Hosts: h.Hosts, Accept: strings.Join(r.Header.Values("Accept"), ","),
		})
	}
	h.send(counted, r, a)
	if h.Log != nil {
		h.Log(Request{
			Project: project, From: r.RemoteAddr, Method: r.Method, Path: r.RequestURI, Status: counted.status, Bytes: counted.bytes, Agent: r.UserAgent(),
		})
	}
}

// known finds whose token a request shows. Each is compared, and takes as long as any other.
func (h *Handler) known(authorization string) (project string, known bool) {
	if len(h.Tokens) == 0 {
		return "", true
	}
	scheme, secret, _ := strings.Cut(authorization, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return "", false
	}
	sum := sha256.Sum256([]byte(strings.TrimSpace(secret)))
	for _, t := range h.Tokens {
		if subtle.ConstantTimeCompare(sum[:], t.Sum[:]) == 1 {
			project, known = t.Name, true
		}
	}
	return project, known
}

func (h *Handler) send(w *counter, r *http.Request, a catalogue.Answer) {
	head := w.Header()
	head.Set("Content-Type", a.Type)
	head.Set("X-Content-Type-Options", "nosniff")
	if a.Allow != "" {
		head.Set("Allow", a.Allow)
	}
	switch {
	case a.Entry == nil:
		head.Set("Content-Length", strconv.Itoa(len(a.Text)))
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			head.Set("Connection", "close") // what else it sends is not read
		}
		w.WriteHeader(a.Status)
		if r.Method != http.MethodHead {
			_, _ = io.WriteString(w, a.Text)
		}
	case a.Entry.Kind == catalogue.Tarball:
		h.tarball(w, r, a.Entry)
	default:
		h.document(w, r, a.Entry)
	}
}

// tarball sends a file of the store, or what is asked for of it (RFC 9110 §14).
func (h *Handler) tarball(w *counter, r *http.Request, e *catalogue.Entry) {
	digest, err := cas.ParseDigest(e.SHA256)
	var f *os.File
	if err == nil {
		f, err = h.Store.Proven(r.Context(), digest)
	}
	if err != nil {
		a := catalogue.Broken()
		w.Header().Set("Content-Type", a.Type)
		w.WriteHeader(a.Status)
		_, _ = io.WriteString(w, a.Text)
		return
	}
	defer f.Close()
	w.Header().Set("ETag", `"`+e.SHA256+`"`)
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	http.ServeContent(w, r, "", time.Time{}, f) // its digest is better than a date
}

// document sends a document, packed for whoever takes that.
func (h *Handler) document(w *counter, r *http.Request, e *catalogue.Entry) {
	text := h.Documents.Text[e.Offset:][:e.Size]
	kept, _ := h.packed.LoadOrStore(e, &form{})
	f := kept.(*form)
	f.once.Do(func() { f.pack(text) })
	head := w.Header()
	head.Set("Vary", "Accept, Accept-Encoding")
	head.Set("Cache-Control", "no-cache") // it is asked whether it is still so
	tag := f.plain
	if f.packed != nil && takesGzip(r.Header.Values("Accept-Encoding")) {
		head.Set("Content-Encoding", "gzip")
		text, tag = f.packed, f.gzip
	}
	head.Set("ETag", tag)
	if held(r.Header.Values("If-None-Match"), tag) {
		head.Del("Content-Encoding")
		head.Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	head.Set("Content-Length", strconv.Itoa(len(text)))
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		_, _ = w.Write(text)
	}
}

// pack compresses a document, where that makes it smaller.
func (f *form) pack(text []byte) {
	sum := sha256.Sum256(text)
	name := hex.EncodeToString(sum[:16])
	f.plain, f.gzip = `"`+name+`"`, `"`+name+`-gzip"`
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, 5)
	if err != nil {
		return
	}
	if _, err = z.Write(text); err == nil && z.Close() == nil && b.Len() < len(text) {
		f.packed = bytes.Clone(b.Bytes())
	}
}

// takesGzip reports whether a client takes gzip (RFC 9110 §12.5.3).
func takesGzip(values []string) bool {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			coding, weight, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(part, " ", "")), ";")
			if coding == "gzip" || coding == "*" {
				return strings.Trim(strings.TrimPrefix(weight, "q="), "0.") != "" || weight == ""
			}
		}
	}
	return false
}

// held reports whether a client has what a tag names (RFC 9110 §13.1.2).
func held(values []string, tag string) bool {
	for _, v := range values {
		for part := range strings.SplitSeq(v, ",") {
			part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
			if part == tag || part == "*" {
				return true
			}
		}
	}
	return false
}

// counter counts what is sent. A file goes through it as the kernel sends files.
type counter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader notes the status.
func (c *counter) WriteHeader(status int) {
	c.status = status
	c.ResponseWriter.WriteHeader(status)
}

// Write counts bytes.
func (c *counter) Write(b []byte) (int, error) {
	n, err := c.ResponseWriter.Write(b)
	c.bytes += int64(n)
	return n, err
}

// ReadFrom counts the bytes of a file.
func (c *counter) ReadFrom(r io.Reader) (int64, error) {
	n, err := io.Copy(c.ResponseWriter, r)
	c.bytes += n
	return n, err
}
