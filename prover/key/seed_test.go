package key

import (
	"encoding/binary"
	"encoding/hex"
	"slices"
	"testing"

	"github.com/zeebo/blake3"

	"rpp-node/prover/field"
	"rpp-node/prover/merkle"
	"rpp-node/prover/system"
)

// The seed's preimage, written out, and the seed as words.
func TestSeedKnownAnswer(t *testing.T) {
	f := field.KoalaBear
	k := sampleKey(t, merkle.Poseidon2)
	fp := k.Fingerprint()
	preimage, err := hex.DecodeString(
		"7270702d736565642d31" + // rpp-seed-1
			"06000000" + "73616d706c65" + // 6 bytes: sample
			fp.String() +
			"04000000" + "01000000" + "54000000" + "10000000" + // degree, log_blowup, queries 84, query PoW 16
			"00000000" + "03000000" + "00000000" + "00000000" + // commit PoW, log arity 3, cap height, final length
			"00" + // poseidon2
			"0102030000000000") // chain id
	if err != nil {
		t.Fatal(err)
	}
	h := blake3.New()
	h.Write(preimage)
	var stream [64]byte
	h.Digest().Read(stream[:])
	var fromPreimage, got []uint32
	for i := range system.SeedElements {
		fromPreimage = append(fromPreimage, uint32(binary.LittleEndian.Uint64(stream[8*i:])%uint64(f.Modulus())))
	}
	for _, e := range k.seed(f, 0x030201) {
		got = append(got, f.Uint(e))
	}
	want := []uint32{436442930, 680139555, 7602333, 1415394495, 446178965, 1452114643, 621172713, 434576684}
	if !slices.Equal(got, fromPreimage) || !slices.Equal(got, want) {
		t.Errorf("seed %v, from its preimage %v, want %v", got, fromPreimage, want)
	}
}

// Whatever tells two proofs' statements apart shows in the seed.
func TestSeedSeparates(t *testing.T) {
	f := field.KoalaBear
	seen := map[string]string{}
	note := func(name string, seed []field.Elem) {
		id := ""
		for _, e := range seed {
			id += string(binary.LittleEndian.AppendUint32(nil, f.Uint(e)))
		}
		if other, ok := seen[id]; ok {
			t.Errorf("%s has the seed of %s", name, other)
		}
		seen[id] = name
	}
	base := sampleKey(t, merkle.Poseidon2)
	note("sample", base.seed(f, 0))
	note("chain 1", base.seed(f, 1))
	note("chain 2^32", base.seed(f, 1<<32))
	for name, change := range map[string]func(*Verifying){
		"family":       func(k *Verifying) { k.Family = "simple" },
		"variant":      func(k *Verifying) { k.Variant = "huge" },
		"version":      func(k *Verifying) { k.Version++ },
		"profile name": func(k *Verifying) { k.Profile.Name = "quick" },
		"degree":       func(k *Verifying) { k.Profile.Degree = 5 },
		"blow-up":      func(k *Verifying) { k.Profile.LogBlowup++ },
		"queries":      func(k *Verifying) { k.Profile.NumQueries++ },
		"query PoW":    func(k *Verifying) { k.Profile.QueryPoWBits++ },
		"commit PoW":   func(k *Verifying) { k.Profile.CommitPoWBits++ },
		"arity":        func(k *Verifying) { k.Profile.MaxLogArity++ },
		"cap height":   func(k *Verifying) { k.Profile.CapHeight++ },
		"final length": func(k *Verifying) { k.Profile.LogFinalPolyLen++ },
		"hash":         func(k *Verifying) { k.Hash = merkle.Keccak },
		"constraints":  func(k *Verifying) { k.Tables[0].Constraints[0] ^= 1 },
		"commitment":   func(k *Verifying) { k.PrepCap[0][0] ^= 1 },
		"heights":      func(k *Verifying) { k.Heights = [][]int{{4, 2}} },
	} {
		k := sampleKey(t, merkle.Poseidon2)
		change(k)
		note(name, k.seed(f, 0))
	}
}
