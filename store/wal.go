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
// That promise trails behind: a chunk need not know of the sync just before it. So
// DB.commit follows each synced batch with a mark that names it. The mark is not synced
// itself and a power cut may take it; damage that is done to the very last synced batch
// before such a cut cannot be told from the cut.
//
//	0   CRC-32C of bytes 6…, masked (u32)
//	4   length of the payload (u16)
//	6   type: 9 whole, 10 first, 11 middle, 12 last (u8)
//	7   low half of the log's number (u32)
//	11  synced offset (u64)
//	19  payload: a batch, that is its sequence number (u64), its count (u32), its writes
//
// The first log of a new database has types 5 to 8 and no synced offset.
//
// A mark is a batch of count 0 with one write that Pebble passes over: its kind (3), its
// length (17), markMagic and the sequence number (u64) of the batch that has been synced.
const (
	walBlockBytes       = 32 << 10
	walShortHeaderBytes = 11 // of a chunk without a synced offset
	walHeaderBytes      = 19

	walWhole = 9 // and 5 for a chunk without a synced offset, and so on
	walFirst = 10
	walLast  = 12
	walShort = 4 // what the types differ by

	walBatchHeaderBytes = 12
	walLogData          = 3

	markMagic = "rpp-sync:"
	markBytes = len(markMagic) + 8
)

// syncMark is the content of the mark for a batch.
func syncMark(seq uint64) []byte {
	return binary.LittleEndian.AppendUint64([]byte(markMagic), seq)
}

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
	s := walScan{num: num, broken: -1}
	block := make([]byte, walBlockBytes)
	for base := int64(0); ; base += walBlockBytes {
		n, err := io.ReadFull(r, block)
		if s.block(block[:n], base) {
			return s.broken, nil
		}
		switch err {
		case nil:
		case io.EOF, io.ErrUnexpectedEOF:
			return -1, nil
		default:
			return -1, err
		}
	}
}

// walScan is how far a log has been read.
type walScan struct {
	num     uint32
	broken  int64  // where the whole chunks end, or -1
	seq     uint64 // of the last whole batch
	partial uint64 // of the batch that has begun
}

// block reads one block and says whether damage is certain.
func (s *walScan) block(b []byte, base int64) bool {
	at := 0
	if s.broken < 0 {
		at = s.whole(b)
		if rest := b[at:]; len(rest) == 0 || len(b) == walBlockBytes && len(rest) < walHeaderBytes && isZero(rest) {
			return false // a chunk does not fit into the rest of a block
		}
		s.broken = base + int64(at)
		at++
	}
	for ; at+walShortHeaderBytes <= len(b); at++ {
		if c, ok := readWALChunk(b[at:], s.num); ok && (c.synced > uint64(s.broken) || c.mark() > s.seq) {
			return true
		}
	}
	return false
}

// whole is the length of the whole chunks that b begins with.
func (s *walScan) whole(b []byte) int {
	at := 0
	for {
		c, ok := readWALChunk(b[at:], s.num)
		if !ok {
			return at
		}
		at += c.bytes
		if c.kind == walWhole || c.kind == walFirst {
			s.partial = c.batch()
		}
		if (c.kind == walWhole || c.kind == walLast) && s.partial > 0 {
			s.seq = s.partial
		}
	}
}

type walChunk struct {
	bytes   int  // with its header
	kind    byte // walWhole to walLast
	synced  uint64
	payload []byte
}

// readWALChunk reads the chunk at the beginning of b, which ends with its block.
func readWALChunk(b []byte, num uint32) (c walChunk, ok bool) {
	if len(b) < walShortHeaderBytes || binary.LittleEndian.Uint32(b[7:]) != num {
		return c, false
	}
	c.kind = b[6]
	header := walHeaderBytes
	if c.kind < walWhole {
		c.kind += walShort
		header = walShortHeaderBytes
	}
	c.bytes = header + int(binary.LittleEndian.Uint16(b[4:]))
	if c.kind < walWhole || c.kind > walLast || c.bytes > len(b) {
		return c, false
	}
	sum := crc32.Checksum(b[6:c.bytes], castagnoli)
	if binary.LittleEndian.Uint32(b) != (sum>>15|sum<<17)+0xa282ead8 {
		return c, false
	}
	if header == walHeaderBytes {
		c.synced = binary.LittleEndian.Uint64(b[walShortHeaderBytes:])
	}
	c.payload = b[header:c.bytes]
	return c, true
}

func isZero(b []byte) bool {
	for _, v := range b {
		if v != 0 {
			return false
		}
	}
	return true
}

// batch is the sequence number of the batch that the chunk begins, 0 if that is a mark: it
// shares its number with the batch after it.
func (c walChunk) batch() uint64 {
	if len(c.payload) < walBatchHeaderBytes || binary.LittleEndian.Uint32(c.payload[8:]) == 0 {
		return 0
	}
	return binary.LittleEndian.Uint64(c.payload)
}

// mark is the sequence number that a mark names, else 0.
func (c walChunk) mark() uint64 {
	p := c.payload
	if c.kind != walWhole || len(p) != walBatchHeaderBytes+2+markBytes || p[12] != walLogData || int(p[13]) != markBytes {
		return 0
	}
	name := p[walBatchHeaderBytes+2:]
	if string(name[:len(markMagic)]) != markMagic {
		return 0
	}
	return binary.LittleEndian.Uint64(name[len(markMagic):])
}
