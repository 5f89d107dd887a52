package worktree

import "github.com/nbuild/nbuild/internal/diag"

// The problems of this package.
const (
	// CodePrivateKey is a project file that looks like a private key.
	CodePrivateKey diag.Code = "NB1110"
	// CodeName is a file name that an image can't carry.
	CodeName diag.Code = "NB1111"
	// CodeCollision is two names that differ only in case or in Unicode form.
	CodeCollision diag.Code = "NB1112"
	// CodeLinkOut is a symbolic link that leaves the project.
	CodeLinkOut diag.Code = "NB1113"
	// CodeTooMany is a project with more or larger files than nbuild takes.
	CodeTooMany diag.Code = "NB1114"
	// CodeSpecial is a device, a socket or a pipe in a project.
	CodeSpecial diag.Code = "NB1115"
	// CodeGit is a git repository that can't be read.
	CodeGit diag.Code = "NB1116"
)
