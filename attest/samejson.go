package attest

import (
	"bytes"
	"encoding/json"

	"github.com/nbuild/nbuild/internal/strictjson"
)

// sameJSON reports whether two canonical texts say the same, where in may have
// further keys whose value is empty: some writers spell out what protobuf's JSON
// mapping leaves away.
func sameJSON(out, in []byte) bool {
	if bytes.Equal(out, in) {
		return true
	}
	o, errO := strictjson.Parse(out)
	i, errI := strictjson.Parse(in)
	return errO == nil && errI == nil && sameValue(o, i)
}

func sameValue(out, in any) bool {
	switch o := out.(type) {
	case strictjson.Object:
		i, ok := in.(strictjson.Object)
		if !ok {
			return false
		}
		for k, v := range o {
			have, ok := i[k]
			if !ok || !sameValue(v, have) {
				return false
			}
		}
		for k, v := range i {
			if _, known := o[k]; !known && !empty(v) {
				return false
			}
		}
		return true
	case []any:
		i, ok := in.([]any)
		if !ok || len(i) != len(o) {
			return false
		}
		for n := range o {
			if !sameValue(o[n], i[n]) {
				return false
			}
		}
		return true
	}
	return out == in
}

func empty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case string:
		return v == ""
	case bool:
		return !v
	case json.Number:
		return v == "0" // the texts are canonical
	case []any:
		return len(v) == 0
	case strictjson.Object:
		for _, e := range v {
			if !empty(e) {
				return false
			}
		}
		return true
	}
	return false
}
