package debian

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
)

// The parts of an .xz file that are looked at here (The .xz File Format 1.2.1, §2 to §5).
const (
	xzMagic      = "\xfd7zXZ\x00"
	xzHeaderSize = 12 // of the stream's header and of its footer
	xzLZMA2      = 0x21
)

// fitted returns an .xz file whose blocks ask for no larger dictionary than what they
// unpack to. Those who pack at the highest level have every file ask for 64 MiB, and the
// decompressor takes what is asked for. No match reaches back behind the beginning, so
// nothing is lost. What is not as expected is returned as it is, for the decompressor to
// judge.
func fitted(packed []byte) []byte {
	sizes, ok := blocks(packed)
	if !ok {
		return packed
	}
	out := packed
	at := xzHeaderSize
	for _, b := range sizes {
		if size, place, ok := dictionary(packed, at); ok {
			if small := dictionarySize(b.plain); small < size {
				if &out[0] == &packed[0] {
					out = bytes.Clone(packed)
				}
				end := at + (int(packed[at])+1)*4 - 4
				out[place] = small
				binary.LittleEndian.PutUint32(out[end:], crc32.ChecksumIEEE(out[at:end]))
			}
		}
		if at += b.packed; at >= len(packed) {
			return packed
		}
	}
	return out
}

// blockSize is how many bytes a block has, packed with its padding and plain.
type blockSize struct {
	packed int
	plain  uint64
}

// blocks reads the index of a file of one stream.
func blocks(packed []byte) ([]blockSize, bool) {
	n := len(packed)
	if n < 2*xzHeaderSize || string(packed[:6]) != xzMagic || string(packed[n-2:]) != "YZ" {
		return nil, false
	}
	size := (int64(binary.LittleEndian.Uint32(packed[n-8:])) + 1) * 4
	if size > int64(n-2*xzHeaderSize) {
		return nil, false
	}
	index := packed[int64(n-xzHeaderSize)-size : n-xzHeaderSize]
	if index[0] != 0 {
		return nil, false
	}
	index = index[1:]
	next := func() (uint64, bool) {
		v, read := binary.Uvarint(index) // the same form as xz's multibyte integers
		if read <= 0 {
			return 0, false
		}
		index = index[read:]
		return v, true
	}
	count, ok := next()
	if !ok || count > uint64(len(index)) {
		return nil, false
	}
	var all []blockSize
	for range count {
		unpadded, ok := next()
		plain, more := next()
		if !ok || !more || unpadded == 0 || unpadded > uint64(n) {
			return nil, false
		}
		all = append(all, blockSize{int(unpadded+3) &^ 3, plain})
	}
	return all, true
}

// dictionary finds the byte that says how large a dictionary the block at a place asks
// for, where LZMA2 is all that it was packed with.
func dictionary(packed []byte, at int) (size byte, place int, ok bool) {
	end := at + (int(packed[at])+1)*4
	if packed[at] == 0 || end > len(packed) {
		return 0, 0, false
	}
	head := packed[at : end-4]
	flags, p := head[1], 2
	for _, sized := range []byte{0x40, 0x80} {
		if flags&sized != 0 {
			_, read := binary.Uvarint(head[p:])
			if read <= 0 {
				return 0, 0, false
			}
			p += read
		}
	}
	if flags&3 != 0 || p+3 > len(head) || head[p] != xzLZMA2 || head[p+1] != 1 {
		return 0, 0, false
	}
	return head[p+2], at + p + 2, true
}

// dictionarySize is the byte for the least dictionary of at least n bytes.
func dictionarySize(n uint64) byte {
	for b := byte(0); b < 40; b++ {
		if uint64(2|b&1)<<(b/2+11) >= n {
			return b
		}
	}
	return 40
}
