package merkle_test

import (
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/internal/vectors/tape"
	"rpp-node/prover/matrix"
	"rpp-node/prover/merkle"
	"rpp-node/prover/merkle/tree"
	"rpp-node/prover/ntt"
)

// batch is a committed batch of a vector: its tree up to the cap, and what a verifier
// knows of it.
type batch struct {
	suite     merkle.Suite
	shape     merkle.Shape
	mats      []matrix.Matrix
	tree      *tree.Tree
	capHeight int
	checker   merkle.Checker
}

func newBatch(suite merkle.Suite, mats []matrix.Matrix, capHeight int) *batch {
	b := &batch{suite: suite, mats: mats, capHeight: capHeight}
	for _, m := range mats {
		b.shape.LogHeights = append(b.shape.LogHeights, ntt.Log(m.Height()))
		b.shape.Widths = append(b.shape.Widths, m.Width)
	}
	b.tree = tree.Build(suite, tree.Sequential, nil, mats, 1<<merkle.LogCap(capHeight, b.shape.LogMax()))
	return b
}

// open returns the multiproof of the given leaves.
func (b *batch) open(indices []int) (rows [][][]field.Elem, siblings []merkle.Digest) {
	for _, i := range indices {
		var at [][]field.Elem
		for k, m := range b.mats {
			at = append(at, slices.Clone(m.Row(i>>(b.shape.LogMax()-b.shape.LogHeights[k]))))
		}
		rows = append(rows, at)
	}
	frontier := slices.Compact(slices.Sorted(slices.Values(indices)))
	levels := b.shape.LogMax() - merkle.LogCap(b.capHeight, b.shape.LogMax())
	merkle.Multiproof(frontier, levels, func(level, index int) {
		siblings = append(siblings, b.tree.At(b.tree.Width()>>level, index))
	})
	return rows, siblings
}

func (b *batch) verify(cap []merkle.Digest, indices []int, rows [][][]field.Elem, siblings []merkle.Digest) error {
	return b.checker.Verify(b.suite, &b.shape, b.capHeight, cap, indices, rows, siblings)
}

type openedJSON [][]uint64

func (o openedJSON) rows(t *testing.T, c *tape.Config) (out [][]field.Elem) {
	for _, r := range o {
		out = append(out, c.Elems(t, r))
	}
	return out
}

// TestVectors commits to upstream's batches and opens them one by one and together: cap,
// rows, siblings and their order are upstream's, and its proofs verify.
func TestVectors(t *testing.T) {
	var list []struct {
		Config        string
		CapHeight     int        `json:"cap_height"`
		CommitmentCap [][]uint64 `json:"commitment_cap"`
		Matrices      []struct {
			Height, Width int
			Values        []uint64
		}
		Multi struct {
			Indices  []int
			Opened   []openedJSON `json:"opened_values"`
			Siblings [][]uint64   `json:"sibling_hashes"`
		}
		Openings []struct {
			Index  int
			Opened openedJSON `json:"opened_values"`
			Proof  [][]uint64
		}
	}
	vectors.JSON(t, "merkle.json", &list)
	tested := map[string]int{}
	for i, v := range list {
		c, ok := tape.ByName(t, v.Config)
		if !ok {
			continue
		}
		tested[v.Config]++
		var mats []matrix.Matrix
		for _, m := range v.Matrices {
			mats = append(mats, matrix.Matrix{Width: m.Width, Values: c.Elems(t, m.Values)})
		}
		b := newBatch(merkle.NewSuite(c.Hash, c.Ext.Base), mats, v.CapHeight)
		cap := c.Digests(t, v.CommitmentCap)
		if !slices.Equal(b.tree.Top(), cap) {
			t.Errorf("%s %d: cap differs from upstream's", v.Config, i)
			continue
		}
		check := func(indices []int, want [][][]field.Elem, siblings []merkle.Digest) {
			t.Helper()
			rows, sib := b.open(indices)
			if !slices.EqualFunc(rows, want, func(a, b [][]field.Elem) bool { return slices.EqualFunc(a, b, slices.Equal) }) {
				t.Errorf("%s %d: rows at %v differ from upstream's", v.Config, i, indices)
			}
			if !slices.Equal(sib, siblings) {
				t.Errorf("%s %d: siblings at %v differ from upstream's", v.Config, i, indices)
			}
			if err := b.verify(cap, indices, want, siblings); err != nil {
				t.Errorf("%s %d: upstream's opening at %v: %v", v.Config, i, indices, err)
			}
		}
		var rows [][][]field.Elem
		for _, o := range v.Multi.Opened {
			rows = append(rows, o.rows(t, &c))
		}
		check(v.Multi.Indices, rows, c.Digests(t, v.Multi.Siblings))
		for _, o := range v.Openings {
			check([]int{o.Index}, [][][]field.Elem{o.Opened.rows(t, &c)}, c.Digests(t, o.Proof))
		}
	}
	for _, name := range []string{"kb-p2", "kb-p2w16", "kb-keccak", "kb-keccakb", "bb-p2", "bb-p2w16"} {
		if tested[name] != 8 {
			t.Errorf("%s: %d batches, want 8", name, tested[name])
		}
	}
}

