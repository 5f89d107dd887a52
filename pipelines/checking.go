package pipelines

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/zclconf/go-cty/cty"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/hclfile"
	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// Check is what an image has to do once it is started, before it is released. Without
// HTTP and Alive its command has to end with 0.
type Check struct {
	Name    string
	Run     []string          // in place of the image's command; nil is that
	Env     map[string]string // beside the image's
	HTTP    *Ask              // a question that it has to answer
	Alive   time.Duration     // how long it has to run; 0 is not asked
	Text    string            // what the answer, or what its command prints, has to hold
	Timeout time.Duration
	Memory  int64 // bytes
	Trace   bool  // `nbuild trace --checks` records what it loads
	At      diag.Pos
}

// Ask is a question to a server in the image.
type Ask struct {
	Local  bool // it may answer its own loopback address alone
	Port   int
	Path   string // begins with a slash
	Status int    // 0 is any from 200 to 299
}

// String shows a question as build.hcl has it.
func (a *Ask) String() string {
	s := strconv.Itoa(a.Port) + a.Path
	if a.Local {
		s = "localhost:" + s
	}
	return s
}

// Asks says in words what the check asks for.
func (c *Check) Asks() string {
	var s string
	switch {
	case c.HTTP != nil:
		answer := "200 to 299"
		if c.HTTP.Status != 0 {
			answer = strconv.Itoa(c.HTTP.Status)
		}
		s = fmt.Sprintf("%s answers %s", c.HTTP, answer)
	case c.Alive > 0:
		s = fmt.Sprintf("it runs for %s", c.Alive)
	default:
		s = "it ends with 0"
	}
	if c.Text != "" {
		s += fmt.Sprintf(" and says %q", c.Text)
	}
	if len(c.Run) > 0 {
		s = strings.Join(c.Run, " ") + ": " + s
	}
	return s
}

// Defaults of a check.
const (
	checkTimeout = 30 * time.Second
	checkMemory  = 2 << 30
)

var checkBlock = hclfile.Block{
	Name: "check", Labels: []string{"name"},
	Doc: "Starts the image that was built in the sandbox, before it goes anywhere: its own files, read-only but for /tmp, its user, environment, working folder, command and guard, and no network but its own loopback. It has to do what the check asks for; what is asked of an image that did it is not asked again. An image may have several, each started on its own.",
	Body: hclfile.Schema{Attrs: []hclfile.Attr{
		{Name: "run", Type: texts, Default: "the image's own", Doc: "The program and its arguments, in place of the image's entrypoint and cmd. With a guard it begins with the same program as they do, and the guard is there. Without expect_http and alive it has to end with 0."},
		{Name: "env", Type: words, Doc: "Variables beside the image's own."},
		{Name: "expect_http", Type: text, Holds: `a port and a path, "8080/healthz"`, Doc: "What a server has to answer, at an address that is not its loopback's own 127.0.0.1, as whoever reaches a container finds it; \"localhost:8080/healthz\" asks one that answers there alone. It is asked until it answers with less than 500. No redirect is followed."},
		{Name: "expect_status", Type: cty.Number, Default: "any from 200 to 299", Doc: "The status of the answer."},
		{Name: "expect_text", Type: text, Doc: "What stands in the first MiB of the answer's body or, without expect_http, of what the command prints."},
		{Name: "alive", Type: text, Holds: "a duration", Doc: "How long it has to run, where there is nothing to ask it."},
		{Name: "timeout", Type: text, Holds: "a duration", Default: `"30s"`, Doc: "When the check has failed."},
		{Name: "memory", Type: text, Holds: "a size", Default: `"2GiB"`, Doc: "The most memory that it may use."},
		{Name: "trace", Type: cty.Bool, Default: "false", Doc: "`nbuild trace --checks` starts the image for this check without its guard, records what its Node loads, and has what production's files load of it join nbuild.trace, which is committed and reviewed, and so the production source list. A build starts it as it is released, and records nothing."},
	}},
}

var askForm = lazyregexp.New(`^(localhost:)?([0-9]{1,5})(/[!-~]*)?$`)

