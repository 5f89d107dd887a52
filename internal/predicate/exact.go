package predicate

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/nbuild/nbuild/internal/strictjson"
)

// decodeClosed reads a predicate of nbuild's own into v. Writing v again must
// give the input, so an unknown key, a null, another case or another form of a
// value is an error.
func decodeClosed(raw []byte, v any) error { return decode(raw, v, true) }

// decodeOpen reads a predicate that others define into v. What v holds must
// stand in the input by that exact name and value; more may stand beside it.
func decodeOpen(raw []byte, v any) error { return decode(raw, v, false) }

func decode(raw []byte, v any, closed bool) error {
	in, err := strictjson.Parse(raw)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, v); err != nil {
		return err
	}
	again, err := strictjson.Marshal(v)
	if err != nil {
		return err
	}
	out, err := strictjson.Parse(again)
	if err != nil {
		return err
	}
	return within(out, in, "", closed)
}

// within reports where out is not in in: every key and element of out must be in
// in with the same value, and where closed is set, the other way round as well.
func within(out, in any, path string, closed bool) error {
	differ := func() error { return fmt.Errorf("%s is not as this version writes it", orWhole(path)) }
	switch o := out.(type) {
	case strictjson.Object:
		i, ok := in.(strictjson.Object)
		if !ok {
			return differ()
		}
		for _, k := range strictjson.Keys(o) {
			have, ok := i[k]
			if !ok {
				return fmt.Errorf("%s.%s is missing or spelt otherwise", path, k)
			}
			if err := within(o[k], have, path+"."+k, closed); err != nil {
				return err
			}
		}
		if closed && len(i) > len(o) {
			for _, k := range strictjson.Keys(i) {
				if _, known := o[k]; !known {
					return fmt.Errorf("%s.%s is unknown or empty", path, k)
				}
			}
		}
	case []any:
		i, ok := in.([]any)
		if !ok || len(i) != len(o) {
			return differ()
		}
		for n := range o {
			if err := within(o[n], i[n], path+"["+strconv.Itoa(n)+"]", closed); err != nil {
				return err
			}
		}
	case json.Number:
		i, ok := in.(json.Number)
		if !ok {
			return differ()
		}
		a, errA := strictjson.Number(string(o))
		b, errB := strictjson.Number(string(i))
		if errA != nil || errB != nil || a != b {
			return differ()
		}
	default:
		if out != in {
			return differ()
		}
	}
	return nil
}

func orWhole(path string) string {
	if path == "" {
		return "the predicate"
	}
	return path
}
