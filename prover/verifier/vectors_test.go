package verifier_test

import (
	"path"
	"testing"

	"rpp-node/prover/internal/vectors"
	"rpp-node/prover/interop"
	"rpp-node/prover/merkle"
	"rpp-node/prover/system"
	"rpp-node/prover/verifier"
)

func loadSystem(tb testing.TB, circuit string) *system.System {
	s, err := interop.DecodeCircuit(vectors.Bytes(tb, circuit), func(name string) ([]byte, error) {
		return vectors.Bytes(tb, path.Join(path.Dir(circuit), name)), nil
	})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}
func TestTmp(t *testing.T) {
	var index []struct{ Name, Instance string }
	vectors.JSON(t, "batch2/index.json", &index)
	for _, v := range index {
		t.Run(v.Name, func(t *testing.T) {
			var meta struct {
				Preprocessed_commitment []uint32
			}
			vectors.JSON(t, "batch2/"+v.Name+".json", &meta)
			if v.Name[:4] == "qgtb" {
				t.Skip()
			}
			s := loadSystem(t, "batch2/"+v.Name+".circuit.json")
			in, err := interop.DecodeInstance(vectors.Bytes(t, "batch2/"+v.Instance), s)
			if err != nil {
				t.Fatal(err)
			}
			if s.HasPreprocessed() {
				if s.Hash != merkle.Poseidon2 {
					t.Skip("kk prep")
				}
				for i := 0; i < len(meta.Preprocessed_commitment); i += 8 {
					var d merkle.Digest
					for k := range d {
						d[k] = uint32(s.Ext.Base.FromUint(uint64(meta.Preprocessed_commitment[i+k])))
					}
					s.PrepCap = append(s.PrepCap, d)
				}
			}
			err = verifier.VerifyBytes(s, &verifier.Statement{LogHeights: in.LogHeights, Publics: in.Publics}, vectors.Bytes(t, "batch2/"+v.Name+".bin"), 4<<20)
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}
