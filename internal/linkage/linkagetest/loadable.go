package linkagetest

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"strings"

	"github.com/nbuild/nbuild/internal/linkage"
)

// Loadable writes a library that a loader takes and that says a text on standard output
// as it is loaded. Of the facts it has its platform, name, needs (without versions) and
// the folders of RUNPATH, which linkage.Read gives back.
func Loadable(o linkage.Object, says string) []byte {
	const base = headerSize + 2*programSize
	f := &file{places: map[string]uint32{}}
	f.text("")
	type entry struct {
		tag  elf.DynTag
		text string
	}
	var named []entry
	for _, n := range o.Needs {
		named = append(named, entry{elf.DT_NEEDED, n.Library})
	}
	if o.Name != "" {
		named = append(named, entry{elf.DT_SONAME, o.Name})
	}
	if len(o.RunPath) > 0 {
		named = append(named, entry{elf.DT_RUNPATH, strings.Join(o.RunPath, ":")})
	}
	for _, e := range named {
		f.text(e.text)
	}
	names := f.strings.Bytes()
	code := speech(o.Platform, says)

	// All of the file is one segment at the address 0: the code, an empty table of symbols
	// with its hash table, the strings, and what the loader reads.
	var body bytes.Buffer
	place := func(data []byte) uint64 {
		for body.Len()%8 != 0 {
			body.WriteByte(0)
		}
		at := uint64(base + body.Len())
		body.Write(data)
		return at
	}
	at := map[elf.DynTag]uint64{
		elf.DT_INIT:   place(code),
		elf.DT_SYMTAB: place(make([]byte, 24)),
		elf.DT_HASH:   place([]byte{1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
		elf.DT_STRTAB: place(names),
	}
	var dynamic bytes.Buffer
	for _, e := range named {
		put(&dynamic, elf.Dyn64{Tag: int64(e.tag), Val: uint64(f.places[e.text])})
	}
	for _, tag := range []elf.DynTag{elf.DT_HASH, elf.DT_STRTAB, elf.DT_SYMTAB, elf.DT_INIT} {
		put(&dynamic, elf.Dyn64{Tag: int64(tag), Val: at[tag]})
	}
	put(&dynamic, elf.Dyn64{Tag: int64(elf.DT_STRSZ), Val: uint64(len(names))})
	put(&dynamic, elf.Dyn64{Tag: int64(elf.DT_SYMENT), Val: 24})
	put(&dynamic, elf.Dyn64{})
	dyn := place(dynamic.Bytes())
	size := uint64(base + body.Len())
	for body.Len()%8 != 0 {
		body.WriteByte(0)
	}

	sections := []elf.Section64{
		{},
		{Type: uint32(elf.SHT_STRTAB), Off: at[elf.DT_STRTAB], Addr: at[elf.DT_STRTAB], Size: uint64(len(names))},
		{Type: uint32(elf.SHT_DYNAMIC), Off: dyn, Addr: dyn, Size: uint64(dynamic.Len()), Link: 1, Entsize: 16},
	}
	machine := map[string]elf.Machine{"linux/amd64": elf.EM_X86_64, "linux/arm64": elf.EM_AARCH64}[o.Platform]
	var out bytes.Buffer
	put(&out, elf.Header64{
		Ident: [16]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)},
		Type:  uint16(elf.ET_DYN), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT),
		Phoff: headerSize, Shoff: uint64(base + body.Len()), Ehsize: headerSize, Phentsize: programSize,
		Phnum: 2, Shentsize: 64, Shnum: uint16(len(sections)), Shstrndx: 1,
	})
	put(&out, elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_W | elf.PF_X), Filesz: size, Memsz: size, Align: 0x10000})
	put(&out, elf.Prog64{Type: uint32(elf.PT_DYNAMIC), Flags: uint32(elf.PF_R | elf.PF_W), Off: dyn, Vaddr: dyn, Paddr: dyn, Filesz: uint64(dynamic.Len()), Memsz: uint64(dynamic.Len()), Align: 8})
	out.Write(body.Bytes())
	for _, s := range sections {
		put(&out, s)
	}
	return out.Bytes()
}

// speech is a function that writes a text to standard output.
func speech(platform, says string) []byte {
	var code bytes.Buffer
	if platform == "linux/arm64" {
		for _, word := range []uint32{
			0xd2800020,                        // mov x0, #1
			0x10000001 | 5<<5,                 // adr x1, the text, behind five instructions
			0xd2800002 | uint32(len(says))<<5, // mov x2, #length
			0xd2800808,                        // mov x8, #64 (write)
			0xd4000001,                        // svc #0
			0xd65f03c0,                        // ret
		} {
			put(&code, word)
		}
	} else {
		code.Write([]byte{0xb8, 1, 0, 0, 0, 0xbf, 1, 0, 0, 0}) // mov eax, 1 (write); mov edi, 1
		code.Write([]byte{0x48, 0x8d, 0x35, 8, 0, 0, 0})       // lea rsi, the text, behind eight bytes
		code.Write(binary.LittleEndian.AppendUint32([]byte{0xba}, uint32(len(says))))
		code.Write([]byte{0x0f, 0x05, 0xc3}) // syscall; ret
	}
	code.WriteString(says)
	return code.Bytes()
}
