package fsm

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"rpp-node/cluster/fsm/internal/wire"
)

// ErrSnapshot is wrapped by every error of ReadSnapshot that is not of the reader.
var ErrSnapshot = errors.New("snapshot: invalid")

const (
	snapshotMagic   = "RPPSTATE"
	snapshotVersion = 1
)

// Frozen is a state at one index. It shares its records with the state, which replaces
// records and never writes to them.
type Frozen struct {
	cluster    string
	applied    uint64
	nowMS      int64
	config     Configuration
	voters     []NodeID
	totals     Totals
	keyring    GossipKeyring
	jobs       []*Job
	families   []*Family
	keys       []*Key
	validators []*Validator
	tokens     []*Token
	members    []*Member
	revoked    []*Revocation
	quarantine []*Quarantine

	once sync.Once // sorts
}

// Freeze is the state as it is now: a copy of pointers.
func (s *State) Freeze() *Frozen {
	f := &Frozen{
		cluster: s.cluster, applied: s.applied, nowMS: s.nowMS, config: s.config,
		voters: s.voters, totals: s.totals, keyring: s.keyring,
		jobs:       values(s.jobs),
		families:   values(s.families),
		validators: values(s.validators),
		tokens:     values(s.tokens),
		members:    values(s.members),
		revoked:    values(s.revoked),
		quarantine: values(s.quarantine),
	}
	for _, list := range s.keys {
		f.keys = append(f.keys, list...)
	}
	return f
}

func values[K comparable, V any](m map[K]V) []V {
	return slices.AppendSeq(make([]V, 0, len(m)), maps.Values(m))
}

// sort gives the one order, in which records are written.
func (f *Frozen) sort() {
	slices.SortFunc(f.jobs, compareJobs)
	slices.SortFunc(f.families, compareFamilies)
	slices.SortFunc(f.keys, compareKeys)
	slices.SortFunc(f.validators, compareValidators)
	slices.SortFunc(f.tokens, compareTokens)
	slices.SortFunc(f.members, compareMembers)
	slices.SortFunc(f.revoked, compareRevoked)
	slices.SortFunc(f.quarantine, compareQuarantine)
}

// sorted says that records stand in that order, each once.
func (f *Frozen) sorted() bool {
	return ascending(f.jobs, compareJobs) && ascending(f.families, compareFamilies) && ascending(f.keys, compareKeys) &&
		ascending(f.validators, compareValidators) && ascending(f.tokens, compareTokens) && ascending(f.members, compareMembers) &&
		ascending(f.revoked, compareRevoked) && ascending(f.quarantine, compareQuarantine)
}

func compareJobs(a, b *Job) int             { return cmp.Compare(a.AcceptIndex, b.AcceptIndex) }
func compareFamilies(a, b *Family) int      { return cmp.Compare(a.Name, b.Name) }
func compareValidators(a, b *Validator) int { return bytes.Compare(a.ID[:], b.ID[:]) }
func compareTokens(a, b *Token) int         { return cmp.Compare(a.ID, b.ID) }
func compareMembers(a, b *Member) int       { return compareNodes(a.ID, b.ID) }
func compareRevoked(a, b *Revocation) int   { return compareNodes(a.ID, b.ID) }

func ascending[T any](list []T, compare func(a, b T) int) bool {
	for i := 1; i < len(list); i++ {
		if compare(list[i-1], list[i]) >= 0 {
			return false
		}
	}
	return true
}

// AppliedIndex is the index that the state was frozen at.
func (f *Frozen) AppliedIndex() uint64 { return f.applied }

// WriteTo writes the snapshot's only encoding, which ends with the state's digest.
func (f *Frozen) WriteTo(w io.Writer) (int64, error) {
	n, _, err := f.write(w)
	return n, err
}

// Digest is that of the state: equal on all nodes that have applied the same log up to
// the same index. It costs as much as writing the snapshot.
func (f *Frozen) Digest() Digest {
	_, d, _ := f.write(io.Discard) // which never fails
	return d
}

func (f *Frozen) write(w io.Writer) (int64, Digest, error) {
	f.once.Do(f.sort)
	c := wire.NewStreamWriter(w)
	f.walk(c)
	d := c.Seal()
	return c.Count(), d, c.Err()
}

// ReadSnapshot reads what WriteTo writes, and nothing else.
func ReadSnapshot(r io.Reader) (*State, error) { return readSnapshot(r, maxSnapshotBytes) }

func readSnapshot(r io.Reader, limit int64) (*State, error) {
	f := &Frozen{}
	c := wire.NewStreamReader(r, limit)
	f.walk(c)
	c.Seal()
	if err := c.Err(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	s, err := f.thaw()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSnapshot, err)
	}
	return s, nil
}

func (f *Frozen) walk(c *wire.Coder) {
	magic := []byte(snapshotMagic)
	c.Fixed(magic, "magic")
	version := uint32(snapshotVersion)
	c.U32(&version, "version")
	if string(magic) != snapshotMagic || version != snapshotVersion {
		c.Fail("magic, version", fmt.Sprintf("%q version %d, this release reads version %d", magic, version, snapshotVersion))
	}
	c.Text(&f.cluster, maxNameBytes, "cluster")
	c.U64(&f.applied, "applied index")
	c.Millis(&f.nowMS, "now")
	f.config.walk(c)
	wire.List(c, &f.voters, MaxVoters, "voters", func(v *NodeID) { c.Fixed(v[:], "voter") })
	f.totals.walk(c)
	f.keyring.walk(c)
	records(c, &f.families, maxFamilies, "families", (*Family).walk)
	records(c, &f.keys, maxVariants*maxEpochs, "keys", (*Key).walk)
	records(c, &f.validators, maxValidators, "validators", (*Validator).walk)
	records(c, &f.tokens, maxTokens, "tokens", (*Token).walk)
	records(c, &f.members, maxMembers, "members", (*Member).walk)
	records(c, &f.revoked, maxRevoked, "revoked", (*Revocation).walk)
	records(c, &f.quarantine, maxQuarantine, "quarantine", (*Quarantine).walk)
	records(c, &f.jobs, maxLiveJobs+maxFinishedJobs, "jobs", (*Job).walk)
}

func records[T any](c *wire.Coder, list *[]*T, limit int, what string, walk func(*T, *wire.Coder)) {
	wire.List(c, list, limit, what, func(p **T) {
		if c.Reading() {
			*p = new(T)
		}
		walk(*p, c)
	})
}
