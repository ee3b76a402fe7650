package pruning

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"rpp-node/prover/circuit/gadget"
	"rpp-node/prover/field"
)

// fullRoot is a root over all leaves, written out.
func fullRoot(leaves []gadget.Digest) gadget.Digest {
	if len(leaves) == 1 {
		return leaves[0]
	}
	n := len(leaves) / 2
	return gadget.Node(fullRoot(leaves[:n]), fullRoot(leaves[n:]))
}

func TestTransactionRoot(t *testing.T) {
	for depth := range 6 {
		for n := range 1<<depth + 1 {
			var ids, leaves []gadget.Digest
			for i := range 1 << depth {
				leaf := gadget.Hash(gadget.EmptyLeaf, nil)
				if i < n {
					ids = append(ids, gadget.Digest{field.Elem(i), 1})
					leaf = gadget.Hash(gadget.TransactionLeaf, ids[i][:])
				}
				leaves = append(leaves, leaf)
			}
			if TransactionRoot(ids, depth) != fullRoot(leaves) {
				t.Errorf("%d transactions, depth %d: another root", n, depth)
			}
		}
	}
}

// The public values of one sample, for good.
func TestStatementGolden(t *testing.T) {
	got := map[string]Publics{}
	for _, v := range Variants() {
		w, err := v.Sample(v.Blocks*v.Capacity()*3/4, 7)
		if err != nil {
			t.Fatal(err)
		}
		if got[v.Name], err = Statement(v, w); err != nil {
			t.Fatal(err)
		}
	}
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	text = append(text, '\n')
	path := filepath.Join("testdata", "statements.json")
	if *update {
		if err := os.WriteFile(path, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != string(want) {
		t.Errorf("the statements changed: chains that hold the old ones would not accept them\n%s", text)
	}
}

// Segments chain: what one pruning leaves is what the next starts from.
func TestFoldOfTwoSegments(t *testing.T) {
	v := variant(t, "block-16")
	var fold gadget.Digest
	var segments []gadget.Digest
	for seed := range uint64(2) {
		w, err := v.Sample(9, seed)
		if err != nil {
			t.Fatal(err)
		}
		w.FoldIn = fold
		p, err := Statement(v, w)
		if err != nil {
			t.Fatal(err)
		}
		fold = p.FoldOut
		segments = append(segments, SegmentDigest(&p))
	}
	if want := FoldDigest(FoldDigest(gadget.Digest{}, segments[0]), segments[1]); fold != want {
		t.Errorf("fold %s, want %s", fold, want)
	}
}

func TestPublicsRoundTrip(t *testing.T) {
	for _, v := range Variants() {
		w, err := v.Sample(v.Capacity(), 8)
		if err != nil {
			t.Fatal(err)
		}
		p, err := Statement(v, w)
		if err != nil {
			t.Fatal(err)
		}
		values := p.Encode()
		if back, err := DecodePublics(values); err != nil || back != p {
			t.Errorf("%s: %+v, %v", v.Name, back, err)
		}
	}
}

func TestDecodePublicsRefuses(t *testing.T) {
	values := (&Publics{From: 5, To: 5}).Encode()
	places := map[string]int{}
	at := 0
	for _, f := range PublicFields() {
		places[f.Name] = at
		at += f.Elements
	}
	set := func(at int, v field.Elem) []field.Elem {
		c := slices.Clone(values)
		c[at] = v
		return c
	}
	limb := gadget.Field.FromUint(1 << 16)
	for _, c := range []struct {
		name, says string
		values     []field.Elem
	}{
		{"none", "0 elements", nil},
		{"one fewer", "57 elements", values[1:]},
		{"one more", "59 elements", append(slices.Clone(values), 0)},
		{"not reduced", "element 3", set(3, field.Elem(gadget.Field.Modulus()))},
		{"from", "from: a limb", set(places["from"]+2, limb)},
		{"to", "to: a limb", set(places["to"], limb)},
	} {
		if _, err := DecodePublics(c.values); !errors.Is(err, ErrPublics) || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want an error that says %q", c.name, err, c.says)
		}
	}
}

func TestSample(t *testing.T) {
	for _, c := range []struct {
		size    int
		variant string
	}{{0, "block-512"}, {1, "block-512"}, {512, "block-512"}, {513, "range-4x512"}, {2048, "range-4x512"}} {
		w, err := Sample(c.size, 3)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		ids := map[gadget.Digest]bool{}
		for _, b := range w.Blocks {
			n += len(b)
			for _, tx := range b {
				ids[tx.ID] = true
			}
		}
		if w.Variant != c.variant || n != c.size || len(ids) != c.size {
			t.Errorf("size %d: %s with %d transactions, %d ids", c.size, w.Variant, n, len(ids))
		}
	}
	if _, err := Sample(2049, 0); !errors.Is(err, ErrVariant) {
		t.Errorf("2049: %v", err)
	}
	if _, err := variant(t, "block-16").Sample(17, 0); !errors.Is(err, ErrVariant) {
		t.Errorf("17 of 16: %v", err)
	}
	if _, err := variant(t, "block-16").Sample(-1, 0); !errors.Is(err, ErrVariant) {
		t.Errorf("-1: %v", err)
	}
	a, _ := Sample(20, 1)
	b, _ := Sample(20, 1)
	c, _ := Sample(20, 2)
	if string(a.AppendBinary(nil)) != string(b.AppendBinary(nil)) || string(a.AppendBinary(nil)) == string(c.AppendBinary(nil)) {
		t.Error("samples do not follow the seed")
	}
}
