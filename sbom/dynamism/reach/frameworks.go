package reach

import (
	"path"
	"strings"

	"github.com/nbuild/nbuild/internal/js"
)

// Convention is a way in which a framework is given by name what it is to load: a call
// of a method or function in which the name stands.
type Convention struct {
	Framework string // the package whose convention it is
	Call      string // the last name of what is called: "set" of app.set(…)
	First     string // what the first argument has to be, "" for anything
	Argument  int    // which argument holds the name, from 0
	// Path leads to the name within the argument, property by property; "*" is every
	// element of a list or property of an object.
	Path []string
	// As are the packages and files that are asked for, with $ where the name stands;
	// ExtensionOf stands for the ending of a file's name. None means the name itself.
	As    []string
	Loads string // for people: what it is that is loaded
}

// ExtensionOf in Convention.As is a file name's ending, without the dot.
const ExtensionOf = "extension of $"

// Conventions are those that are followed, by framework. Each was read in the source of
// the package, and each names something that no code spells: what an application
// requires itself and hands over as a value needs no convention. A method that hands a
// name on to one of them is followed as well, wherever it stands (carry.go), so most
// frameworks that wrap another need no entry.
var Conventions = []Convention{
	{Framework: "@hapi/glue", Call: "compose", Path: []string{"register", "plugins", "*"}, Loads: "plugins"},
	{Framework: "@hapi/glue", Call: "compose", Path: []string{"register", "plugins", "*", "plugin"}, Loads: "plugins"},
	{Framework: "@nestjs/platform-express", Call: "setViewEngine", Loads: "the view engine"},
	{Framework: "express", Call: "set", First: "view engine", Argument: 1, Loads: "the view engine"},
	{Framework: "express", Call: "render", As: []string{ExtensionOf}, Loads: "the view engine of a file's ending"},
	{Framework: "fastify", Call: "fastify", Path: []string{"logger", "transport", "target"}, Loads: "a transport of its logger"},
	{Framework: "fastify", Call: "fastify", Path: []string{"logger", "transport", "targets", "*", "target"}, Loads: "transports of its logger"},
	{Framework: "fastify", Call: "Fastify", Path: []string{"logger", "transport", "target"}, Loads: "a transport of its logger"},
	{Framework: "fastify", Call: "Fastify", Path: []string{"logger", "transport", "targets", "*", "target"}, Loads: "transports of its logger"},
	{Framework: "log4js", Call: "configure", Path: []string{"appenders", "*", "type"}, As: []string{"$", "@log4js-node/$"}, Loads: "appenders"},
	{Framework: "nestjs-pino", Call: "forRoot", Path: []string{"pinoHttp", "transport", "target"}, Loads: "a transport"},
	{Framework: "nestjs-pino", Call: "forRoot", Path: []string{"pinoHttp", "transport", "targets", "*", "target"}, Loads: "transports"},
	{Framework: "pino", Call: "pino", Path: []string{"transport", "target"}, Loads: "a transport"},
	{Framework: "pino", Call: "pino", Path: []string{"transport", "targets", "*", "target"}, Loads: "transports"},
	{Framework: "pino", Call: "pino", Path: []string{"transport", "pipeline", "*", "target"}, Loads: "transports"},
	{Framework: "pino", Call: "transport", Path: []string{"target"}, Loads: "a transport"},
	{Framework: "pino", Call: "transport", Path: []string{"targets", "*", "target"}, Loads: "transports"},
	{Framework: "pino", Call: "transport", Path: []string{"pipeline", "*", "target"}, Loads: "transports"},
}

// conventionsOf are the Conventions by the name of their call.
var conventionsOf = func() map[string][]Convention {
	by := map[string][]Convention{}
	for _, c := range Conventions {
		by[c.Call] = append(by[c.Call], c)
	}
	return by
}()

// conventional notes what a call asks a framework to load.
func (s *source) conventional(call js.Ref, name string, args []js.Ref) {
	for _, c := range conventionsOf[name] {
		if c.Argument >= len(args) || args[c.Argument] == 0 {
			continue
		}
		if c.First != "" && (s.tree.Kind(args[0]) != js.String || s.tree.Text(args[0]) != c.First) {
			continue
		}
		s.named(args[c.Argument], c.Path, sink{as: c.As})
	}
}

// specifiers are what is asked for where a name stands.
func (k sink) specifiers(name string) []string {
	if k.as == nil {
		return []string{name}
	}
	var out []string
	for _, as := range k.as {
		if as == ExtensionOf {
			// Known in part is enough, as long as the ending is.
			if ext := path.Ext(name); len(ext) > 1 && !strings.Contains(ext, hole) {
				out = append(out, ext[1:])
			}
			continue
		}
		out = append(out, strings.ReplaceAll(as, "$", name))
	}
	return out
}
