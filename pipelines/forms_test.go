package pipelines

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/nbuild/nbuild/internal/bounds"
	"github.com/nbuild/nbuild/internal/diag"
)

// form is a build.hcl in which one line stands in one block.
func form(block, line string) string {
	blocks := map[string]string{"project": "", "npm": "", "step": `run = ["true"]`, "image": `cmd = ["node", "a.js"]`, "fetch": "", "snapshot": ""}
	if strings.HasPrefix(line, "run ") || strings.HasPrefix(line, "cmd ") {
		blocks[block] = ""
	}
	blocks[block] += "\n  " + line
	text := fmt.Sprintf("nbuild = \"1\"\nproject \"p\" {\n%s\n}\nnpm \"deps\" {\n%s\n}\nstep \"s\" {\n%s\n}\nimage \"i\" {\n%s\n}\nsnapshot {\n%s\n}\n",
		blocks["project"], blocks["npm"], blocks["step"], blocks["image"], blocks["snapshot"])
	if block == "fetch" {
		text += "fetch \"f\" {\n" + blocks["fetch"] + "\n}\n"
	}
	return text
}

// Each value of the language has a form, and is taken or refused at its edge: one problem,
// with the line that it is about.
func TestEachValueHasItsForm(t *testing.T) {
	long := "/" + strings.Repeat("a", bounds.Path-1)
	for _, test := range []struct {
		block, line string
		ok          bool
	}{
		{"step", `timeout = "90s"`, true}, {"step", `timeout = "1h30m"`, true}, {"step", `timeout = "1d"`, true}, {"step", `timeout = "24h"`, true}, {"step", `timeout = "24h1s"`, false}, {"step", `timeout = "0s"`, false}, {"step", `timeout = "1s"`, true},
		{"snapshot", `cooldown = "106751d"`, true}, {"snapshot", `cooldown = "106752d"`, false}, {"snapshot", `cooldown = "0s"`, true}, {"step", `timeout = "-1s"`, false}, {"step", `timeout = "-1d"`, false}, {"step", `timeout = "d"`, false}, {"step", `timeout = "1.5d"`, false}, {"step", `timeout = "90"`, false}, {"step", `timeout = "soon"`, false},
		{"snapshot", `cooldown = "72h"`, true}, {"snapshot", `cooldown = "-72h"`, false},
		{"step", `memory = "1B"`, true}, {"step", `memory = "512MiB"`, true}, {"step", `memory = "2GB"`, true}, {"step", `memory = "999999999GiB"`, true},
		{"step", `memory = "0B"`, false}, {"step", `memory = "9999999999B"`, false}, {"step", `memory = "512"`, false}, {"step", `memory = "1TiB"`, false}, {"step", `memory = "-1B"`, false}, {"step", `memory = "1.5GiB"`, false}, {"step", `memory = "1 GiB"`, false},
		{"npm", `lockfile = "sub/package-lock.json"`, true}, {"npm", `lockfile = "../package-lock.json"`, false}, {"npm", `lockfile = "/package-lock.json"`, false}, {"npm", `lockfile = "./package-lock.json"`, false}, {"npm", `lockfile = "a//b"`, false},
		{"image", `workdir = "/"`, true}, {"image", `workdir = "/app"`, true}, {"image", `workdir = "/app/"`, true}, {"image", "workdir = \"" + long + "\"", true},
		{"image", `workdir = "app"`, false}, {"image", `workdir = "/app/../x"`, false}, {"image", `workdir = "//app"`, false}, {"image", `workdir = "/app//"`, false}, {"image", `workdir = "/a\nb"`, false}, {"image", `workdir = "/a\\b"`, false}, {"image", "workdir = \"" + long + "a\"", false},
		{"step", `run = ["a", ""]`, true}, {"step", `run = []`, false}, {"step", `run = [""]`, false}, {"image", `cmd = []`, false},
		{"step", `env = { A_1 = "x", "b.c" = "" }`, true}, {"step", `env = { "1A" = "x" }`, false}, {"step", `env = { "A-B" = "x" }`, false}, {"step", `env = { "" = "x" }`, false}, {"step", `env = { "A=B" = "x" }`, false},
		{"project", `platforms = ["linux/amd64", "linux/arm64"]`, true}, {"project", `platforms = ["linux/amd64", "linux/amd64"]`, false}, {"project", `platforms = []`, false},
		{"project", `source = "https://git.example.com/a"`, true}, {"project", `source = "https://me:pw@git.example.com/a"`, false}, {"project", `source = "https://me@git.example.com/a"`, false}, {"project", `source = "ssh://git@git.example.com/a"`, true}, {"project", `source = "https://%zz"`, false},
		{"npm", `script "better-sqlite3" {` + "\n allow = [\"install\"]\n reason = \"x\"\n}", true}, {"npm", `script "@s/a" {` + "\n allow = [\"install\"]\n reason = \"x\"\n}", true}, {"npm", `script "a/b" {` + "\n allow = [\"install\"]\n reason = \"x\"\n}", false}, {"npm", `script "" {` + "\n allow = [\"install\"]\n reason = \"x\"\n}", false},
		{"npm", `script "a" {` + "\n allow = [\"install\"]\n reason = \" \"\n}", false},
		{"npm", `patch "qs@6.11.0" {` + "\n file = \"p.patch\"\n}", true}, {"npm", `patch "@s/a@1.0.0" {` + "\n file = \"p.patch\"\n}", true}, {"npm", `patch "qs" {` + "\n file = \"p.patch\"\n}", false}, {"npm", `patch "qs@" {` + "\n file = \"p.patch\"\n}", false}, {"npm", `patch "@1.0.0" {` + "\n file = \"p.patch\"\n}", false}, {"npm", `patch "@s/a" {` + "\n file = \"p.patch\"\n}", false},
		{"fetch", `url = "https://data.example.com/a"`, true}, {"fetch", `url = "http://data.example.com/a"`, false}, {"fetch", `url = "https://me@data.example.com/a"`, false}, {"fetch", `url = "https://data.example.com/a#b"`, false}, {"fetch", `url = "https:///a"`, false}, {"fetch", `url = "http://127.0.0.1:8080/a"`, true}, {"fetch", `url = "ftp://data.example.com/a"`, false},
		{"image", `expose = ["8080/tcp", "53/udp"]`, true}, {"image", `expose = ["80"]`, false}, {"image", `expose = ["tcp"]`, false}, {"image", `user = "65532:65532"`, true}, {"image", `user = "a b"`, false}, {"image", `stop_signal = "SIGTERM"`, true}, {"image", `stop_signal = "TERM!"`, false},
		{"image", `tags = ["stable", "v1.0_a-b"]`, true}, {"image", `tags = ["a b"]`, false}, {"image", `tags = ["-a"]`, false}, {"image", "tags = [\"" + strings.Repeat("a", 128) + "\"]", true}, {"image", "tags = [\"" + strings.Repeat("a", 129) + "\"]", false},
	} {
		p, err := Parse([]byte(form(test.block, test.line)), "build.hcl", fstest.MapFS{}, Options{})
		ps := diag.All(err)
		switch {
		case test.ok && err != nil:
			t.Errorf("%.60s: %v", test.line, err)
		case !test.ok && (len(ps) != 1 || ps[0].Pos.Line == 0 || ps[0].Remedy == "" || p != nil):
			t.Errorf("%.60s: %d problems, %v", test.line, len(ps), err)
		}
	}
}