// TestExtensionVectors commits to matrices over an extension: a row is the coefficients
// of its elements.
func TestExtensionVectors(t *testing.T) {
	var list []struct {
		System    string
		Cap       [][]uint64
		CapHeight int `json:"cap_height"`
		Indices   []int
		Matrices  []struct {
			Height, Width int
			Values        [][]uint64
		}
		Opened   [][][][]uint64
		Siblings [][]uint64 `json:"sibling_hashes"`
	}
	vectors.JSON(t, "batch2/misc/ext_mmcs.json", &list)
	for i, v := range list {
		c, _ := tape.ByName(t, v.System)
		var mats []matrix.Matrix
		for _, m := range v.Matrices {
			mats = append(mats, matrix.Matrix{Width: m.Width * c.Ext.D, Values: c.Elems(t, slices.Concat(m.Values...))})
		}
		b := newBatch(merkle.NewSuite(c.Hash, c.Ext.Base), mats, v.CapHeight)
		if !slices.Equal(b.tree.Top(), c.Digests(t, v.Cap)) {
			t.Errorf("%s %d: cap differs from upstream's", v.System, i)
			continue
		}
		var want [][][]field.Elem
		for _, q := range v.Opened {
			var rows [][]field.Elem
			for _, m := range q {
				rows = append(rows, c.Elems(t, slices.Concat(m...)))
			}
			want = append(want, rows)
		}
		_, siblings := b.open(v.Indices)
		if !slices.Equal(siblings, c.Digests(t, v.Siblings)) {
			t.Errorf("%s %d: siblings differ from upstream's", v.System, i)
		}
		if err := b.verify(b.tree.Top(), v.Indices, want, siblings); err != nil {
			t.Errorf("%s %d: upstream's opening: %v", v.System, i, err)
		}
	}
	if len(list) != 16 {
		t.Errorf("%d vectors, want 16", len(list))
	}
}

