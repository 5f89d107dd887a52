package guard

import (
	"bytes"
	_ "embed"
)

// The parts of the guard, in the order in which they are joined. Each is a section
// of one script; what a part uses stands in an earlier one, functions aside.
var (
	//go:embed js/engine.js
	engine []byte
	//go:embed js/primordials.js
	primordials []byte
	//go:embed js/config.js
	config []byte
	//go:embed js/report.js
	report []byte
	//go:embed js/sources.js
	checks []byte
	//go:embed js/modules.js
	modules []byte
	//go:embed js/esm.js
	esm []byte
	//go:embed js/evaluate.js
	evaluate []byte
	//go:embed js/instrument.js
	instrument []byte
	//go:embed js/builtins.js
	builtins []byte
	//go:embed js/options.js
	options []byte
	//go:embed js/environment.js
	environment []byte
	//go:embed js/children.js
	children []byte
	//go:embed js/addons.js
	addons []byte
	//go:embed js/handover.js
	handover []byte
	//go:embed js/threads.js
	threads []byte
	//go:embed js/internals.js
	internals []byte
	//go:embed js/console.js
	console []byte
	//go:embed js/start.js
	start []byte
)

// Script returns the guard that Node preloads. It reads its settings and the source
// list from the folder that it stands in.
func Script() []byte {
	return bytes.Join([][]byte{
		engine, primordials, config, report, checks, modules, esm, evaluate, instrument, builtins, variablesSection(), flagsSection(), options, environment,
		children, handover, threads, addons, internals, console, start,
	}, nil)
}