// What is read is what is written: a duration in days and a size in its unit.
func TestAFormIsReadAsItSays(t *testing.T) {
	read := func(lines string) *Step {
		t.Helper()
		p, err := Parse([]byte(form("step", lines)), "build.hcl", fstest.MapFS{}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		return &p.Steps[0]
	}
	for text, want := range map[string]time.Duration{"90s": 90 * time.Second, "1d": 24 * time.Hour, "1h30m": 90 * time.Minute} {
		if got := read(fmt.Sprintf("timeout = %q", text)).Timeout; got != want {
			t.Errorf("%s is %s", text, got)
		}
	}
	for text, want := range map[string]int64{"1B": 1, "3KiB": 3 << 10, "3MiB": 3 << 20, "3GiB": 3 << 30, "3KB": 3000, "3MB": 3000000, "3GB": 3000000000} {
		if got := read(fmt.Sprintf("memory = %q", text)).Memory; got != want {
			t.Errorf("%s is %d", text, got)
		}
	}
}

// A short expression can't ask for a large text: each function that could make one has a
// bound, and what is at the bound is made.
func TestNoFunctionMakesALargeText(t *testing.T) {
	for expression, ok := range map[string]bool{
		`format("%s", "a")`: true, `format("%4096d", 1)`: true, `format("%4097d", 1)`: false, `format("%.4097f", 1)`: false, `format("%9999999999999999999d", 1)`: false, `format("%*d", 5000, 1)`: false,
		`join(",", ["a", "b"])`: true, `replace("aaa", "a", "b")`: true, `startswith("ab", "a") ? "x" : "y"`: true, `upper("a")`: true,
		`join("` + strings.Repeat("x", 1<<10) + `", split("", "` + strings.Repeat("y", 1<<10) + `"))`: true, `join("` + strings.Repeat("x", 1<<10+1) + `", split("", "` + strings.Repeat("y", 1<<10) + `"))`: false,
		`replace("` + strings.Repeat("a", 1<<10) + `", "a", "` + strings.Repeat("x", 1<<10) + `")`: true, `replace("` + strings.Repeat("a", 1<<10) + `", "a", "` + strings.Repeat("x", 1<<10+1) + `")`: false,
	} {
		_, err := Parse([]byte("nbuild = \"1\"\nlocals {\n  x = "+expression+"\n}\nproject \"p\" {}\nimage \"i\" {\n  cmd = [\"node\"]\n  labels = { x = substr(local.x, 0, 1) }\n}\n"), "build.hcl", fstest.MapFS{}, Options{})
		if (err == nil) != ok {
			t.Errorf("%.60s: %v", expression, err)
		}
	}
}
