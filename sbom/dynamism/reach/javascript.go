package reach

import (
	"github.com/nbuild/nbuild/internal/js"
	"github.com/nbuild/nbuild/internal/js/typescript"
)

// position returns the line and column of a byte of a tree's text in the file that it
// came from.
type position func(t *js.Tree, offset uint32) (line, column int)

// javascript returns a file's text as JavaScript, and where its places are in the
// file. The error is that of a file that can't be translated.
func javascript(file string, text []byte) ([]byte, position, error) {
	language := typescript.LanguageOf(file)
	if language == typescript.None {
		return text, (*js.Tree).Position, nil
	}
	translated, err := typescript.Translate(text, language)
	if err != nil {
		return nil, nil, err
	}
	return translated.Code, func(_ *js.Tree, offset uint32) (int, int) {
		line, column, _ := translated.Position(int(offset))
		return line, column
	}, nil
}
