package store

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// Pebble's log is a sequence of chunks in blocks of 32 KiB; a chunk says up to where the
// log had been synced when it was written. Replaying the newest log, Pebble takes the first
// chunk that is not whole for the end, unless a chunk in a *later block* says that more had
// been synced. Damage in the last block would drop every record after it. Here the rest of
// the same block is searched too.
//
// A promise about the last synced record needs a chunk after it: DB.commit writes an empty
// one. It is not synced itself, so a power cut may take it; damage that is done to the very
// last record before such a cut cannot be told from the cut.
//
//	0   CRC-32C of bytes 6…, masked (u32)
//	4   length of the payload (u16)
//	6   type: 9 whole, 10 first, 11 middle, 12 last (u8)
//	7   low half of the log's number (u32)
//	11  synced offset (u64)
//	19  payload
const (
	walBlockBytes  = 32 << 10
	walHeaderBytes = 19
	walTypeMin     = 9
	walTypeMax     = 12
)

// checkWAL looks for damage in the newest log of the folder.
func checkWAL(fsys vfs.FS, dir string) error {
	name, num, err := newestWAL(fsys, dir)
	if err != nil || name == "" {
		return err
	}
	f, err := fsys.Open(fsys.PathJoin(dir, name))
	if err != nil {
		return err
	}
	defer f.Close()
	at, err := walDamage(f, uint32(num))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if at >= 0 {
		return fmt.Errorf("%w: %s is damaged at byte %d, before what had been synced", ErrCorrupt, name, at)
	}
	return nil
}

func newestWAL(fsys vfs.FS, dir string) (name string, num uint64, err error) {
	names, err := fsys.List(dir)
	if err != nil {
		return "", 0, err
	}
	for _, n := range names {
		digits, ok := strings.CutSuffix(n, ".log")
		if !ok {
			continue
		}
		if v, err := strconv.ParseUint(digits, 10, 64); err == nil && (name == "" || v > num) {
			name, num = n, v
		}
	}
	return name, num, nil
}

// walDamage gives the offset of the first chunk that is not whole although a later one
// promises that it had been synced, or -1.
func walDamage(r io.Reader, num uint32) (int64, error) {
	block := make([]byte, walBlockBytes)
	var base int64
	broken := int64(-1)
	for {
		n, err := io.ReadFull(r, block)
		b := block[:n]
		at := 0
		if broken < 0 {
			at = wholeChunks(b, num)
			if len(b)-at >= walHeaderBytes || n < walBlockBytes && at < n {
				broken = base + int64(at)
				at++
			}
		}
		if broken >= 0 && promises(b[min(at, n):], num, uint64(broken)) {
			return broken, nil
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return -1, nil
		default:
			return -1, err
		}
		base += walBlockBytes
	}
}

// wholeChunks is the length of the whole chunks that b begins with.
func wholeChunks(b []byte, num uint32) int {
	at := 0
	for {
		n, _, ok := walChunk(b[at:], num)
		if !ok {
			return at
		}
		at += n
	}
}

// promises says whether any chunk in b, at whatever offset, says that the log had been
// synced beyond the given one.
func promises(b []byte, num uint32, beyond uint64) bool {
	for at := 0; at+walHeaderBytes <= len(b); at++ {
		if _, synced, ok := walChunk(b[at:], num); ok && synced > beyond {
			return true
		}
	}
	return false
}

// walChunk reads the chunk at the beginning of b, up to the end of its block.
func walChunk(b []byte, num uint32) (n int, synced uint64, ok bool) {
	if len(b) < walHeaderBytes || b[6] < walTypeMin || b[6] > walTypeMax || binary.LittleEndian.Uint32(b[7:]) != num {
		return 0, 0, false
	}
	n = walHeaderBytes + int(binary.LittleEndian.Uint16(b[4:]))
	if n > len(b) {
		return 0, 0, false
	}
	sum := crc32.Checksum(b[6:n], castagnoli)
	if binary.LittleEndian.Uint32(b) != (sum>>15|sum<<17)+0xa282ead8 {
		return 0, 0, false
	}
	return n, binary.LittleEndian.Uint64(b[11:]), true
}
