package protocol

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// What stands in an action's input root beside the working folder, which the command
// begins in (docs/formats.md, "Actions"). The package pipelines writes it.
const (
	RootFolder   = "root"
	WorkFolder   = "work"
	OwnFolder    = ".nbuild"
	SettingsFile = "step"

	ReplicaFolder = "replica" // in OwnFolder, where the step has one
)

// Settings is what the file .nbuild/step of an action holds its command to.
type Settings struct {
	Limits  Limits
	Env     []string // each KEY=value
	Outputs []string // relative to the working folder
	Replica bool     // the packages of the snapshot are served on its loopback

	Container *Container // of a check of an image
}

// settingsForm is the first line of the file.
const settingsForm = "nbuild-step 1"

// ParseSettings reads .nbuild/step. A word that is not known, and what this helper can't
// hold, is an error: whoever wrote it meant something by it.
func ParseSettings(text string) (*Settings, error) {
	first, rest, _ := strings.Cut(text, "\n")
	if first != settingsForm {
		return nil, fmt.Errorf("its first line is %.40q, not %q", first, settingsForm)
	}
	s := &Settings{}
	seen := map[string]bool{}
	for line := range strings.Lines(rest) {
		word, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
		if seen[word] && word != "env" && word != "output" {
			return nil, fmt.Errorf("%s stands twice", word)
		}
		seen[word] = true
		if err := s.set(word, value); err != nil {
			return nil, fmt.Errorf("%.200q: %w", line, err)
		}
	}
	for _, word := range []string{"memory", "disk", "processes", "network", "timeout", "trace"} {
		if !seen[word] {
			return nil, fmt.Errorf("%s is missing", word)
		}
	}
	if s.Container != nil {
		for _, word := range []string{"user", "workdir", "within", "alive", "text"} {
			if !seen[word] {
				return nil, fmt.Errorf("%s is missing", word)
			}
		}
	}
	return s, nil
}

// image reads a word of a check of an image.
func (s *Settings) image(word, value string) (known bool, err error) {
	c := s.Container
	if c == nil {
		c = &Container{}
	}
	switch word {
	case "user":
		_, err = fmt.Sscanf(value, "%d %d", &c.User, &c.Group)
	case "workdir":
		c.Dir, err = strconv.Unquote(value)
	case "recorded":
		c.Recorded, err = strconv.ParseBool(value)
	case "text":
		c.Asked.Text, err = strconv.Unquote(value)
	case "within", "alive":
		var ms int64
		ms, err = strconv.ParseInt(value, 10, 64)
		if word == "within" {
			c.Asked.Timeout = time.Duration(ms) * time.Millisecond
		} else {
			c.Asked.Alive = time.Duration(ms) * time.Millisecond
		}
	case "http":
		q := &Question{}
		var path string
		if _, err = fmt.Sscanf(value, "%t %d %d %s", &q.Local, &q.Port, &q.Status, &path); err == nil {
			q.Path, err = strconv.Unquote(path)
		}
		c.Asked.HTTP = q
	default:
		return false, nil
	}
	s.Container = c
	return true, err
}

func (s *Settings) set(word, value string) (err error) {
	number := func() (n int64) {
		n, err = strconv.ParseInt(value, 10, 64)
		if err == nil && n < 0 {
			err = fmt.Errorf("less than nothing")
		}
		return n
	}
	var text string
	switch word {
	case "memory":
		s.Limits.Memory = number()
	case "disk":
		s.Limits.Disk = number()
	case "processes":
		s.Limits.Processes = int(number())
	case "timeout":
		s.Limits.Time = time.Duration(number()) * time.Millisecond
	case "network":
		switch value {
		case "none":
		case "snapshot":
			s.Replica = true
		default:
			err = fmt.Errorf("there is no such network in this sandbox")
		}
	case "trace":
		if value != "false" && value != "true" { // the recorder is among the inputs, and what it writes an output
			err = fmt.Errorf("it is neither true nor false")
		}
	case "env":
		if text, err = strconv.Unquote(value); err == nil {
			s.Env = append(s.Env, text)
		}
	case "output":
		if text, err = strconv.Unquote(value); err == nil {
			s.Outputs = append(s.Outputs, text)
		}
	default:
		var known bool
		if known, err = s.image(word, value); !known {
			err = fmt.Errorf("this sandbox does not know the word")
		}
	}
	return err
}

// Sent is what the helper prints, alone and as one line of JSON, on the standard error of
// an action that another machine runs. The command's own output and errors are in its
// standard output, in the order in which they came, as a log on this machine has them.
type Sent struct {
	// Step is what was carried out, as [NameStep] names it: a report that was taken for
	// another step's is seen.
	Step   string `json:"nbuild_step"`
	Report Report `json:"report"`
}

// NameStep names a step by what it is held to and what it runs: the SHA-256, in
// hexadecimal, of .nbuild/step and then of each argument, quoted, a line each.
func NameStep(settings string, run []string) string {
	sum := sha256.New()
	sum.Write([]byte(settings))
	for _, arg := range run {
		fmt.Fprintf(sum, "%q\n", arg)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Exit codes of an action whose command ended well or did not run, so that no engine
// keeps a result of it. A command's own exit code is the action's.
const (
	ExitUnkept = 10 // what the command left can't be kept
	ExitDenied = 14 // the sandbox can't be made
)
