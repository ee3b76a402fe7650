package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"strconv"
	"strings"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/zeebo/blake3"
)

// Pebble reads a MANIFEST up to the first record that is not whole and takes the rest for a
// write that a crash cut short. A damaged record thus makes it open an older state, whose
// logs are gone: entries that were synced would be missing without a word. So each synced
// length of the MANIFEST is written down with a digest, and compared before Pebble opens.
//
// The file has two slots, used in turn, so that one is whole at any time:
//
//	0   version (1), 7 bytes of zero
//	8   number of the MANIFEST (u64)
//	16  length (u64)
//	24  BLAKE3-256 of the first length bytes
//	56  CRC-32C of bytes 0…55 (u32), 4 bytes of zero
const (
	manifestLogName     = "MANIFEST-SYNCED"
	manifestSlotBytes   = 64
	manifestSlotSpacing = 4096 // slots do not share a disk sector
	manifestLogBytes    = manifestSlotSpacing + manifestSlotBytes
)

// castagnoli is the polynomial of every CRC here and in Pebble.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// manifestSum follows the writes to one MANIFEST.
type manifestSum struct {
	num    uint64
	length uint64
	hash   *blake3.Hasher
	named  bool // its name in the folder has been synced
}

func newManifestSum(num uint64) *manifestSum {
	return &manifestSum{num: num, hash: blake3.New()}
}

func (s *manifestSum) write(p []byte) {
	s.hash.Write(p)
	s.length += uint64(len(p))
}

func manifestNumber(base string) (uint64, bool) {
	digits, ok := strings.CutPrefix(base, "MANIFEST-")
	if !ok {
		return 0, false
	}
	num, err := strconv.ParseUint(digits, 10, 64)
	return num, err == nil
}

// manifestSlot is what a slot says.
type manifestSlot struct {
	num, length uint64
	digest      [32]byte
}

func (s manifestSlot) encode() []byte {
	b := make([]byte, manifestSlotBytes)
	b[0] = 1
	binary.LittleEndian.PutUint64(b[8:], s.num)
	binary.LittleEndian.PutUint64(b[16:], s.length)
	copy(b[24:], s.digest[:])
	binary.LittleEndian.PutUint32(b[56:], crc32.Checksum(b[:56], castagnoli))
	return b
}

// decodeManifestSlot ignores a slot that is not whole: a crash may have left it so.
func decodeManifestSlot(b []byte) (s manifestSlot, ok bool) {
	if len(b) != manifestSlotBytes {
		return s, false
	}
	s.num = binary.LittleEndian.Uint64(b[8:])
	s.length = binary.LittleEndian.Uint64(b[16:])
	copy(s.digest[:], b[24:56])
	return s, bytes.Equal(s.encode(), b)
}

// manifestLog is the open file. Pebble syncs its MANIFEST from one goroutine at a time.
type manifestLog struct {
	fs   vfs.FS
	dir  string
	file vfs.File
	next int // the slot to write
}

// openManifestLog compares the MANIFEST that Pebble would open with what was written down.
func openManifestLog(fsys vfs.FS, dir string) (*manifestLog, error) {
	path := fsys.PathJoin(dir, manifestLogName)
	slots, err := readManifestLog(fsys, path)
	if err != nil {
		return nil, err
	}
	current, err := currentManifest(fsys, dir)
	if err != nil {
		return nil, err
	}
	next := 0
	var newest manifestSlot
	for i, s := range slots {
		if s.num > newest.num || s.num == newest.num && s.length > newest.length {
			newest, next = s, 1-i
		}
	}
	if current != "" {
		if err := checkManifest(fsys, current, slots[:]); err != nil {
			return nil, err
		}
	}
	f, err := fsys.OpenReadWrite(path, vfs.WriteCategoryUnspecified)
	if err != nil {
		return nil, err
	}
	if err := errors.Join(f.Sync(), syncDir(fsys, dir)); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &manifestLog{fs: fsys, dir: dir, file: f, next: next}, nil
}

func readManifestLog(fsys vfs.FS, path string) (slots [2]manifestSlot, err error) {
	b, err := readSmall(fsys, path, manifestLogBytes)
	if errors.Is(err, fs.ErrNotExist) {
		return slots, nil
	}
	if err != nil {
		return slots, err
	}
	for i := range slots {
		if off := i * manifestSlotSpacing; len(b) >= off+manifestSlotBytes {
			if s, ok := decodeManifestSlot(b[off : off+manifestSlotBytes]); ok {
				slots[i] = s
			}
		}
	}
	return slots, nil
}

// currentManifest is the path of the MANIFEST that Pebble would open, or empty.
func currentManifest(fsys vfs.FS, dir string) (string, error) {
	desc, err := pebble.Peek(dir, fsys)
	if err != nil || !desc.Exists {
		return "", typed(err)
	}
	return desc.ManifestFilename, nil
}

func checkManifest(fsys vfs.FS, path string, slots []manifestSlot) error {
	num, ok := manifestNumber(fsys.PathBase(path))
	if !ok {
		return fmt.Errorf("%w: MANIFEST named %q", ErrCorrupt, path)
	}
	for _, s := range slots {
		if s.num != num || s.length == 0 {
			continue
		}
		if err := checkPrefix(fsys, path, s); err != nil {
			return err
		}
	}
	return nil
}

func checkPrefix(fsys vfs.FS, path string, s manifestSlot) error {
	f, err := fsys.Open(path)
	if err != nil {
		return typed(err)
	}
	defer f.Close()
	h := blake3.New()
	n, err := io.Copy(h, io.LimitReader(f, int64(min(s.length, 1<<62))))
	if err != nil {
		return typed(err)
	}
	var digest [32]byte
	h.Sum(digest[:0])
	if uint64(n) != s.length || digest != s.digest {
		return fmt.Errorf("%w: the first %d bytes of %s are not those that were synced", ErrCorrupt, s.length, path)
	}
	return nil
}

// append writes down what has been synced. The first time it syncs the folder as well:
// Pebble syncs the new MANIFEST's name together with the marker that points to it, and a
// crash in between could keep the marker alone.
func (l *manifestLog) append(sum *manifestSum) error {
	if !sum.named {
		if err := syncDir(l.fs, l.dir); err != nil {
			return err
		}
		sum.named = true
	}
	s := manifestSlot{num: sum.num, length: sum.length}
	sum.hash.Sum(s.digest[:0])
	if _, err := l.file.WriteAt(s.encode(), int64(l.next)*manifestSlotSpacing); err != nil {
		return err
	}
	l.next = 1 - l.next
	return l.file.Sync()
}

func (l *manifestLog) close() error { return l.file.Close() }
