package sandbox

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nbuild/nbuild/builder/sandbox/protocol"
	"github.com/nbuild/nbuild/internal/npm/replica/catalogue"
)

// A tarball of the replica of these tests, and what it is called.
const (
	theBytes = "the bytes of a tarball"
	theName  = "00000000000000000000000000000000000000000000000000000000000000aa"
)

// replica lays out a replica in a folder of the world, with a file beside it that it does not
// serve.
func (w *world) replica(folder string) string {
	w.t.Helper()
	documents := `{"name":"left","versions":{"1.0.0":{}}}{"short":true}`
	list, err := catalogue.New([]catalogue.Entry{
		{Kind: catalogue.Full, Path: "/left", Size: 39}, {Kind: catalogue.Short, Path: "/left", Offset: 39, Size: 14},
		{Kind: catalogue.Full, Path: "/@s/left", Size: 39}, {Kind: catalogue.Part, Path: "/left/1.0.0", Offset: 35, Size: 2},
		{Kind: catalogue.Tarball, Path: "/left/-/left-1.0.0.tgz", SHA256: theName, Size: int64(len(theBytes))},
	})
	w.must(err)
	dir := filepath.Join(w.dir, folder)
	w.must(os.MkdirAll(dir, 0o755))
	for name, text := range map[string]string{
		catalogue.ListFile: string(list.Format()), catalogue.DocumentsFile: documents, theName: theBytes, "secret": "beside",
	} {
		w.must(os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	return dir
}

const okReplica = "GET %s HTTP/1.1\r\nHost: " + catalogue.StepAddress + "\r\nConnection: close\r\n\r\n"

// What a step with a network reaches is the replica, and nothing through it.
func TestAStepReachesTheReplicaAndNothingElse(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		w.spec.Replica = w.replica("packages")
		get := func(target string) string { return fmt.Sprintf(okReplica, target) }
		host := "Host: " + catalogue.StepAddress + "\r\nConnection: close\r\n"
		asked := []struct{ request, want string }{
			{get("/left"), `{"name":"left","versions":{"1.0.0":{}}}`},
			{get("/left/1.0.0?write=true"), "\r\n\r\n{}"},
			{get("/@s%2fleft"), `{"name":"left"`},
			{get("/@s/left"), `{"name":"left"`},
			{"GET /left HTTP/1.1\r\nAccept: application/vnd.npm.install-v1+json; q=1.0, */*\r\n" + host + "\r\n", "\r\n\r\n" + `{"short":true}`},
			{get("/left/-/left-1.0.0.tgz"), "Content-Length: 22\r\nConnection: close\r\n\r\n" + theBytes},
			{"HEAD /left/-/left-1.0.0.tgz HTTP/1.1\r\n" + host + "\r\n", "Content-Length: 22\r\nConnection: close\r\n\r\n\n"},
			{"GET /-/ping HTTP/1.0\r\nHost: localhost:61873\r\n\r\n", "\r\n\r\n{}"},
			{get("/right"), "404 Not Found\r\n"},
			{get("/right"), "right is not pinned in nbuild.lock: run `nbuild pin`"},
			{get("/left/2.0.0"), "nbuild.lock pins left, and not 2.0.0"},
			{get("/secret"), "404 Not Found"}, {get("/" + theName), "404 Not Found"}, {get("/" + catalogue.ListFile), "404 Not Found"},
			{get("/../secret"), "404 Not Found"}, {get("/%2e%2e/secret"), "404 Not Found"}, {get("/left/-/../../secret"), "404 Not Found"},
			{get("/..%2fsecret"), "404 Not Found"}, {get("//etc/passwd"), "404 Not Found"}, {get("/%2fetc%2fpasswd"), "404 Not Found"}, {get("/left%00"), "404 Not Found"},
			{get("/left%"), "400 Bad Request"}, {get("secret"), "400 Bad Request"}, {get("*"), "400 Bad Request"},
			{get("http://192.0.2.1/left"), "400 Bad Request"}, {get("http://" + catalogue.StepAddress + "/left"), "400 Bad Request"},
			{"CONNECT 192.0.2.1:443 HTTP/1.1\r\n" + host + "\r\n", "405 Method Not Allowed"},
			{"CONNECT /left HTTP/1.1\r\n" + host + "\r\n", "no proxy"},
			{"GET /left HTTP/1.1\r\nHost: registry.example.com\r\nConnection: close\r\n\r\n", "421 Misdirected Request"},
			{"GET /left HTTP/1.1\r\nConnection: close\r\n\r\n", "400 Bad Request"},
			{"GET /left HTTP/1.1\r\n" + host + "Host: two\r\n\r\n", "400 Bad Request"},
			{"GET /left HTTP/1.1\r\n" + host + "A B: two\r\n\r\n", "400 Bad Request"},
			{"GET /left HTTP/1.1\r\n" + host + " folded\r\n\r\n", "400 Bad Request"},
			{"GET /left HTTP/2.0\r\n\r\n", "400 Bad Request"}, {"\x16\x03\x01\x02\r\n\r\n", "400 Bad Request"},
			{"GET /" + strings.Repeat("a", 20<<10) + " HTTP/1.1\r\n" + host + "\r\n", "400 Bad Request"},
			{"PUT /left HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello", "Allow: GET, HEAD\r\n"},
			{"PUT /left HTTP/1.1\r\n" + host + "Content-Length: 5\r\n\r\nhello", "takes no changes"},
			{"DELETE /left/-rev/1 HTTP/1.1\r\n" + host + "\r\n", "405 Method Not Allowed"},
			{"POST /-/npm/v1/security/advisories/bulk HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "501 Not Implemented"},
			{get("/-/v1/search?text=left"), "501 Not Implemented"}, {get("/-/whoami"), "no accounts"},
		}
		args := []string{"talk", catalogue.StepAddress}
		for _, a := range asked {
			args = append(args, a.request)
		}
		r, log := w.run(args...)
		answers := strings.Split(log, "\n--\n")
		if len(answers) != len(asked)+1 || r.Exit != 0 {
			t.Fatalf("%d answers to %d requests, %+v\n%s", len(answers), len(asked), r, log)
		}
		for i, a := range asked {
			if !strings.Contains(answers[i], a.want) || strings.Contains(answers[i], "beside") || !strings.HasSuffix(answers[i], "\n<nil>") {
				t.Errorf("%.200q: %s", a.request, answers[i])
			}
		}
	})
}

// A network that has a replica has nothing else, and what serves it can't be looked into.
func TestAReplicaOpensNoWayOut(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		w.spec.Replica = w.replica("packages")
		for _, attack := range [][]string{
			{"outside", "network is unreachable"}, {"udp", "network is unreachable"}, {"dns", ""}, {"tcp", "127.0.0.1:1", "connection refused"},
			{"list", "/proc/1/root/root", "not permitted"}, {"list", "/proc/1/fd", "not permitted"}, {"read", "/proc/1/environ", "not permitted"},
			{"ptrace", "not permitted"}, {"memory-of-1", "not permitted"}, {"descriptors", "none"}, {"capabilities", "there are none"},
			{"list", w.spec.Replica, "no such file"},
		} {
			w.next()
			want := attack[len(attack)-1]
			if r, log := w.run(attack[:len(attack)-1]...); !strings.HasPrefix(log, "held: ") || !strings.Contains(log, want) || r.Exit != 0 {
				t.Errorf("%v: %s (%+v)", attack, log, r)
			}
		}
		w.next()
		if _, log := w.run("mounts"); strings.Contains(log, "packages") {
			t.Errorf("the replica's folder is a mount that the command sees:\n%s", log)
		}
		// Connections that ask for nothing keep nobody from asking.
		w.next()
		if r, log := w.run("hang", catalogue.StepAddress, "300"); r.Exit != 0 || log != "true <nil>\n" {
			t.Errorf("%+v\n%s", r, log)
		}
		// A step without a network has nobody to ask.
		w.next()
		w.spec.Replica = ""
		if _, log := w.run("tcp", catalogue.StepAddress); !strings.Contains(log, "connection refused") {
			t.Error(log)
		}
	})
}

