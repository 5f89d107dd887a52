package bounds

// What is handed to the translator of TypeScript and JSX, which recurses as deep as
// its input nests and takes about 10 kB of stack a level.
const (
	TypeScript      = 8 << 20 // one file, in bytes
	TypeScriptDepth = 10_000  // levels that a file may nest, estimated from above
)
