package machine

// Remote is which other machines run steps or keep what they came to, as the command line
// and the environment say. The zero value is none.
type Remote struct {
	Server   string // an address, or a name in the user's remotes.hcl
	Cache    string // "" runs steps there; CacheShared or CacheRead only keep and find results
	Fallback bool   // what is lost there is done here
	Folder   string // where remotes.hcl stands, absolute; "" where there is no such place

	Token       string // a bearer token
	Certificate string // a PEM file with the certificate that is shown, relative to Dir
	Key         string // ... and with its key
	CA          string // ... and with the certificates that vouch for the server

	Unique string // no other run has it
}

// What is done with a server's results alone.
const (
	CacheShared = "read-write"
	CacheRead   = "read-only"
)