// checks reads the check blocks of an image.
func (e *evaluator) checks(b *hclfile.Body, img *Image) {
	for _, c := range b.Of("check") {
		img.Checks = append(img.Checks, e.check(c, img))
	}
	if len(img.Checks) == 0 || !userForm().MatchString(img.User) {
		return
	}
	for id := range strings.SplitSeq(img.User, ":") {
		if n, err := strconv.ParseUint(id, 10, 32); err != nil || n == math.MaxUint32 {
			e.Problem(b.At("user"), CodeForm, fmt.Sprintf("%s is no user or group that Linux has", id), "its numbers end with 4294967294, and the image is to be started", `write user = "65532:65532"`)
		}
	}
}

func (e *evaluator) check(b *hclfile.Body, img *Image) Check {
	c := Check{
		Name: b.Labels[0], Run: e.argv(b, "run"), Env: e.env(b, "env"), Alive: e.duration(b, "alive", 0), Text: e.String(b, "expect_text"),
		Timeout: e.duration(b, "timeout", checkTimeout), Memory: e.size(b, "memory", checkMemory), Trace: e.Bool(b, "trace", false), At: e.position(b),
	}
	if ask := e.String(b, "expect_http"); ask != "" {
		c.HTTP = e.ask(b, ask)
	}
	if b.Has("expect_status") {
		status := e.Int(b, "expect_status", 200, 100)
		switch {
		case c.HTTP == nil && b.Has("expect_http"): // which is reported
		case c.HTTP == nil:
			e.Problem(b.At("expect_status"), CodeForm, "expect_status needs expect_http", "without a question there is no answer", `add expect_http = "8080/", or take expect_status out`)
		case status > 599:
			e.Problem(b.At("expect_status"), CodeForm, fmt.Sprintf("%d is no status of an answer", status), "", "write expect_status = 200")
		default:
			c.HTTP.Status = int(status)
		}
	}
	switch {
	case c.HTTP != nil && c.Alive > 0:
		e.Problem(b.At("alive"), CodeForm, "a check has expect_http or alive, not both", "what answers runs", "take alive out")
	case c.HTTP == nil && c.Alive == 0 && len(c.Run) == 0 && !b.Has("expect_http") && !b.Has("alive") && !b.Has("run"):
		e.Problem(b.Range, hclfile.CodeMissing, fmt.Sprintf("check %q asks nothing", c.Name), "a server does not end by itself, and whether it works is what a check asks",
			`add a line: expect_http = "8080/", alive = "5s", or run = ["node", "--version"]`)
	}
	if c.Timeout == 0 || c.Timeout > time.Hour {
		e.Problem(b.At("timeout"), CodeForm, "the timeout of a check is more than 0 and at most 1h", "", `write timeout = "30s"`)
	}
	if c.Alive >= c.Timeout && c.Alive > 0 {
		e.Problem(b.At("alive"), CodeForm, fmt.Sprintf("it is to run for %s, and is stopped after %s", c.Alive, c.Timeout), "", fmt.Sprintf("write timeout = %q", (2*c.Alive).String()))
	}
	if command := append(append([]string{}, img.Entrypoint...), img.Cmd...); img.Guard != "off" && len(c.Run) > 0 && len(command) > 0 && c.Run[0] != command[0] {
		e.Problem(b.At("run"), CodeForm, fmt.Sprintf("%q is not what image %q starts", c.Run[0], img.Name), "its guard stands in front of "+command[0]+", and a check runs nothing without it",
			fmt.Sprintf("write run = [%q, …]", command[0]))
	}
	return c
}

// ask reads a port and a path.
func (e *evaluator) ask(b *hclfile.Body, s string) *Ask {
	m := askForm().FindStringSubmatch(s)
	if m != nil {
		port, err := strconv.Atoi(m[2])
		if err == nil && port > 0 && port < 1<<16 && len(m[3]) <= 2048 {
			return &Ask{Local: m[1] != "", Port: port, Path: "/" + strings.TrimPrefix(m[3], "/")}
		}
	}
	e.Problem(b.At("expect_http"), CodeForm, fmt.Sprintf("%q is no port and path", s), "", `write it as expect_http = "8080/healthz"`)
	return nil
}
