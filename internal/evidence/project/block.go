package project

import (
	"slices"

	"github.com/nbuild/nbuild/internal/diag"
	"github.com/nbuild/nbuild/internal/machine"
	"github.com/nbuild/nbuild/internal/oci"
	"github.com/nbuild/nbuild/pipelines"
)

// MeantBlock explains an image name that can't be read where it is the name of an image
// block: it says so, and what to type. Any other error is returned as it is; unread are
// the codes, beside that of a name, of what can't be read.
func MeantBlock(host machine.Host, name string, err error, remedy string, unread ...diag.Code) error {
	unread = append(unread, oci.CodeReference)
	if !slices.ContainsFunc(diag.All(err), func(p *diag.Problem) bool { return slices.Contains(unread, p.Code) }) {
		return err
	}
	p, openErr := pipelines.Open(host.Dir, host.File, pipelines.Options{Vars: host.Vars})
	if openErr != nil {
		return err
	}
	if _, ok := p.Image(name); !ok || name == "" {
		return err
	}
	return &diag.Problem{
		Code: oci.CodeReference, What: "\"" + name + "\" is an image block of " + p.File + ", and an image is named here by where it stands",
		Why: "what was built may differ from what the block would make now", Remedy: remedy,
	}
}
