package lookup_test

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"testing"

	"rpp-node/prover/air"
	"rpp-node/prover/codec"
	"rpp-node/prover/field"
	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/internal/vectors/tape"
	"rpp-node/prover/interop"
	"rpp-node/prover/lookup"
	"rpp-node/prover/system"
)

// vectorJSON is what upstream said about one circuit: what it derived from it, and what
// its constraints evaluate to at ζ.
type vectorJSON struct {
	Derived []struct {
		Table           string
		BaseConstraints int `json:"base_constraints"`
		BaseDegree      int `json:"base_degree"`
		ExtConstraints  int `json:"ext_constraints"`
		ExtDegree       int `json:"ext_degree"`
		LogHeight       int `json:"log_height"`
		LogChunks       int `json:"log_quotient_chunks"`
		Columns         []struct {
			Bus        string
			BusID      int `json:"bus_id"`
			Column     int
			Degree     int
			Exclusive  bool
			TupleWidth int `json:"tuple_width"`
			Tuples     int
			Weight     int
		} `json:"lookup_columns"`
	}
	Buses []struct {
		Bus    string
		Prefix []uint64
	}
	MaxMessageWidth int `json:"max_message_width"`
	Challenges      struct {
		Alpha, Zeta []uint64
		LookupAlpha []uint64 `json:"lookup_alpha"`
		LookupBeta  []uint64 `json:"lookup_beta"`
	}
	AtZeta []struct {
		First, Last, Trans, Vanishing []uint64
		Constraints                   [][]uint64
		Folded, Quotient              []uint64
	} `json:"at_zeta"`
}

type vector struct {
	vectorJSON
	c       tape.Config
	sys     *system.System
	publics [][]field.Elem
	name    string
}

// load reads a circuit with its blow-up raised to the largest, so that also the one with
// more quotient chunks than its blow-up allows has a layout.
func load(t *testing.T, name, instance string) *vector {
	t.Helper()
	v := &vector{name: name}
	vectors.JSON(t, "batch2/"+name+".json", &v.vectorJSON)
	var circuit map[string]any
	d := json.NewDecoder(strings.NewReader(string(vectors.Bytes(t, "batch2/"+name+".circuit.json"))))
	d.UseNumber()
	if err := d.Decode(&circuit); err != nil {
		t.Fatal(err)
	}
	circuit["fri"].(map[string]any)["log_blowup"] = 8
	b, err := json.Marshal(circuit)
	if err != nil {
		t.Fatal(err)
	}
	v.sys, err = interop.DecodeCircuit(b, func(file string) ([]byte, error) {
		return vectors.Bytes(t, path.Join("batch2", file)), nil
	})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	in, err := interop.DecodeInstance(vectors.Bytes(t, "batch2/"+instance), v.sys)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	v.publics = in.Publics
	v.c = tape.Config{Name: name, Ext: v.sys.Ext, Hash: v.sys.Hash}
	return v
}

func all(t *testing.T) (out []*vector) {
	t.Helper()
	var index []struct{ Name, Instance string }
	vectors.JSON(t, "batch2/index.json", &index)
	for _, i := range index {
		out = append(out, load(t, i.Name, i.Instance))
	}
	if len(out) != 46 {
		t.Fatalf("%d vectors, want 46", len(out))
	}
	return out
}

// TestDerived compares degrees, chunks, columns, their order and their buses with what
// upstream derives from the same circuits.
func TestDerived(t *testing.T) {
	exclusive, packed := 0, 0
	for _, v := range all(t) {
		layout := v.sys.Layout
		if layout.MaxWidth != v.MaxMessageWidth {
			t.Errorf("%s: widest message %d, want %d", v.name, layout.MaxWidth, v.MaxMessageWidth)
		}
		for i, want := range v.Derived {
			tab, l := &v.sys.Circuit.Tables[i], &layout.Tables[i]
			deg := tab.Degrees(v.sys.Circuit.Field)
			base := 0
			for _, id := range tab.Constraints {
				base = max(base, deg[id])
			}
			if tab.Name != want.Table || len(tab.Constraints) != want.BaseConstraints || base != want.BaseDegree || l.LogChunks != want.LogChunks {
				t.Errorf("%s table %d: %q, %d constraints of degree %d, 2^%d chunks; want %q, %d, %d, 2^%d", v.name, i,
					tab.Name, len(tab.Constraints), base, l.LogChunks, want.Table, want.BaseConstraints, want.BaseDegree, want.LogChunks)
			}
			if len(l.Columns) != len(want.Columns) {
				t.Errorf("%s table %q: %d columns, want %d", v.name, tab.Name, len(l.Columns), len(want.Columns))
				continue
			}
			ext, extDegree := 0, 0
			if len(l.Columns) > 0 {
				ext, extDegree = len(l.Columns)+3, 2 // first · acc is of degree 2
			}
			for k, c := range l.Columns {
				extDegree = max(extDegree, c.Degree)
				width, weight := 0, int(c.Weight())
				for _, tp := range c.Tuples {
					width = max(width, len(tp.Fields))
				}
				w := want.Columns[k]
				if layout.BusNames[c.Bus] != w.Bus || c.Bus != w.BusID || c.Degree != w.Degree || c.Exclusive != w.Exclusive ||
					width != w.TupleWidth || len(c.Tuples) != w.Tuples || weight != w.Weight || w.Column != k {
					t.Errorf("%s table %q column %d: %+v on %s, width %d, weight %d; want %+v", v.name, tab.Name, k, c, layout.BusNames[c.Bus], width, weight, w)
				}
				if c.Exclusive {
					exclusive++
				} else if len(c.Tuples) > 1 && strings.HasPrefix(w.Bus, "global:") {
					packed++
				}
			}
			if ext != want.ExtConstraints || extDegree != want.ExtDegree {
				t.Errorf("%s table %q: %d lookup constraints of degree %d, want %d of %d", v.name, tab.Name, ext, extDegree, want.ExtConstraints, want.ExtDegree)
			}
		}
	}
	if exclusive == 0 || packed == 0 {
		t.Errorf("%d exclusive and %d packed columns seen", exclusive, packed)
	}
}

