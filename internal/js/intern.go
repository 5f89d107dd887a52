package js

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"sync"
)

// interner gives equal names equal atoms. The text of all names stands in one
// arena; the table is open addressing over it. Names that collide too often, which
// takes an author who wants that, go to a map of the language, whose hashes nobody
// can foresee; numbers of atoms don't depend on which of the two was asked.
type interner struct {
	arena   []byte
	offsets []uint32 // of atom i in the arena; one more than there are atoms
	slots   []slot
	crowded map[string]Atom
}

type slot struct {
	hash uint32
	atom Atom
}

const (
	seedSlots = 512
	maxProbes = 64
)

// seed is the table that every parser starts from.
var seed = sync.OnceValue(newSeed)

func newSeed() *interner {
	in := &interner{slots: make([]slot, seedSlots), offsets: []uint32{0}}
	for _, name := range knownNames {
		in.arena = append(in.arena, name...)
		in.offsets = append(in.offsets, uint32(len(in.arena)))
	}
	for a := Atom(1); a < knownAtoms; a++ {
		in.place(slot{hashName([]byte(knownNames[a])), a})
	}
	return in
}

// start makes room for a source of n bytes.
func (in *interner) start(n int) {
	seed := seed()
	slots := seedSlots
	for slots < n/64 && slots < 1<<16 {
		slots *= 2
	}
	if slots == seedSlots {
		in.slots = append(room(in.slots, slots), seed.slots...)
	} else {
		in.slots = zeros(in.slots, slots)
		for _, s := range seed.slots {
			if s.atom != 0 {
				in.place(s)
			}
		}
	}
	in.arena = append(room(in.arena, len(seed.arena)+n/12+64), seed.arena...)
	in.offsets = append(room(in.offsets, len(seed.offsets)+n/100+16), seed.offsets...)
}

func (in *interner) place(s slot) {
	mask := uint32(len(in.slots) - 1)
	i := s.hash & mask
	for in.slots[i].atom != 0 {
		i = (i + 1) & mask
	}
	in.slots[i] = s
}

const (
	mix1 = 0x9e3779b97f4a7c15
	mix2 = 0xd6e8feb86659fd93
)

func hashName(b []byte) uint32 {
	h := uint64(len(b)) * mix2
	for len(b) >= 8 {
		h = (bits.RotateLeft64(h, 23) ^ binary.LittleEndian.Uint64(b)) * mix1
		b = b[8:]
	}
	var tail uint64
	if len(b) >= 4 {
		tail = uint64(binary.LittleEndian.Uint32(b)) | uint64(binary.LittleEndian.Uint32(b[len(b)-4:]))<<32
	} else if len(b) > 0 {
		tail = uint64(b[0]) | uint64(b[len(b)/2])<<8 | uint64(b[len(b)-1])<<16
	}
	h = (bits.RotateLeft64(h, 23) ^ tail) * mix1
	return uint32(h >> 32)
}

// intern returns the atom of a name.
func (in *interner) intern(name []byte) Atom {
	hash := hashName(name)
	mask := uint32(len(in.slots) - 1)
	for i, probes := hash&mask, 0; probes < maxProbes; i, probes = (i+1)&mask, probes+1 {
		s := in.slots[i]
		if s.atom == 0 {
			return in.add(name, hash, i)
		}
		if s.hash == hash && bytes.Equal(in.arena[in.offsets[s.atom]:in.offsets[s.atom+1]], name) {
			return s.atom
		}
	}
	if a, ok := in.crowded[string(name)]; ok {
		return a
	}
	if in.crowded == nil {
		in.crowded = map[string]Atom{}
	}
	a := in.append(name)
	in.crowded[string(name)] = a
	return a
}

func (in *interner) append(name []byte) Atom {
	a := Atom(len(in.offsets) - 1)
	in.arena = append(in.arena, name...)
	in.offsets = append(in.offsets, uint32(len(in.arena)))
	return a
}

func (in *interner) add(name []byte, hash, i uint32) Atom {
	a := in.append(name)
	in.slots[i] = slot{hash, a}
	if 2*int(a) > len(in.slots) {
		in.grow()
	}
	return a
}

// grow doubles the table. What was crowded stays so: a name keeps the way it was
// found by, since the map is asked only where the table has no free slot in reach,
// and so names of the table that would be out of reach move to the map.
func (in *interner) grow() {
	old := in.slots
	in.slots = make([]slot, 2*len(old))
	mask := uint32(len(in.slots) - 1)
	for a, name := range in.crowded {
		in.replace(slot{hashName([]byte(a)), name}, mask)
	}
	for _, s := range old {
		if s.atom != 0 {
			in.replace(s, mask)
		}
	}
}

func (in *interner) replace(s slot, mask uint32) {
	for i, probes := s.hash&mask, 0; probes < maxProbes; i, probes = (i+1)&mask, probes+1 {
		if in.slots[i].atom == 0 {
			in.slots[i] = s
			return
		}
	}
	if in.crowded == nil {
		in.crowded = map[string]Atom{}
	}
	in.crowded[in.name(s.atom)] = s.atom
}

func (in *interner) name(a Atom) string {
	return string(in.arena[in.offsets[a]:in.offsets[a+1]])
}

// names returns the text of all atoms, as parts of one string that outlives the
// arena.
func (in *interner) names(old []string) []string {
	all := string(in.arena)
	names := room(old, len(in.offsets)-1)[:len(in.offsets)-1]
	for i := range names {
		names[i] = all[in.offsets[i]:in.offsets[i+1]]
	}
	return names
}
