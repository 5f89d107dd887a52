package guard

// Mode says what the guard does with what the list does not allow. Its zero value
// is Off.
type Mode string

// The modes, as the image block's `guard` spells them.
const (
	Off     Mode = "off"     // nothing is looked at
	Report  Mode = "report"  // it is reported on stderr, and passes
	Enforce Mode = "enforce" // it is reported, and refused
)

// Known reports whether the mode is one of the three; "" is Off.
func (m Mode) Known() bool {
	return m == "" || m == Off || m == Report || m == Enforce
}

// on reports whether the guard is in the image at all.
func (m Mode) on() bool { return m == Report || m == Enforce }
