package attest

import (
	"bytes"
	"encoding/json"
)

// sameJSON reports whether two canonical texts say the same, where in may have
// further keys whose value is empty: some writers spell out what protobuf's JSON
// mapping leaves away.
func sameJSON(out, in []byte) bool {
	if bytes.Equal(out, in) {
		return true
	}
	var o, i any
	if json.Unmarshal(out, &o) != nil || json.Unmarshal(in, &i) != nil {
		return false
	}
	return sameValue(o, i)
}

func sameValue(out, in any) bool {
	switch o := out.(type) {
	case map[string]any:
		i, ok := in.(map[string]any)
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
	case float64:
		return v == 0
	case []any:
		return len(v) == 0
	case map[string]any:
		for _, e := range v {
			if !empty(e) {
				return false
			}
		}
		return true
	}
	return false
}
