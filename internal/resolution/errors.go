package resolution

import "fmt"

// Error is why Node would not load a specifier. Code is Node's own (ERR_… or
// MODULE_NOT_FOUND, of Node's documentation, "Errors").
type Error struct {
	Code      string
	Specifier string
	Parent    string // the file that asked
	Why       string // a few words; may be empty
}

// Error names the specifier, the file that asked for it and Node's code.
func (e *Error) Error() string {
	s := fmt.Sprintf("%s: %.200q from %s", e.Code, e.Specifier, e.Parent)
	if e.Why != "" {
		s += ": " + e.Why
	}
	return s
}

// Node's error codes that resolving can end with.
const (
	NotFound          = "MODULE_NOT_FOUND"     // of require
	ModuleNotFound    = "ERR_MODULE_NOT_FOUND" // of import
	NotExported       = "ERR_PACKAGE_PATH_NOT_EXPORTED"
	NotDefined        = "ERR_PACKAGE_IMPORT_NOT_DEFINED"
	InvalidConfig     = "ERR_INVALID_PACKAGE_CONFIG"
	InvalidTarget     = "ERR_INVALID_PACKAGE_TARGET"
	InvalidSpecifier  = "ERR_INVALID_MODULE_SPECIFIER"
	InvalidArgument   = "ERR_INVALID_ARG_VALUE"
	UnknownBuiltin    = "ERR_UNKNOWN_BUILTIN_MODULE"
	DirectoryImport   = "ERR_UNSUPPORTED_DIR_IMPORT"
	UnsupportedScheme = "ERR_UNSUPPORTED_ESM_URL_SCHEME"
	InvalidFileHost   = "ERR_INVALID_FILE_URL_HOST"
	InvalidScheme     = "ERR_INVALID_URL_SCHEME"
	MalformedURI      = "URIError" // a name, since that error has no code
)

// failure is an Error before it is known who asked.
type failure struct{ code, why string }

func (f *failure) Error() string { return f.code + ": " + f.why }

func fail(code, format string, args ...any) error {
	return &failure{code, fmt.Sprintf(format, args...)}
}

func explain(err error, specifier, parent string) error {
	if f, ok := err.(*failure); ok {
		return &Error{Code: f.code, Specifier: specifier, Parent: parent, Why: f.why}
	}
	return err
}
