package proving

import (
	"errors"
	"slices"
	"testing"

	"rpp-node/prover/container"
	"rpp-node/prover/field"
	"rpp-node/prover/key"
	"rpp-node/prover/soundness"
	"rpp-node/prover/spec"
)

func TestJudgeAccepts(t *testing.T) {
	f := fix(t)
	v := NewVerifier(0)
	for range 2 { // made and kept
		if err := v.Judge(f.keys.VK, f.spec, f.file); err != nil {
			t.Fatal(err)
		}
	}
	if len(v.systems) != 1 {
		t.Errorf("%d systems are kept, want 1", len(v.systems))
	}
}

// Every code is hit, by a file that is right but for one thing.
func TestJudgeRejects(t *testing.T) {
	f := fix(t)
	i := f.first()
	rows := map[Code]func(*container.File){
		CodeFamily:      func(c *container.File) { c.Family = "state" },
		CodeVariant:     func(c *container.File) { c.Variant = "block-512" },
		CodeProfile:     func(c *container.File) { c.Profile = "production" },
		CodeHash:        func(c *container.File) { c.Hash = "keccak" },
		CodeField:       func(c *container.File) { c.Field = "babybear"; c.Publics = make([][]field.Elem, len(c.Publics)) },
		CodeChain:       func(c *container.File) { c.ChainID++ },
		CodeFingerprint: func(c *container.File) { c.Fingerprint[5] ^= 4 },
		CodePublics:     func(c *container.File) { c.Publics[i][0] = field.KoalaBear.Add(c.Publics[i][0], field.KoalaBear.One()) },
		CodeHeights:     func(c *container.File) { c.LogHeights[0]++ },
	}
	v := NewVerifier(0)
	hit := map[Code]bool{}
	want := func(code Code, err error) {
		t.Helper()
		var r *Rejection
		if !errors.As(err, &r) || r.Code != code {
			t.Errorf("%v, want %s", err, code)
		}
		hit[code] = true
	}
	for code, change := range rows {
		c, err := container.Decode(f.file)
		if err != nil {
			t.Fatal(err)
		}
		change(c)
		want(code, v.Judge(f.keys.VK, f.spec, c.Encode()))
	}
	want(CodeFile, v.Judge(f.keys.VK, f.spec, f.file[1:]))
	want(CodeFile, v.Judge(f.keys.VK, f.spec, append(slices.Clone(f.file), 0)))
	want(CodeFloor, NewVerifier(soundness.DefaultFloor).Judge(f.keys.VK, f.spec, f.file))
	for _, code := range Codes() {
		if !hit[code] {
			t.Errorf("no row for %s", code)
		}
	}

	c, err := container.Decode(f.file)
	if err != nil {
		t.Fatal(err)
	}
	c.Proof[len(c.Proof)/2] ^= 1
	var r *Rejection
	if err := v.Judge(f.keys.VK, f.spec, c.Encode()); !errors.As(err, &r) || r.Code[0] != 'V' {
		t.Errorf("%v, want the verifier's rejection", err)
	}
}

// What is wrong with the judge's own key or spec is no rejection of the file.
func TestJudgeBlamesTheKey(t *testing.T) {
	f := fix(t)
	v := NewVerifier(0)
	var r *Rejection
	if err := v.Judge(otherKey(t, "block-16", "production"), f.spec, f.file); !errors.Is(err, ErrKey) || errors.As(err, &r) {
		t.Errorf("another key: %v", err)
	}
	if err := v.Judge(f.keys.VK, f.with(func(s *spec.Spec) { s.Hash = "keccak" }), f.file); !errors.Is(err, ErrSpec) || errors.As(err, &r) {
		t.Errorf("another spec: %v", err)
	}
	old := *f.keys.VK
	old.Version++
	s := f.with(func(s *spec.Spec) { s.Fingerprint = old.Fingerprint() })
	c, err := container.Decode(f.file)
	if err != nil {
		t.Fatal(err)
	}
	c.Fingerprint = s.Fingerprint
	if err := v.Judge(&old, s, c.Encode()); !errors.Is(err, key.ErrMismatch) || errors.As(err, &r) {
		t.Errorf("a key of another release: %v", err)
	}
}

// The system kept longest unused goes first.
func TestVerifierKeepsFewSystems(t *testing.T) {
	f := fix(t)
	v := NewVerifier(0)
	fp := f.keys.VK.Fingerprint()
	for id := range uint64(MaxSystems) {
		if _, err := v.system(f.keys.VK, id); err != nil {
			t.Fatal(err)
		}
	}
	first := v.known(fp, 0) // now the most recently used
	if _, err := v.system(f.keys.VK, MaxSystems); err != nil {
		t.Fatal(err)
	}
	if len(v.systems) != MaxSystems || v.known(fp, 0) != first || v.known(fp, 1) != nil {
		t.Errorf("%d systems; 0 kept: %t, 1 kept: %t", len(v.systems), v.known(fp, 0) == first, v.known(fp, 1) != nil)
	}
}

func FuzzJudge(f *testing.F) {
	fx := fix(f)
	f.Add(fx.file)
	f.Add(fx.file[:200])
	v := NewVerifier(0)
	f.Fuzz(func(t *testing.T, b []byte) {
		err := v.Judge(fx.keys.VK, fx.spec, b)
		var r *Rejection
		if err != nil && !errors.As(err, &r) {
			t.Fatalf("not a rejection: %v", err)
		}
		if err == nil && !slices.Equal(b, fx.file) {
			t.Fatal("another file than the prover's is accepted")
		}
	})
}

func BenchmarkJudge(b *testing.B) {
	f := fix(b)
	v := NewVerifier(0)
	for b.Loop() {
		if err := v.Judge(f.keys.VK, f.spec, f.file); err != nil {
			b.Fatal(err)
		}
	}
}
