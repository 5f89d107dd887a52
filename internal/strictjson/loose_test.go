package strictjson

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// read is what a package.json says, as one of its readers would ask.
type read struct {
	Name    string
	Private bool
	Given   bool
	Scripts map[string]string
	Files   []string
	Dist    string
}

func ask(src string) (read, error) {
	var out read
	r := NewReader([]byte(src))
	r.Object(func(key string, _ int) {
		switch key {
		case "name":
			out.Name = r.AsText()
		case "private":
			out.Private, out.Given = r.AsBool()
		case "scripts":
			out.Scripts = r.AsTexts()
		case "files":
			out.Files = r.AsList()
		case "dist":
			out.Dist = ""
			r.AsObject(func(key string, _ int) {
				if key == "tarball" {
					out.Dist = r.AsText()
					return
				}
				r.Skip()
			})
		default:
			r.Skip()
		}
	})
	r.End()
	return out, r.Err()
}

func TestWhatNodeReadsIsReadLoosely(t *testing.T) {
	tests := []struct {
		name, src string
		want      read
	}{
		{"everything", `{"name":"a","private":true,"scripts":{"start":"x"},"files":["a","b"],"dist":{"tarball":"t"}}`,
			read{"a", true, true, map[string]string{"start": "x"}, []string{"a", "b"}, "t"}},
		{"another case is another key", `{"Name":"a","PRIVATE":true,"Scripts":{"start":"x"},"fileS":["a"],"dist":{"Tarball":"t"}}`, read{}},
		{"the last of two equal keys", `{"name":"a","name":"b","scripts":{"start":"x","start":"y"}}`, read{Name: "b", Scripts: map[string]string{"start": "y"}}},
		{"the last is of another type", `{"name":"a","name":null,"private":true,"private":1,"scripts":{"start":"x","start":null}}`, read{Scripts: map[string]string{}}},
		{"other types", `{"name":["a"],"private":"true","scripts":["x"],"files":{"a":1},"dist":"t"}`, read{}},
		{"members of other types", `{"scripts":{"a":1,"b":"x"},"files":[1,"a",{}]}`, read{Scripts: map[string]string{"b": "x"}, Files: []string{"a"}}},
		{"escapes", `{"na\u006de":"\ud83d\ude00 \"\n"}`, read{Name: "😀 \"\n"}},
		{"half a pair", `{"name":"a\ud83db","files":["\ude00","\ud83d\u0041"]}`, read{Name: "a\ufffdb", Files: []string{"\ufffd", "\ufffdA"}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := ask(test.src)
			if diff := cmp.Diff(test.want, got); diff != "" || err != nil {
				t.Errorf("(-want +got):\n%s%v", diff, err)
			}
		})
	}
	for _, src := range []string{`{"name":"\u00"}`, `{"name":"\x"}`, `{"name":"`, `{"private":tru}`, `{"scripts":{"a":"b"}`, `{"files":[}`, `[]`, `{} x`} {
		if got, err := ask(src); err == nil {
			t.Errorf("%s is read as %+v", src, got)
		}
	}
}
