package strictjson

// The methods of this file read what JavaScript programs read: a package.json, a
// registry's document. npm and Node take a value of another type than they look for as
// not given, and half of a surrogate pair for a character. Keys count by their exact
// spelling, as everywhere in this package; of two equal keys the last counts, where the
// caller lets it.

// AsText reads a string. A value of another type is passed over, and is "".
func (r *Reader) AsText() string {
	if r.Peek() != '"' {
		r.Skip()
		return ""
	}
	start, plain := r.quoted()
	switch {
	case r.err != nil:
		return ""
	case plain:
		return string(r.src[start : r.off-1])
	}
	return r.unescape(r.src[start:r.off-1], start, true)
}

// AsBool reads true or false, and reports whether it stood there. A value of another
// type is passed over.
func (r *Reader) AsBool() (value, given bool) {
	if c := r.Peek(); c != 't' && c != 'f' {
		r.Skip()
		return false, false
	}
	return r.Literal() == "true", r.err == nil
}

// AsTexts reads the strings of an object by key. Members of another type are not given;
// where there is no object, it is nil.
func (r *Reader) AsTexts() map[string]string {
	if r.Peek() != '{' {
		r.Skip()
		return nil
	}
	out := map[string]string{}
	r.Object(func(key string, _ int) {
		delete(out, key) // the last of two equal keys counts, and may be no string
		if r.Peek() != '"' {
			r.Skip()
			return
		}
		out[key] = r.AsText()
	})
	return out
}

// AsList reads the strings of an array. Elements of another type are not given; where
// there is no array, it is nil.
func (r *Reader) AsList() []string {
	if r.Peek() != '[' {
		r.Skip()
		return nil
	}
	out := []string{}
	r.Array(func() {
		if r.Peek() != '"' {
			r.Skip()
			return
		}
		out = append(out, r.AsText())
	})
	return out
}

// AsObject reads the members of an object with member, which must consume each value. A
// value of another type is passed over.
func (r *Reader) AsObject(member func(key string, at int)) {
	if r.Peek() != '{' {
		r.Skip()
		return
	}
	r.Object(member)
}
