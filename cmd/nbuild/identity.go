package main

import (
	"bytes"
	binfile "debug/elf"
	"encoding/binary"
	"os"
)

// program names the code of this process: the build ID that Go's linker wrote into the
// binary, which ends in a digest of all of it. It is "" where there is none.
func program() string {
	path, err := os.Executable()
	if err != nil {
		return ""
	}
	return buildIDOf(path)
}

// buildIDOf reads the build ID of a binary.
func buildIDOf(path string) string {
	f, err := binfile.Open(path)
	if err != nil {
		return "" // another system's form of binary
	}
	defer f.Close()
	section := f.Section(".note.go.buildid")
	if section == nil || section.Size > 4<<10 {
		return ""
	}
	note, err := section.Data()
	if err != nil {
		return ""
	}
	return buildID(note, f.ByteOrder)
}

// buildID reads an ELF note of the owner "Go": three numbers, the owner, the text.
func buildID(note []byte, order binary.ByteOrder) string {
	const head, owner = 12, "Go\x00\x00"
	if len(note) < head+len(owner) || order.Uint32(note) != uint32(len(owner)) || !bytes.Equal(note[head:head+len(owner)], []byte(owner)) {
		return ""
	}
	text := note[head+len(owner):]
	if n := order.Uint32(note[4:]); uint64(n) <= uint64(len(text)) {
		return string(text[:n])
	}
	return ""
}
