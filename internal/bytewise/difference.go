package bytewise

// Kind is what differs of a file. The list is closed.
type Kind string

// The kinds of difference.
const (
	Content Kind = "content"
	Mode    Kind = "mode"
	Link    Kind = "link"    // where a link leads
	Type    Kind = "type"    // a file in the one, a link or a folder in the other
	Owner   Kind = "owner"   // of an archive's entry
	Time    Kind = "time"    // of an archive's entry
	Missing Kind = "missing" // it was there the first time
	Added   Kind = "added"   // it was not there the first time
	Order   Kind = "order"   // the entries of an archive stand in another order
)

// Difference is what differs of one file. First and Again are what it was each time, for
// people; Region is where contents differ first, nil of other kinds.
type Difference struct {
	Path   string  `json:"path"`
	Kind   Kind    `json:"kind"`
	First  string  `json:"first"`
	Again  string  `json:"again"`
	Region *Region `json:"region"`
}

// Most is how many differences are looked into, of one step or one layer. There may be more.
const Most = 20
