package keydir

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
)

func deriveSample() ([32]byte, []byte, error) { return sampleFingerprint, sampleBlob, nil }

func mustNotDerive(t *testing.T) func() ([32]byte, []byte, error) {
	return func() ([32]byte, []byte, error) {
		t.Error("derived")
		return deriveSample()
	}
}

func wantResult(t *testing.T, r Result, err error, outcome Outcome) {
	t.Helper()
	if err != nil || r.Outcome != outcome || r.Unsaved != nil ||
		r.Entry.Name != sample || r.Entry.Fingerprint != sampleFingerprint || !bytes.Equal(r.Entry.Blob, sampleBlob) {
		t.Errorf("%+v, %v; want %s", r, err, outcome)
	}
	if damaged := outcome == Rederived; damaged != errors.Is(r.Damage, ErrCorrupt) || !damaged && r.Damage != nil {
		t.Errorf("damage: %v", r.Damage)
	}
}

func TestGetOrDerive(t *testing.T) {
	m := &Mem{}
	d := Open(m, Limits{})
	r, err := d.GetOrDerive(sample, deriveSample)
	wantResult(t, r, err, Derived)
	r, err = d.GetOrDerive(sample, mustNotDerive(t))
	wantResult(t, r, err, Hit)

	rot(m, sample.File())
	damaged, _ := m.Content(sample.File())
	r, err = d.GetOrDerive(sample, deriveSample)
	wantResult(t, r, err, Rederived)
	wantNames(t, m, sample.File(), sample.File()+corruptSuffix)
	wantContent(t, m, sample.File()+corruptSuffix, string(damaged))

	r, err = d.GetOrDerive(sample, mustNotDerive(t))
	wantResult(t, r, err, Hit)
}

// Whichever byte rots, the key is derived again.
func TestEveryFlipIsMended(t *testing.T) {
	m, d := filled(t)
	good, _ := m.Content(sample.File())
	for i := range good {
		b := bytes.Clone(good)
		b[i] ^= 0x10
		m.SetContent(sample.File(), b)
		r, err := d.GetOrDerive(sample, deriveSample)
		wantResult(t, r, err, Rederived)
		wantContent(t, m, sample.File(), string(good))
	}
}

// What may be good for another build or after a repair is neither replaced nor set aside.
func TestNotDerivedOver(t *testing.T) {
	errDisk := errors.New("input/output error")
	m, d := filled(t)
	newer, _ := m.Content(sample.File())
	newer = bytes.Clone(newer)
	newer[offsetVersion], newer[offsetVersion+1] = 2, 0xfd
	m.SetContent(sample.File(), newer)
	if _, err := d.GetOrDerive(sample, mustNotDerive(t)); !errors.Is(err, ErrVersion) {
		t.Errorf("newer version: %v", err)
	}
	m.Fault = func(step Step, _ string) error { return errDisk }
	if _, err := d.GetOrDerive(sample, mustNotDerive(t)); !errors.Is(err, errDisk) {
		t.Errorf("unreadable: %v", err)
	}
	m.Fault = nil
	wantContent(t, m, sample.File(), string(newer))
}

func TestDeriveFails(t *testing.T) {
	errDerive := errors.New("no such circuit")
	m := &Mem{}
	d := Open(m, Limits{})
	_, err := d.GetOrDerive(sample, func() (f [32]byte, b []byte, err error) { return f, nil, errDerive })
	if !errors.Is(err, errDerive) {
		t.Error(err)
	}
	wantNames(t, m)
	r, err := d.GetOrDerive(sample, deriveSample)
	wantResult(t, r, err, Derived)
}

// A key that cannot be stored is still a key, and the caller is told.
func TestUnsaved(t *testing.T) {
	errDisk := errors.New("disk full")
	for _, step := range []Step{StepCreate, StepWrite, StepRenameTemp, StepSyncFolder, StepRename} {
		m, d := filled(t)
		rot(m, sample.File())
		m.Fault = func(s Step, _ string) error {
			if s == step {
				return errDisk
			}
			return nil
		}
		r, err := d.GetOrDerive(sample, deriveSample)
		if !errors.Is(r.Unsaved, errDisk) {
			t.Errorf("%s: unsaved: %v", step, r.Unsaved)
		}
		r.Unsaved = nil
		wantResult(t, r, err, Rederived)
	}
}

// Callers of one key share a derivation; another key is not held up by it.
func TestSingleFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := Open(&Mem{}, Limits{})
		release := make(chan struct{})
		var derivations atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				r, err := d.GetOrDerive(sample, func() ([32]byte, []byte, error) {
					derivations.Add(1)
					<-release
					return deriveSample()
				})
				wantResult(t, r, err, Derived)
			})
		}
		synctest.Wait() // one derives, seven wait
		other := sample
		other.Kind = Proving
		if r, err := d.GetOrDerive(other, deriveSample); err != nil || r.Outcome != Derived {
			t.Errorf("other key: %+v, %v", r, err)
		}
		close(release)
		wg.Wait()
		if n := derivations.Load(); n != 1 {
			t.Errorf("%d derivations", n)
		}
	})
}

// A derivation that panics takes its own caller down, and nobody waits for it for ever.
func TestDerivePanics(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := Open(&Mem{}, Limits{})
		started, release := make(chan struct{}), make(chan struct{})
		go func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			d.GetOrDerive(sample, func() ([32]byte, []byte, error) {
				close(started)
				<-release
				panic("derive")
			})
		}()
		<-started
		go func() {
			if _, err := d.GetOrDerive(sample, mustNotDerive(t)); !errors.Is(err, errAborted) {
				t.Errorf("the one who waited: %v", err)
			}
		}()
		synctest.Wait()
		close(release)
		synctest.Wait()
		r, err := d.GetOrDerive(sample, deriveSample)
		wantResult(t, r, err, Derived)
	})
}
