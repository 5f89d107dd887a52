package scan

import (
	"fmt"
	"net/url"
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/cas"
	"github.com/nbuild/nbuild/sbom/dynamism"
	"github.com/nbuild/nbuild/sbom/dynamism/source"
)

// The parts of a log that are written (SARIF 2.1.0, OASIS, §3).
type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool        sarifTool         `json:"tool"`
	Invocations []sarifInvocation `json:"invocations"`
	Results     []sarifResult     `json:"results"`
	ColumnKind  string            `json:"columnKind"`
}

type sarifTool struct {
	Driver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []sarifRule `json:"rules"`
	} `json:"driver"`
}

type sarifRule struct {
	ID      string        `json:"id"`
	Short   sarifText     `json:"shortDescription"`
	Default sarifSeverity `json:"defaultConfiguration"`
}

type sarifSeverity struct {
	Level string `json:"level"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifInvocation struct {
	Successful    bool                `json:"executionSuccessful"`
	Notifications []sarifNotification `json:"toolExecutionNotifications"`
}

type sarifNotification struct {
	Level     string          `json:"level"`
	Message   sarifText       `json:"message"`
	Locations []sarifLocation `json:"locations"`
}

type sarifResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Message      sarifText         `json:"message"`
	Locations    []sarifLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Properties   map[string]string `json:"properties,omitempty"`
}

type sarifLocation struct {
	Physical sarifPhysical `json:"physicalLocation"`
}

type sarifPhysical struct {
	Artifact struct {
		URI string `json:"uri"`
	} `json:"artifactLocation"`
	Region *sarifRegion `json:"region,omitempty"`
}

type sarifRegion struct {
	StartLine   int       `json:"startLine"`
	StartColumn int       `json:"startColumn"`
	Snippet     sarifText `json:"snippet"`
}

// SARIF prints the result as a log of one run: a rule a kind, a result a finding,
// and a notification for what was not read. The level is the kind's severity, in SARIF's
// words. A fingerprint is made of kind, package without its version, file and
// excerpt, so that a finding keeps it while lines move and versions change.
func (r *Result) SARIF() ([]byte, error) {
	run := sarifRun{Results: []sarifResult{}, ColumnKind: "utf16CodeUnits"}
	run.Tool.Driver.Name, run.Tool.Driver.Version = "nbuild", r.Version
	rules := map[source.Kind]int{}
	for i, k := range source.Kinds() {
		rules[k] = i
		run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, sarifRule{
			ID: string(k), Short: sarifText{meanings[k]}, Default: sarifSeverity{level(k)},
		})
	}
	invocation := sarifInvocation{Successful: true, Notifications: []sarifNotification{}}
	for i := range r.Packages {
		p := &r.Packages[i]
		seen := map[string]int{}
		for _, f := range p.Findings {
			same := strings.Join([]string{string(f.Kind), identity(p), f.File, strings.TrimSpace(f.Excerpt)}, "\x00")
			seen[same]++
			one := sarifResult{
				RuleID: string(f.Kind), RuleIndex: rules[f.Kind], Level: level(f.Kind), Message: sarifText{message(p, &f)},
				Locations:    []sarifLocation{r.location(p, f.File, f.Line, f.Column, f.Excerpt)},
				Fingerprints: map[string]string{"finding/v1": fmt.Sprintf("%s:%d", cas.Sum([]byte(same)).String()[:32], seen[same])},
			}
			if p.Purl != "" {
				one.Properties = map[string]string{"purl": p.Purl}
			}
			run.Results = append(run.Results, one)
		}
		for _, u := range p.Unparsed {
			invocation.Notifications = append(invocation.Notifications, sarifNotification{
				Level: "warning", Message: sarifText{"not read: " + u.Why}, Locations: []sarifLocation{r.location(p, u.File, u.Line, u.Column, "")},
			})
		}
	}
	run.Invocations = []sarifInvocation{invocation}
	return encode(sarifLog{Schema: "https://json.schemastore.org/sarif-2.1.0.json", Version: "2.1.0", Runs: []sarifRun{run}})
}

// level is the severity of a kind as SARIF has it (§3.27.10).
func level(k source.Kind) string {
	switch k.Severity() {
	case source.Low:
		return "note"
	case source.Medium:
		return "warning"
	}
	return "error"
}

// identity names a package across its versions.
func identity(p *dynamism.Package) string {
	if name, _, ok := cutPurl(p.Purl); ok {
		return name
	}
	return p.Path
}

func message(p *dynamism.Package, f *source.Finding) string {
	text := meanings[f.Kind]
	if f.Through != "" {
		text += ", through " + f.Through
	}
	if p.Purl != "" {
		text += " (" + p.Purl + ")"
	}
	return text
}

func (r *Result) location(p *dynamism.Package, file string, line, column int, excerpt string) sarifLocation {
	var l sarifLocation
	l.Physical.Artifact.URI = (&url.URL{Path: r.Base + path.Join(p.Path, file)}).EscapedPath()
	if line > 0 {
		l.Physical.Region = &sarifRegion{line, max(column, 1), sarifText{excerpt}}
	}
	return l
}

// meanings say what each kind is.
var meanings = map[source.Kind]string{
	source.InstallScript:     "a script that npm runs when the package is installed",
	source.ImplicitGyp:       "a binding.gyp that makes npm run node-gyp",
	source.NativeAddon:       "machine code that Node loads into its process",
	source.PrebuiltBinary:    "machine code in the package",
	source.NonJSExecutable:   "a program that is neither JavaScript nor machine code",
	source.TestCode:          "tests that were published with the package",
	source.Eval:              "a string becomes code in the scope of eval",
	source.FunctionCtor:      "a string becomes a function",
	source.CtorTrick:         "a string becomes a function, and Function was reached through a constructor property",
	source.StringTimer:       "a timer that is given a string",
	source.VM:                "code is compiled or run by node:vm",
	source.Wasm:              "WebAssembly is compiled or run",
	source.NonliteralRequire: "require of a name that is computed",
	source.NonliteralImport:  "import() of a name that is computed",
	source.LazyRequire:       "a module that is loaded later, or not at all",
	source.RequireResolve:    "the place of a module is asked for",
	source.CreateRequire:     "a require function is made",
	source.ModuleInternals:   "the loader's own parts are used",
	source.ChildProcess:      "another program is run",
	source.Worker:            "another thread or process of Node is begun",
	source.ProcessBinding:    "Node's internal bindings are used",
	source.MonkeyPatch:       "what all code shares is changed",
	source.Obfuscated:        "the text hides what it does",
	source.Network:           "the network is reached",
	source.Filesystem:        "files are read or written",
	source.Environment:       "the environment is read",
}
