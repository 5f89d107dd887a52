package resolution

// Alternatives returns what a specifier means to loaders that are not the target: to
// one that knows nothing of exports, and to one without the condition module-sync.
// What Resolve gives is not among them. It is for lists that must hold for older
// releases and for bundlers as well; Node itself loads none of it.
func (r *Resolver) Alternatives(specifier, parent string, mode Mode) []Result {
	main, _ := r.Resolve(specifier, parent, mode)
	defer func() { r.blind = seeing }()
	var out []Result
	for _, r.blind = range []blindness{noSync, noExports} {
		m := mode
		if r.blind == noExports {
			m = Require
		}
		res, err := r.Resolve(specifier, parent, m)
		if err == nil && res.Path != "" && res.Path != main.Path {
			out = append(out, res)
		}
	}
	return out
}

// blindness is what a Resolver does not look at.
type blindness uint8

const (
	seeing blindness = iota
	noSync
	noExports
)