// TestHashVectors: leaves and nodes of every suite.
func TestHashVectors(t *testing.T) {
	type node struct{ Left, Right, Out []uint64 }
	var v struct {
		Cases []struct {
			Input  []uint64 `json:"input_koala"`
			Bytes  string   `json:"keccak256_bytes_hex"`
			Lanes  []uint64 `json:"keccak_u64_sponge_25_17_4"`
			Wide   []uint64 `json:"poseidon2_24_sponge_16_8"`
			Narrow []uint64 `json:"poseidon2_16_sponge_8_8"`
		}
		Lanes     node `json:"compress_keccak_u64"`
		Poseidon2 node `json:"compress_poseidon2_16"`
	}
	vectors.JSON(t, "hashes.json", &v)
	if len(v.Cases) < 10 {
		t.Fatalf("only %d cases", len(v.Cases))
	}
	suite := func(name string) (tape.Config, merkle.Suite) {
		c, _ := tape.ByName(t, name)
		return c, merkle.NewSuite(c.Hash, c.Ext.Base)
	}
	for i, cs := range v.Cases {
		raw, err := hex.DecodeString(cs.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		var digest []uint64
		for _, b := range raw {
			digest = append(digest, uint64(b))
		}
		for name, want := range map[string][]uint64{"kb-p2": cs.Wide, "kb-p2w16": cs.Narrow, "kb-keccak": cs.Lanes, "kb-keccakb": digest} {
			c, s := suite(name)
			if s.Kind() != c.Hash {
				t.Errorf("%s: the suite says that it is %v", name, s.Kind())
			}
			if got := s.HashRow(c.Elems(t, cs.Input)); got != c.Digest(t, want) {
				t.Errorf("%s case %d (%d elements): %v, want %v", name, i, len(cs.Input), c.Words(&got), want)
			}
		}
	}
	for name, n := range map[string]node{"kb-p2": v.Poseidon2, "kb-p2w16": v.Poseidon2, "kb-keccak": v.Lanes} {
		c, s := suite(name)
		l, r := c.Digest(t, n.Left), c.Digest(t, n.Right)
		if got := s.Compress(&l, &r); got != c.Digest(t, n.Out) {
			t.Errorf("%s node: %v, want %v", name, c.Words(&got), n.Out)
		}
	}
}

// TestRejects changes an honest opening of a mixed batch in every way that Verify names.
func TestRejects(t *testing.T) {
	f := field.KoalaBear
	for _, kind := range []merkle.Kind{merkle.Poseidon2, merkle.Keccak, merkle.Poseidon2W16, merkle.KeccakBytes} {
		var mats []matrix.Matrix
		for k, shape := range [][2]int{{16, 3}, {4, 7}, {2, 2}, {16, 1}} {
			m := matrix.New(shape[0], shape[1])
			for i := range m.Values {
				m.Values[i] = f.FromUint(uint64(1000*k + i))
			}
			mats = append(mats, m)
		}
		b := newBatch(merkle.NewSuite(kind, f), mats, 1)
		indices := []int{9, 3, 9, 11}
		for _, c := range []struct {
			name   string
			change func(cap *[]merkle.Digest, rows [][][]field.Elem, siblings *[]merkle.Digest)
			want   error
		}{
			{"nothing", func(*[]merkle.Digest, [][][]field.Elem, *[]merkle.Digest) {}, nil},
			{"short cap", func(cap *[]merkle.Digest, _ [][][]field.Elem, _ *[]merkle.Digest) { *cap = (*cap)[:1] }, merkle.ErrCapLength},
			{"other cap", func(cap *[]merkle.Digest, _ [][][]field.Elem, _ *[]merkle.Digest) { (*cap)[1][7] ^= 1 }, merkle.ErrCapMismatch},
			{"wide row", func(_ *[]merkle.Digest, rows [][][]field.Elem, _ *[]merkle.Digest) {
				rows[1][1] = append(rows[1][1], 0)
			}, merkle.ErrRowShape},
			{"missing matrix", func(_ *[]merkle.Digest, rows [][][]field.Elem, _ *[]merkle.Digest) {
				rows[1] = rows[1][:3]
			}, merkle.ErrRowShape},
			{"leaf value", func(_ *[]merkle.Digest, rows [][][]field.Elem, _ *[]merkle.Digest) {
				rows[1][0][2] = f.Add(rows[1][0][2], f.One())
			}, merkle.ErrCapMismatch},
			{"repeated leaf", func(_ *[]merkle.Digest, rows [][][]field.Elem, _ *[]merkle.Digest) {
				rows[2][0][0] = f.Add(rows[2][0][0], f.One())
			}, merkle.ErrInconsistentRows},
			// 9 and 11 meet below the layer of width 4, into which matrix 1 is hashed.
			{"injected row of another query", func(_ *[]merkle.Digest, rows [][][]field.Elem, _ *[]merkle.Digest) {
				rows[3][1][0] = f.Add(rows[3][1][0], f.One())
			}, merkle.ErrInconsistentRows},
			{"injected row of every query", func(_ *[]merkle.Digest, rows [][][]field.Elem, _ *[]merkle.Digest) {
				for _, q := range []int{0, 2, 3} {
					rows[q][1][0] = f.Add(rows[q][1][0], f.One())
				}
			}, merkle.ErrCapMismatch},
			{"sibling", func(_ *[]merkle.Digest, _ [][][]field.Elem, s *[]merkle.Digest) { (*s)[2][0] ^= 2 }, merkle.ErrCapMismatch},
			{"missing sibling", func(_ *[]merkle.Digest, _ [][][]field.Elem, s *[]merkle.Digest) { *s = (*s)[:len(*s)-1] }, merkle.ErrSiblingCount},
			{"extra sibling", func(_ *[]merkle.Digest, _ [][][]field.Elem, s *[]merkle.Digest) {
				*s = append(*s, merkle.Digest{})
			}, merkle.ErrSiblingCount},
		} {
			rows, siblings := b.open(indices)
			cap := slices.Clone(b.tree.Top())
			c.change(&cap, rows, &siblings)
			if err := b.verify(cap, indices, rows, siblings); !errors.Is(err, c.want) {
				t.Errorf("%v, %s: %v, want %v", kind, c.name, err, c.want)
			}
		}
		rows, siblings := b.open(indices)
		if err := b.verify(b.tree.Top(), indices[:3], rows, siblings); !errors.Is(err, merkle.ErrRowShape) {
			t.Errorf("%v: four rows for three queries: %v", kind, err)
		}
	}
}

// TestKinds: users choose among the two suites that proofs come in.
func TestKinds(t *testing.T) {
	for name, want := range map[string]merkle.Kind{"poseidon2": merkle.Poseidon2, "keccak": merkle.Keccak} {
		if k, ok := merkle.KindByName(name); !ok || k != want || k.String() != name {
			t.Errorf("%q: %v %v", name, k, ok)
		}
	}
	for _, name := range []string{"", "poseidon2-w16", "keccak-bytes", "kind(9)"} {
		if k, ok := merkle.KindByName(name); ok {
			t.Errorf("%q: %v", name, k)
		}
	}
	if s := merkle.Kind(9).String(); s != "kind(9)" {
		t.Error(s)
	}
}
