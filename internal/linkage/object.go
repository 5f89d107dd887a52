package linkage

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/nbuild/nbuild/internal/lazyregexp"
)

// Object is what one file of machine code is and needs.
type Object struct {
	// Platform is what it runs on, as images spell it: "linux/amd64", "linux/arm64". Of
	// any other machine or system it is the name that ELF has for it.
	Platform    string   `json:"platform"`
	Interpreter string   `json:"interpreter,omitempty"` // the loader that starts a program: an absolute path
	Name        string   `json:"name,omitempty"`        // a library's own (DT_SONAME)
	Needs       []Need   `json:"needs,omitempty"`       // in the order in which the loader looks for them
	RPath       []string `json:"rpath,omitempty"`       // folders to look in, for what it needs and for what that needs
	RunPath     []string `json:"runpath,omitempty"`     // folders to look in for what it needs itself
	Defines     []string `json:"defines,omitempty"`     // versions of symbols that it has, sorted
	Addon       Addon    `json:"addon,omitzero"`        // what it is to Node
}

// Need is a library that the loader has to find.
type Need struct {
	Library  string   `json:"library"`            // "libstdc++.so.6", or a path
	Versions []string `json:"versions,omitempty"` // versions of symbols that it must have, sorted
}

// Addon is how a library presents itself to Node.
type Addon struct {
	NodeAPI bool `json:"nodeAPI,omitempty"` // by Node-API, which any Node of today offers
	ABI     int  `json:"abi,omitempty"`     // made for one NODE_MODULE_VERSION
	Unknown bool `json:"unknown,omitempty"` // registers itself in the old way, which names no version
}

// Is reports whether the file is an addon of Node's at all.
func (a Addon) Is() bool { return a != Addon{} }

// Fits reports whether a Node of a NODE_MODULE_VERSION takes the addon. What names no
// version may fit.
func (a Addon) Fits(abi int) bool { return a.NodeAPI || a.Unknown || a.ABI != 0 && a.ABI == abi }

// Magic is how each ELF file begins.
const Magic = "\x7fELF"

// machines are the processors that images are built for.
var machines = map[elf.Machine]string{elf.EM_X86_64: "linux/amd64", elf.EM_AARCH64: "linux/arm64"}

// Read returns the facts of an ELF file of 64 bits. What is no such file, or is cut off, is
// an error.
func Read(r io.ReaderAt) (*Object, error) {
	f, err := elf.NewFile(r)
	if err != nil {
		return nil, fmt.Errorf("reading ELF: %w", err)
	}
	defer f.Close()
	o := &Object{Platform: f.Machine.String()}
	if name, ok := machines[f.Machine]; ok && f.Class == elf.ELFCLASS64 && f.Data == elf.ELFDATA2LSB && (f.OSABI == elf.ELFOSABI_NONE || f.OSABI == elf.ELFOSABI_LINUX) {
		o.Platform = name
	}
	if f.Type != elf.ET_EXEC && f.Type != elf.ET_DYN {
		return nil, fmt.Errorf("reading ELF: a file of the type %s runs nowhere", f.Type)
	}
	if o.Interpreter, err = interpreter(f); err != nil {
		return nil, err
	}
	if f.SectionByType(elf.SHT_DYNAMIC) == nil {
		return o, nil
	}
	return o, o.dynamic(f)
}

// maxVersions is how many versions of symbols a file may define or need. The C++
// library has fewer than a hundred.
const maxVersions = 1 << 14

// bounded refuses a file whose records of versions are more than any file has: the
// standard library's reader follows as many as they say there are, each time that they
// say so.
func bounded(f *elf.File) error {
	for kind, next := range map[elf.SectionType]int{elf.SHT_GNU_VERNEED: 12, elf.SHT_GNU_VERDEF: 16} {
		section := f.SectionByType(kind)
		if section == nil {
			continue
		}
		data, err := section.Data()
		if err != nil {
			return fmt.Errorf("reading the versions of an ELF file: %w", err)
		}
		count := next - 10 // where a record says how many it holds
		if kind == elf.SHT_GNU_VERDEF {
			count = 6
		}
		total := 0
		for i := 0; i+next+4 <= len(data); {
			if total += 1 + int(f.ByteOrder.Uint16(data[i+count:])); total > maxVersions {
				return fmt.Errorf("reading the versions of an ELF file: there are more than %d", maxVersions)
			}
			step := int(f.ByteOrder.Uint32(data[i+next:]))
			if step == 0 {
				break
			}
			i += step
		}
	}
	return nil
}

