package dynamism

import (
	"errors"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fill sets every field below v to something, so that one which a record forgets
// is missed.
func fill(v reflect.Value, n *int) {
	*n++
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			fill(v.Index(i), n)
		}
	case reflect.String:
		v.SetString(string(rune('a'+*n%26)) + "é\x00")
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(*n * 1000))
	case reflect.Bool:
		v.SetBool(true)
	}
}

func TestRecordsHoldEveryField(t *testing.T) {
	var packages []Package
	n := 0
	fill(reflect.ValueOf(&packages).Elem(), &n)
	for i := range packages {
		packages[i].Purl = "" // which the artefact does not know
	}
	got, err := DecodeFindings(EncodeFindings(packages))
	if err != nil {
		t.Fatal(err)
	}
	if err := DecodeCalls(EncodeCalls(packages), got); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(packages, got); diff != "" {
		t.Error(diff)
	}
	if err := DecodeCalls(EncodeCalls(packages[:1]), got); !errors.Is(err, ErrRecord) {
		t.Errorf("calls of another artefact: %v", err)
	}
}

func FuzzRecord(f *testing.F) {
	var packages []Package
	n := 0
	fill(reflect.ValueOf(&packages).Elem(), &n)
	f.Add(EncodeFindings(packages))
	f.Add(EncodeCalls(packages))
	f.Add([]byte(findingsHeader))
	f.Fuzz(func(t *testing.T, src []byte) {
		packages, err := DecodeFindings(src)
		if err != nil {
			if !errors.Is(err, ErrRecord) {
				t.Error(err)
			}
			packages = []Package{{}}
		} else if again, err := DecodeFindings(EncodeFindings(packages)); err != nil || !cmp.Equal(packages, again) {
			t.Errorf("what was read can't be written: %v", err)
		}
		if err := DecodeCalls(src, packages); err != nil && !errors.Is(err, ErrRecord) {
			t.Error(err)
		}
	})
}
