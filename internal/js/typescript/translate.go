package typescript

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/nbuild/nbuild/internal/bounds"
)

// Language is what a file is written in beyond JavaScript.
type Language uint8

// The languages. None is JavaScript itself, or no program at all.
const (
	None       Language = iota
	TypeScript          // .ts, .mts, .cts
	TSX                 // .tsx
	JSX                 // .jsx, and JavaScript that turns out to have JSX in it
)

// LanguageOf returns a file's language by the end of its name; declarations (.d.ts)
// have no code and are None.
func LanguageOf(name string) Language {
	for _, end := range [...]string{".d.ts", ".d.mts", ".d.cts"} {
		if strings.HasSuffix(name, end) {
			return None
		}
	}
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return None
	}
	switch name[dot:] {
	case ".ts", ".mts", ".cts":
		return TypeScript
	case ".tsx":
		return TSX
	case ".jsx":
		return JSX
	}
	return None
}

// Error is a place where a file is not what its language has. Line counts from 1,
// Column from 1 in UTF-16 units; both are 0 for the file as a whole.
type Error struct {
	Line    int
	Column  int
	Message string
}

// Error returns the place and the message.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("%d:%d: %s", e.Line, e.Column, e.Message)
}

// Translation is a file as JavaScript (of the newest edition). It is not changed and
// may be read from many goroutines.
type Translation struct {
	Code   []byte
	places mapping
}

// plain are the compiler options with which TypeScript says what it would do itself
// at the least: nothing is left out but types. With decorators as TypeScript had
// them first, parameters may have some too.
const (
	plain      = `{"compilerOptions":{"verbatimModuleSyntax":true,"useDefineForClassFields":true}}`
	decorators = `{"compilerOptions":{"verbatimModuleSyntax":true,"useDefineForClassFields":true,"experimentalDecorators":true}}`
)

// Translate makes JavaScript of a source. Its error is an *Error.
func Translate(src []byte, language Language) (*Translation, error) {
	if len(src) > bounds.TypeScript {
		return nil, &Error{Message: fmt.Sprintf("the file has more than %d bytes", bounds.TypeScript)}
	}
	if depth := nesting(src); depth > bounds.TypeScriptDepth {
		return nil, &Error{Message: fmt.Sprintf("the file nests deeper than %d levels", bounds.TypeScriptDepth)}
	}
	result := transform(src, language, plain)
	if len(result.Errors) > 0 && strings.Contains(string(src), "@") {
		if again := transform(src, language, decorators); len(again.Errors) == 0 {
			result = again
		}
	}
	if len(result.Errors) > 0 {
		return nil, failure(result.Errors[0])
	}
	var document struct {
		Mappings string `json:"mappings"`
	}
	if err := json.Unmarshal(result.Map, &document); err != nil {
		return nil, &Error{Message: "the source map is malformed: " + err.Error()}
	}
	places, err := decode(document.Mappings)
	if err != nil {
		return nil, &Error{Message: "the source map is malformed: " + err.Error()}
	}
	places.starts = lineStarts(result.Code)
	places.code = result.Code
	return &Translation{Code: result.Code, places: places}, nil
}

// Position returns where in the source a byte offset of Code came from: a line from
// 1 and a column from 1 in UTF-16 units. Ok is false for what was added.
func (t *Translation) Position(offset int) (line, column int, ok bool) {
	return t.places.source(offset)
}

func transform(src []byte, language Language, options string) api.TransformResult {
	loader := api.LoaderTS
	switch language {
	case TSX:
		loader = api.LoaderTSX
	case JSX:
		loader = api.LoaderJSX
	}
	return api.Transform(string(src), api.TransformOptions{
		Loader:         loader,
		Target:         api.ESNext,
		Sourcemap:      api.SourceMapExternal,
		SourcesContent: api.SourcesContentExclude,
		Charset:        api.CharsetUTF8,
		LegalComments:  api.LegalCommentsNone,
		LogLevel:       api.LogLevelSilent,
		TreeShaking:    api.TreeShakingFalse,
		TsconfigRaw:    options,
	})
}

func failure(m api.Message) *Error {
	e := &Error{Message: m.Text}
	if m.Location != nil {
		before := m.Location.LineText[:min(m.Location.Column, len(m.Location.LineText))]
		e.Line, e.Column = m.Location.Line, 1+utf16Length([]byte(before))
	}
	return e
}