// dynamic reads what the loader reads.
func (o *Object) dynamic(f *elf.File) error {
	if err := bounded(f); err != nil {
		return err
	}
	libraries, err := f.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("reading the libraries that an ELF file needs: %w", err)
	}
	needs, err := f.DynamicVersionNeeds()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return fmt.Errorf("reading the versions that an ELF file needs: %w", err)
	}
	versions := map[string][]string{}
	for _, n := range needs {
		for _, v := range n.Needs {
			if v.Flags&elf.VER_FLG_WEAK == 0 {
				versions[n.Name] = append(versions[n.Name], v.Dep)
			}
		}
	}
	for _, l := range libraries {
		slices.Sort(versions[l])
		o.Needs = append(o.Needs, Need{Library: l, Versions: slices.Compact(versions[l])})
	}
	defined, err := f.DynamicVersions()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return fmt.Errorf("reading the versions that an ELF file defines: %w", err)
	}
	for _, d := range defined {
		if d.Flags&elf.VER_FLG_BASE == 0 {
			o.Defines = append(o.Defines, d.Name)
		}
	}
	slices.Sort(o.Defines)
	for tag, to := range map[elf.DynTag]*[]string{elf.DT_RPATH: &o.RPath, elf.DT_RUNPATH: &o.RunPath} {
		if *to, err = folders(f, tag); err != nil {
			return err
		}
	}
	if len(o.RunPath) > 0 {
		o.RPath = nil // the loader passes over it (ld.so(8))
	}
	names, err := f.DynString(elf.DT_SONAME)
	if err != nil {
		return fmt.Errorf("reading the name of an ELF file: %w", err)
	}
	if len(names) > 0 {
		o.Name = names[0]
	}
	return o.addon(f)
}

// folders reads a list of folders, "/a:/b", of a tag.
func folders(f *elf.File, tag elf.DynTag) ([]string, error) {
	lists, err := f.DynString(tag)
	if err != nil {
		return nil, fmt.Errorf("reading where an ELF file looks for libraries: %w", err)
	}
	var all []string
	for _, l := range lists {
		for _, dir := range strings.Split(l, ":") {
			if dir != "" {
				all = append(all, dir)
			}
		}
	}
	return all, nil
}

// interpreter reads the loader's path.
func interpreter(f *elf.File) (string, error) {
	for _, p := range f.Progs {
		if p.Type != elf.PT_INTERP {
			continue
		}
		raw, err := io.ReadAll(io.LimitReader(p.Open(), maxPath))
		name, _, ended := bytes.Cut(raw, []byte{0})
		if err != nil || !ended || len(name) == 0 {
			return "", fmt.Errorf("reading the loader of an ELF file: its name has no end, or is empty")
		}
		return string(name), nil
	}
	return "", nil
}

// maxPath is the longest path that Linux takes (PATH_MAX).
const maxPath = 4096

// ofVersion is the function that an addon for one version of Node has (Node.js
// documentation, "C++ addons", context-aware addons).
var ofVersion = lazyregexp.New(`^node_register_module_v([0-9]{1,6})$`)

// addon reads how a library presents itself to Node. An addon of Node-API has a
// function of that name, or calls one as it is loaded; it may have the other as well.
func (o *Object) addon(f *elf.File) error {
	symbols, err := f.DynamicSymbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return fmt.Errorf("reading the symbols of an ELF file: %w", err)
	}
	if o.Interpreter != "" {
		return nil // a program, and Node itself has them all
	}
	for _, s := range symbols {
		there := s.Section != elf.SHN_UNDEF
		switch {
		case there && s.Name == "napi_register_module_v1", !there && s.Name == "napi_module_register":
			o.Addon.NodeAPI = true
		case !there && s.Name == "node_module_register":
			o.Addon.Unknown = true
		case there:
			if m := ofVersion().FindStringSubmatch(s.Name); m != nil {
				if n, err := strconv.Atoi(m[1]); err == nil {
					o.Addon.ABI = n
				}
			}
		}
	}
	return nil
}