// TestBusChallenges compares the prefix of every bus.
func TestBusChallenges(t *testing.T) {
	buses := 0
	for _, v := range all(t) {
		var names []string
		for _, b := range v.Buses {
			names = append(names, b.Bus)
		}
		if !slices.Equal(v.sys.Layout.BusNames, names) {
			t.Errorf("%s: buses %v, want %v", v.name, v.sys.Layout.BusNames, names)
			continue
		}
		if len(names) == 0 || v.Challenges.LookupAlpha == nil {
			continue
		}
		ch := v.sys.Layout.NewChallenges(v.sys.Ext, v.c.E(t, v.Challenges.LookupAlpha), v.c.E(t, v.Challenges.LookupBeta))
		for k, b := range v.Buses {
			buses++
			if ch.Prefix[k] != v.c.E(t, b.Prefix) {
				t.Errorf("%s: prefix of %s differs from upstream's", v.name, b.Bus)
			}
		}
	}
	if buses < 50 {
		t.Errorf("only %d buses seen", buses)
	}
}

// TestConstraintsAtZeta evaluates selectors and every constraint, the tables' own and the
// lookups', at ζ on the values that upstream's proofs open, one constraint after the
// other.
func TestConstraintsAtZeta(t *testing.T) {
	lookups := 0
	for _, v := range all(t) {
		if len(v.AtZeta) == 0 {
			continue
		}
		x := v.sys.Ext
		p, err := codec.Format{Ext: x, Hash: v.sys.Hash}.Decode(vectors.Bytes(t, "batch2/"+v.name+".bin"), codec.MaxInteropBytes)
		if err != nil {
			t.Fatalf("%s: %v", v.name, err)
		}
		var ch *lookup.Challenges
		if v.Challenges.LookupAlpha != nil {
			ch = v.sys.Layout.NewChallenges(x, v.c.E(t, v.Challenges.LookupAlpha), v.c.E(t, v.Challenges.LookupBeta))
		}
		for i, want := range v.AtZeta {
			tab, l, o := &v.sys.Circuit.Tables[i], &v.sys.Layout.Tables[i], &p.Instances[i]
			sel, ok := system.SelectorsAt(x, v.Derived[i].LogHeight, v.c.E(t, v.Challenges.Zeta))
			if !ok {
				t.Fatalf("%s: ζ in the domain", v.name)
			}
			if sel.First != v.c.E(t, want.First) || sel.Last != v.c.E(t, want.Last) || sel.Trans != v.c.E(t, want.Trans) ||
				x.Inv(sel.InvVanishing) != v.c.E(t, want.Vanishing) {
				t.Errorf("%s table %q: selectors differ from upstream's", v.name, tab.Name)
			}
			nodes := tab.EvalPoint(x, &air.Point{
				Main: o.MainLocal, MainNext: o.MainNext, Prep: o.PrepLocal, PrepNext: o.PrepNext,
				Publics: v.publics[i], First: sel.First, Last: sel.Last, Trans: sel.Trans,
			})
			var got []field.E
			for _, id := range tab.Constraints {
				got = append(got, nodes[id])
			}
			if l.Width() > 0 {
				lookups++
				got = append(got, l.Eval(x, ch, &lookup.Point{
					Nodes: nodes, Perm: recompose(x, o.PermLocal), PermNext: recompose(x, o.PermNext),
					Terminal: *p.Terminals[i], First: sel.First, Last: sel.Last, Trans: sel.Trans,
				})...)
			}
			if !slices.Equal(got, v.c.Es(t, want.Constraints)) {
				t.Errorf("%s table %q: constraints at ζ differ from upstream's", v.name, tab.Name)
			}
			var folded field.E
			for _, c := range got {
				folded = x.Add(x.Mul(folded, v.c.E(t, v.Challenges.Alpha)), c)
			}
			if folded != v.c.E(t, want.Folded) || x.Mul(folded, sel.InvVanishing) != v.c.E(t, want.Quotient) {
				t.Errorf("%s table %q: folded constraints differ from upstream's", v.name, tab.Name)
			}
		}
	}
	if lookups < 20 {
		t.Errorf("only %d tables with lookups seen", lookups)
	}
}

func recompose(x *field.Ext, base []field.E) (out []field.E) {
	for ; len(base) > 0; base = base[x.D:] {
		out = append(out, x.FromBasis(base[:x.D]))
	}
	return out
}
