// Package strictyaml reads the YAML that package managers write, and no more of YAML.
//
// YAML can say much more than a lockfile needs: one node stands for another (anchors and
// aliases, merge keys), a tag makes a value of any type, a key may stand twice. Each is a
// way to show one thing to a reviewer and another to a reader, or to make gigabytes of a
// few bytes. [Parse] refuses all of it with the line, and gives the rest as a tree of
// [Value]: mappings in their order, lists, and texts as they are written. It interprets no
// text: what 9.0 or yes means, the caller knows.
//
// The text is bounded before it is parsed, in bytes, in depth and in values; the parser
// itself is go.yaml.in/yaml.
package strictyaml
