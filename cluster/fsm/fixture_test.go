package fsm

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"testing"

	"rpp-node/cluster/fault"
)

// Nodes of the tests: n(0), n(1), n(2) vote in a lab.
var nodes = func() (list [6]struct {
	key  ed25519.PrivateKey
	spki []byte
	id   NodeID
}) {
	for i := range list {
		seed := bytes.Repeat([]byte{byte(i + 1)}, ed25519.SeedSize)
		list[i].key = ed25519.NewKeyFromSeed(seed)
		list[i].spki = SPKI(list[i].key.Public().(ed25519.PublicKey))
		list[i].id = NodeIDOf(list[i].spki)
	}
	return list
}()

func n(i int) NodeID { return nodes[i].id }

func d(b byte) Digest { return Digest{b} }

// lab is a state with a log.
type lab struct {
	s     *State
	index uint64
	nowMS int64
	log   [][]byte // one entry for each index from 2
}

// newLab has three voters, which have joined, and a fourth node, which has not.
func newLab() *lab {
	l := &lab{s: New("cluster-1"), index: 1, nowMS: 1_000_000}
	SetVoters(l.s, 1, []NodeID{n(2), n(0), n(1)})
	for i := range 3 {
		if r := l.do(member(i)); r.Err != nil {
			panic(r.Err)
		}
	}
	return l
}

// do applies a command as a node does: from its bytes. A command without a time gets the
// lab's.
func (l *lab) do(c Command) Result {
	if h := c.Stamp(); h.NowMS == 0 {
		h.NowMS, h.Actor = l.nowMS, "rpp://cluster-1/operator/test"
	}
	b, err := Encode(c)
	if err != nil {
		return Result{Err: err}
	}
	decoded, err := Decode(b)
	if err != nil {
		panic(err)
	}
	l.index++
	l.log = append(l.log, b)
	return Apply(l.s, l.index, decoded)
}

// body is the digest of a state without index and clock, which even a refused command
// changes.
func body(s *State) Digest {
	f := s.Freeze()
	f.applied, f.nowMS = 0, 0
	return f.Digest()
}

func member(i int) *PutMember {
	return &PutMember{NodeID: n(i), Name: fmt.Sprintf("node-%d", i), Role: RoleVoter, PublicKey: nodes[i].spki, APIAddress: "10.0.0.1:7000", GossipAddress: "10.0.0.1:7001", Version: "1.0"}
}

var sampleVariant = VariantID{Family: "pruning", Variant: "block-512", Profile: "production", Hash: "poseidon2"}

func spec(i int) Statement {
	return Statement{
		Spec: fmt.Appendf(nil, "spec %d", i), VariantID: sampleVariant,
		Fingerprint: d(1), WitnessDigest: d(byte(100 + i)), WitnessBytes: 1000,
	}
}

func job(i int) JobID { return JobIDOf(spec(i).Spec) }

func submit(i int, tenant, key string) *SubmitJob {
	return &SubmitJob{Tenant: tenant, IdempotencyKey: key, Statement: spec(i), Demand: Demand{Class: 2, Cells: 1 << 20, MemoryBytes: 1 << 30}}
}

// receipt is node v's for a proof of job i.
func receipt(v, i int, proof Digest) Receipt {
	return SignReceipt(nodes[v].key, n(v), ReceiptClaim{
		Cluster: "cluster-1", Job: job(i), Spec: Digest(job(i)), Proof: proof, Fingerprint: d(1), Build: "build-1",
	})
}

// release is that of job i by those voters; node 0 assembled the proof.
func release(i int, proof Digest, voters ...int) *ReleaseJob {
	c := &ReleaseJob{Job: job(i), ProofDigest: proof, ProofBytes: 70_000, Assembler: n(0)}
	for _, v := range voters {
		c.Receipts = append(c.Receipts, receipt(v, i, proof))
	}
	return c
}

func putKey(fingerprint byte) *PutKey {
	return &PutKey{
		VariantID: sampleVariant, Fingerprint: d(fingerprint), VerifyingBlob: d(fingerprint + 1), VerifyingBytes: 10,
		ProvingBlob: d(fingerprint + 2), ProvingBytes: 20, Build: "build-1",
	}
}

// row says what a command does after others.
type row struct {
	name  string
	given []Command
	when  Command
	want  fault.Code // empty: it is accepted
	then  func(*testing.T, *lab, Result)
}

// run checks besides: invariants, that a refused command changes nothing, and that any
// command changes nothing when it comes a second time.
func run(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			l := newLab()
			for i, c := range r.given {
				if res := l.do(c); res.Err != nil {
					t.Fatalf("given %d, %T: %v", i, c, res.Err)
				}
			}
			before := body(l.s)
			res := l.do(r.when)
			if err := CheckInvariants(l.s); err != nil {
				t.Fatal(err)
			}
			if r.want != "" {
				if !fault.Is(res.Err, r.want) {
					t.Fatalf("error %v, want %s", res.Err, r.want)
				}
				if body(l.s) != before || len(res.Changes) > 0 {
					t.Error("the refused command changed something")
				}
			} else if res.Err != nil {
				t.Fatal(res.Err)
			}
			if (body(l.s) != before) != (len(res.Changes) > 0) {
				t.Errorf("events %v do not tell whether something changed", res.Changes)
			}
			after := body(l.s)
			if again := l.do(r.when); body(l.s) != after {
				t.Errorf("the command's second time changed something: %+v", again)
			}
			if r.then != nil {
				r.then(t, l, res)
			}
		})
	}
}

// is checks a job's state and, if given, its other facts.
func is(i int, state JobState, more ...func(*Job) bool) func(*testing.T, *lab, Result) {
	return func(t *testing.T, l *lab, _ Result) {
		t.Helper()
		j, ok := l.s.Job(job(i))
		if !ok || j.State != state {
			t.Fatalf("job %+v, want it %s", j, state)
		}
		for k, fact := range more {
			if !fact(j) {
				t.Errorf("fact %d does not hold of %+v", k, j)
			}
		}
	}
}

func bytesOf(t testing.TB, s *State) *bytes.Reader { return bytes.NewReader(snapshotOf(t, s)) }
