// Package linkagetest writes small ELF files for tests: what the loader and Node read is
// in them, and no code. So a test says in a line what a program or an addon needs, and
// needs no compiler and no machine of that kind.
//
// The invariant: what [Write] is given, linkage.Read gives back.
package linkagetest

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"strings"

	"github.com/nbuild/nbuild/internal/linkage"
)

// Spec is an ELF file to write: the facts that linkage.Read is to find. Beside those,
// Has are symbols that it defines and Asks symbols that it asks for; its Addon is made
// of them and not read.
type Spec struct {
	linkage.Object
	Has, Asks []string
}

// Program is a whole program for a platform that needs no library and no loader.
func Program(platform string) []byte {
	return Write(Spec{Object: linkage.Object{Platform: platform}})
}

// file is one in the making. Strings are in one table, which serves the sections' names
// as well.
type file struct {
	strings bytes.Buffer
	places  map[string]uint32
	body    bytes.Buffer
	headers []elf.Section64
}

const headerSize, programSize = 64, 56

// Write returns the file of a spec.
func Write(s Spec) []byte {
	f := &file{places: map[string]uint32{}}
	f.text("")
	f.headers = append(f.headers, elf.Section64{})
	start := uint64(headerSize + 2*programSize)
	var programs []elf.Prog64
	if s.Interpreter != "" {
		programs = append(programs, elf.Prog64{
			Type: uint32(elf.PT_INTERP), Off: start, Filesz: uint64(len(s.Interpreter) + 1), Memsz: uint64(len(s.Interpreter) + 1),
		})
		f.body.WriteString(s.Interpreter + "\x00")
	}
	f.dynamic(s, start)
	names := f.section(elf.SHT_STRTAB, start, f.strings.Bytes(), 0, 0, 0)
	f.headers[1].Off, f.headers[1].Size = f.headers[names].Off, f.headers[names].Size // the strings are whole now
	for f.body.Len()%8 != 0 {
		f.body.WriteByte(0)
	}
	machine := map[string]elf.Machine{"linux/amd64": elf.EM_X86_64, "linux/arm64": elf.EM_AARCH64}[s.Platform]
	var out bytes.Buffer
	put(&out, elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_DYN), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT),
		Phoff: headerSize, Shoff: start + uint64(f.body.Len()), Ehsize: headerSize, Phentsize: programSize,
		Phnum: uint16(len(programs)), Shentsize: 64, Shnum: uint16(len(f.headers)), Shstrndx: uint16(names),
	})
	for len(programs) < 2 {
		programs = append(programs, elf.Prog64{})
	}
	for _, p := range programs {
		put(&out, p)
	}
	out.Write(f.body.Bytes())
	for _, h := range f.headers {
		put(&out, h)
	}
	return out.Bytes()
}

// dynamic writes the sections that the loader reads. The first is the table of strings,
// which is filled in at the end.
func (f *file) dynamic(s Spec, start uint64) {
	f.headers = append(f.headers, elf.Section64{Type: uint32(elf.SHT_STRTAB)})
	var dynamic, symbols, needs, versions bytes.Buffer
	tag := func(t elf.DynTag, text string) {
		put(&dynamic, elf.Dyn64{Tag: int64(t), Val: uint64(f.text(text))})
	}
	for _, n := range s.Needs {
		tag(elf.DT_NEEDED, n.Library)
	}
	if s.Name != "" {
		tag(elf.DT_SONAME, s.Name)
	}
	if len(s.RPath) > 0 {
		tag(elf.DT_RPATH, strings.Join(s.RPath, ":"))
	}
	if len(s.RunPath) > 0 {
		tag(elf.DT_RUNPATH, strings.Join(s.RunPath, ":"))
	}
	put(&dynamic, elf.Dyn64{})
	put(&symbols, elf.Sym64{})
	put(&versions, uint16(0))
	for i, name := range append(append([]string{}, s.Has...), s.Asks...) {
		sym := elf.Sym64{Name: f.text(name), Info: byte(elf.STB_GLOBAL)<<4 | byte(elf.STT_FUNC)}
		if i < len(s.Has) {
			sym.Shndx = 1
		}
		put(&symbols, sym)
		put(&versions, uint16(1))
	}
	for i, n := range s.Needs {
		next := uint32(16 + 16*len(n.Versions))
		if i == len(s.Needs)-1 {
			next = 0
		}
		put(&needs, struct {
			Version, Count  uint16
			File, Aux, Next uint32
		}{1, uint16(len(n.Versions)), f.text(n.Library), 16, next})
		for j, v := range n.Versions {
			after := uint32(16)
			if j == len(n.Versions)-1 {
				after = 0
			}
			put(&needs, struct {
				Hash         uint32
				Flags, Other uint16
				Name, Next   uint32
			}{0, 0, uint16(2 + j), f.text(v), after})
		}
	}
	f.section(elf.SHT_DYNAMIC, start, dynamic.Bytes(), 1, 0, 16)
	table := f.section(elf.SHT_DYNSYM, start, symbols.Bytes(), 1, 1, 24)
	f.section(elf.SHT_GNU_VERSYM, start, versions.Bytes(), uint32(table), 0, 2)
	if len(s.Needs) > 0 {
		f.section(elf.SHT_GNU_VERNEED, start, needs.Bytes(), 1, uint32(len(s.Needs)), 0)
	}
	if len(s.Defines) > 0 {
		f.section(elf.SHT_GNU_VERDEF, start, f.defined(s.Defines), 1, uint32(len(s.Defines)), 0)
	}
}

// defined writes the versions that a library has.
func (f *file) defined(all []string) []byte {
	var out bytes.Buffer
	for i, name := range all {
		next := uint32(28)
		if i == len(all)-1 {
			next = 0
		}
		put(&out, struct {
			Version, Flags, Index, Count uint16
			Hash, Aux, Next              uint32
		}{1, 0, uint16(2 + i), 1, 0, 20, next})
		put(&out, struct{ Name, Next uint32 }{f.text(name), 0})
	}
	return out.Bytes()
}

// section appends a section and returns its number.
func (f *file) section(kind elf.SectionType, start uint64, data []byte, link, info uint32, size uint64) int {
	for f.body.Len()%8 != 0 {
		f.body.WriteByte(0)
	}
	f.headers = append(f.headers, elf.Section64{
		Type: uint32(kind), Off: start + uint64(f.body.Len()), Size: uint64(len(data)), Link: link, Info: info, Addralign: 8, Entsize: size,
	})
	f.body.Write(data)
	return len(f.headers) - 1
}

// text returns the place of a string in the table.
func (f *file) text(s string) uint32 {
	at, ok := f.places[s]
	if !ok {
		at = uint32(f.strings.Len())
		f.places[s] = at
		f.strings.WriteString(s + "\x00")
	}
	return at
}

// put writes a record. A buffer takes whatever has a fixed size.
func put(to *bytes.Buffer, record any) {
	if err := binary.Write(to, binary.LittleEndian, record); err != nil {
		panic(err)
	}
}
