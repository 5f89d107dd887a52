package npm

import (
	"github.com/nbuild/nbuild/internal/damage"
	"github.com/nbuild/nbuild/internal/diag"
)

// restore brings back a file that can't be read. npm writes a new one in its place as
// well, and takes the newest versions for it: that is no way to mend a lockfile.
func restore(file string) string {
	return "bring back the one that was committed last, `git checkout HEAD -- " + diag.Word(file) + "`, or an older one (`git log -- " + diag.Word(file) + "` lists them)"
}

// unreadable is the problem of a lockfile or a package.json that is not JSON: what
// happened to it, where its bytes show that, and what mends that.
func unreadable(src []byte, file string, manifest bool, err error) *diag.Problem {
	p := &diag.Problem{What: "the lockfile can't be read", Err: err, Why: "nothing can be installed from it", Remedy: restore(file)}
	if manifest {
		p.What, p.Why = file+" can't be read", "it says what the project asks for"
	}
	d, ok := damage.Of(src)
	if !ok {
		return p
	}
	p.What, p.Why, p.Err = file+" "+d.What, d.Why, nil
	p.Pos.Line = d.Line
	switch {
	case d.Kind == damage.Merge && manifest:
		p.Remedy = "keep one side of each conflict, take out the lines that begin with <<<<<<<, ======= and >>>>>>>, then run `npm install --package-lock-only`"
	case d.Kind == damage.Merge:
		p.Remedy = "run `npm install --package-lock-only`, which joins both sides, and review the diff"
	case d.Kind == damage.LFS:
		p.Remedy = "run `git lfs pull`, or where the file should not be in Git LFS, `git lfs untrack " + diag.Word(file) + "` and commit it as it is"
	case d.Kind == damage.UTF16:
		p.Remedy = "write it in UTF-8: `iconv -f UTF-16 -t UTF-8 " + file + " > utf8.json && mv utf8.json " + file + "`"
	}
	return p
}

// Unreadable is the problem of a package.json that could not be read, where its bytes
// show what happened to it; else nil.
func Unreadable(src []byte, file string, code diag.Code) *diag.Problem {
	if _, ok := damage.Of(src); !ok {
		return nil
	}
	p := unreadable(src, file, true, nil)
	p.Code, p.Pos.File = code, file
	return p
}