func TestAReplicaThatIsNotWholeRunsNothing(t *testing.T) {
	for name, change := range map[string]func(w *world, dir string){
		"no catalogue": func(w *world, dir string) { w.must(os.Remove(filepath.Join(dir, catalogue.ListFile))) },
		"another form": func(w *world, dir string) {
			w.must(os.WriteFile(filepath.Join(dir, catalogue.ListFile), []byte("x\n"), 0o644))
		},
		"a link": func(w *world, dir string) {
			at := filepath.Join(dir, catalogue.DocumentsFile)
			w.must(os.Remove(at))
			w.must(os.Symlink("/etc/shadow", at))
		},
		"not there":    func(w *world, dir string) { w.must(os.RemoveAll(dir)) },
		"a file of it": func(w *world, dir string) { w.must(os.RemoveAll(dir)); w.must(os.WriteFile(dir, nil, 0o644)) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, myself)
			w.spec.Replica = w.replica("packages")
			change(w, w.spec.Replica)
			if _, log, err := w.try("print"); !strings.Contains(err, "the replica of the snapshot") || log != "" {
				t.Errorf("%s\n%s", err, log)
			}
		})
	}
}

// On a worker the replica is served from what the action brought.
func TestAnActionsReplicaIsServedOnAWorker(t *testing.T) {
	as(t, func(t *testing.T, w *world) {
		w.replica(filepath.Join(protocol.OwnFolder, protocol.ReplicaFolder))
		text := strings.Replace(settings(), "network none", "network snapshot", 1)
		_, log, exit := w.action(text, "probe", "talk", catalogue.StepAddress, fmt.Sprintf(okReplica, "/left/-/left-1.0.0.tgz"))
		if exit != 0 || !strings.Contains(log, theBytes) {
			t.Errorf("%d\n%s", exit, log)
		}
	})
	w := newWorld(t, myself)
	sent, log, exit := w.action(strings.Replace(settings(), "network none", "network snapshot", 1), "probe", "see")
	if exit != protocol.ExitDenied || sent.Report.Failed != "the replica of the input root" || log != "" {
		t.Errorf("%d, %+v\n%s", exit, sent, log)
	}
}
