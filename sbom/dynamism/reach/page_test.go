package reach

import (
	"fmt"
	"strings"
)

// Reference returns docs/frameworks.md: the names that are followed, and the table of
// the conventions.
func Reference() string {
	var b strings.Builder
	b.WriteString(`# Names that are followed

Much of what a server loads is named and not required: the view engine that Express is set to, the transports of a logger, what a wrapper hands on to ` + "`require`" + `. ` + "`nbuild trace`" + ` and the production source list of a guarded image follow such names, so that the image has what Node asks for.

## How a name is followed
A name is a constant text. It counts where it stands in the call itself, and where it comes there

- through variables, conditions, defaults, templates and ` + "`path.join`" + ` of the same file,
- through the properties of an object, also where objects are spread into each other,
- through the properties of ` + "`this`" + `, within one class,
- as a constant, an object or JSON that another file of the project exports,
- through the parameters of functions, methods and constructors that hand it on to a ` + "`require`" + `, an ` + "`import()`" + ` or a call of the table, in any number of steps.

Such a function is known by its name, since no reading shows who an object is. So a call counts in the project's own files, in the package where the function stands, and in packages that depend on it. Names that everything has methods for (` + "`get`" + `, ` + "`set`" + `, ` + "`on`" + ` and their like) count nowhere else than in the table.

What a name turns out to be is looked up as Node looks it up. One that is no package and no file there adds nothing.

## The calls
In the column of the name, ` + "`*`" + ` is every element of a list or property of an object.

| framework | call | the name | asked for | loads |
|---|---|---|---|---|
`)
	for _, c := range Conventions {
		call := "`" + c.Call + "(…)`"
		if c.First != "" {
			call = fmt.Sprintf("`%s('%s', …)`", c.Call, c.First)
		}
		name := fmt.Sprintf("argument %d", c.Argument+1)
		if len(c.Path) > 0 {
			name += ", `" + strings.Join(c.Path, ".") + "`"
		}
		asked := "the name"
		var as []string
		for _, a := range c.As {
			if a == ExtensionOf {
				as = append(as, "its ending, as a file's")
			} else {
				as = append(as, "`"+strings.ReplaceAll(a, "$", "NAME")+"`")
			}
		}
		if as != nil {
			asked = strings.Join(as, " and ")
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s |\n", c.Framework, call, name, asked, c.Loads)
	}
	b.WriteString(`
Most frameworks need no line here. Nest, for one, hands what it is given to Express, and that is followed through its own code; engines that are required and handed over as values (` + "`engine: { ejs: require('ejs') }`" + ` of @fastify/view, the engines of vision, koa-views through consolidate, express-handlebars, ejs-mate, nunjucks) stand in code that is read anyway; and the drivers of knex, sequelize and typeorm are required by them with names that are read.

## What is not
A name from the environment, a database or a file that is read while the program runs. ` + "`nbuild trace`" + ` warns of each place where a require or an import may get a name that it does not know. What is loaded there can be recorded (` + "`nbuild trace --run -- npm test`" + `) or listed, in build.hcl:

` + "```" + `hcl
dynamism {
  load "node_modules/ejs/lib/**" {
    reason = "the view engine, whose name is in the database"
  }
}
` + "```" + `
`)
	return b.String()
}
