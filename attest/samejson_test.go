package attest

import "testing"

// What another writer may spell out is what its absence means; every other difference is
// a second reading of the bundle.
func TestSameJSONForgivesOnlyEmptyKeys(t *testing.T) {
	for name, test := range map[string]struct {
		out, in string
		same    bool
	}{
		"equal texts":                    {`{"a":1}`, `{"a":1}`, true},
		"an empty text more":             {`{"a":1}`, `{"a":1,"b":""}`, true},
		"null more":                      {`{"a":1}`, `{"a":1,"b":null}`, true},
		"false more":                     {`{"a":1}`, `{"a":1,"b":false}`, true},
		"zero more":                      {`{"a":1}`, `{"a":1,"b":0}`, true},
		"an empty list more":             {`{"a":1}`, `{"a":1,"b":[]}`, true},
		"an empty object more":           {`{"a":1}`, `{"a":1,"b":{"c":{"d":[]}}}`, true},
		"within an object":               {`{"a":{"b":"x"}}`, `{"a":{"b":"x","c":""}}`, true},
		"within a list":                  {`{"a":[{"b":"x"}]}`, `{"a":[{"b":"x","c":""}]}`, true},
		"a text more":                    {`{"a":1}`, `{"a":1,"b":"x"}`, false},
		"true more":                      {`{"a":1}`, `{"a":1,"b":true}`, false},
		"a number more":                  {`{"a":1}`, `{"a":1,"b":1}`, false},
		"a list more":                    {`{"a":1}`, `{"a":1,"b":[0]}`, false},
		"an object more that holds one":  {`{"a":1}`, `{"a":1,"b":{"c":{"d":1}}}`, false},
		"a key less":                     {`{"a":1,"b":""}`, `{"a":1}`, false},
		"another value":                  {`{"a":"x"}`, `{"a":"y"}`, false},
		"another type":                   {`{"a":"1"}`, `{"a":1}`, false},
		"an object for a list":           {`{"a":[]}`, `{"a":{}}`, false},
		"a list for an object":           {`{"a":{}}`, `{"a":[]}`, false},
		"a longer list":                  {`{"a":["x"]}`, `{"a":["x",""]}`, false},
		"a shorter list":                 {`{"a":["x","x"]}`, `{"a":["x"]}`, false},
		"a list in another order":        {`{"a":["x","y"]}`, `{"a":["y","x"]}`, false},
		"a value that differs in a list": {`{"a":["x","y"]}`, `{"a":["x","z"]}`, false},
		"deep inside":                    {`{"a":{"b":{"c":"x"}}}`, `{"a":{"b":{"c":"y"}}}`, false},
		"what is no JSON":                {`{"a":1}`, `{"a":1`, false},
		"neither is JSON":                {`{`, `{ `, false},
	} {
		if got := sameJSON([]byte(test.out), []byte(test.in)); got != test.same {
			t.Errorf("%s: same %t, want %t", name, got, test.same)
		}
	}
}
