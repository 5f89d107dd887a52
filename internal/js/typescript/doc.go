// Package typescript makes JavaScript of TypeScript and JSX, and leads every place of
// it back to where it came from.
//
// Packages ship TypeScript next to what was made of it, Node runs it with the types
// taken out, and an inventory of what code can do must not end where a file ends in
// .ts. The types say nothing about that: they are removed, and the rest is read as any
// other file. The work is done by esbuild, whose grammar follows TypeScript's; it
// stands in a package of its own so that package js links none of it.
//
// Nothing is lowered, shaken out or renamed that need not be: an import that only
// types use stays, as it does where Node runs the file. What was added, such as the
// helper of a decorator, has no place.
//
// The invariant: [Translation.Position] is a place in the source, or says that there is
// none. A file over the bounds of size or nesting is an error before esbuild sees it,
// whose recursion has no bound of its own. Source maps are ECMA-426 §"Mappings".
package typescript
