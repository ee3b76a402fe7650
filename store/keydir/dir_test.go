package keydir

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

func filled(t *testing.T) (*Mem, *Dir) {
	t.Helper()
	m := &Mem{}
	d := Open(m, Limits{})
	must(t, d.Put(sample, sampleFingerprint, sampleBlob))
	return m, d
}

// rot flips one bit of a file's last byte.
func rot(m *Mem, file string) {
	b, _ := m.Content(file)
	b = bytes.Clone(b)
	b[len(b)-1] ^= 1
	m.SetContent(file, b)
}

func wantKey(t *testing.T, d *Dir, blob []byte) {
	t.Helper()
	e, err := d.Get(sample)
	if err != nil || e.Name != sample || e.Fingerprint != sampleFingerprint || !bytes.Equal(e.Blob, blob) {
		t.Errorf("got %+v, %v", e, err)
	}
}

func TestPutGet(t *testing.T) {
	m, d := filled(t)
	wantKey(t, d, sampleBlob)
	must(t, d.Put(sample, sampleFingerprint, []byte("another")))
	wantKey(t, d, []byte("another"))
	wantNames(t, m, sample.File())
}

func TestGetErrorsSayFileAndRemedy(t *testing.T) {
	m, d := filled(t)
	rot(m, sample.File())
	missing := sample
	missing.Kind = Proving
	for _, c := range []struct {
		name Name
		want error
	}{{sample, ErrCorrupt}, {missing, ErrNotFound}} {
		e, err := d.Get(c.name)
		if !errors.Is(err, c.want) || e.Blob != nil {
			t.Errorf("%s: %+v, %v", c.name, e, err)
			continue
		}
		for _, part := range []string{c.name.File(), "derive"} {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%q does not say %q", err, part)
			}
		}
	}
}

func TestRefusedBeforeTheFolderIsTouched(t *testing.T) {
	m := &Mem{Fault: func(step Step, name string) error {
		t.Errorf("%s %s", step, name)
		return nil
	}}
	d := Open(m, Limits{})
	bad := sample
	bad.Family = "../x"
	_, getErr := d.Get(bad)
	_, quarantineErr := d.Quarantine(bad)
	_, deriveErr := d.GetOrDerive(bad, func() (f [32]byte, b []byte, err error) { t.Error("derived"); return })
	for what, err := range map[string]error{
		"put": d.Put(bad, sampleFingerprint, sampleBlob), "get": getErr, "quarantine": quarantineErr, "derive": deriveErr,
	} {
		if !errors.Is(err, ErrName) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := d.Put(sample, sampleFingerprint, nil); !errors.Is(err, ErrEmpty) {
		t.Errorf("empty: %v", err)
	}
}

// A write that fails leaves the old key or the new one, and nothing that looks like one.
func TestPutFails(t *testing.T) {
	errDisk := errors.New("disk full")
	for _, c := range []struct {
		step      Step
		persisted bool
		leftover  bool
	}{
		{StepCreate, false, false},
		{StepWrite, false, true},
		{StepRenameTemp, false, true},
		{StepSyncFolder, true, false},
	} {
		t.Run(string(c.step), func(t *testing.T) {
			m, d := filled(t)
			m.Fault = func(step Step, _ string) error {
				if step == c.step {
					return errDisk
				}
				return nil
			}
			if err := d.Put(sample, sampleFingerprint, []byte("new")); !errors.Is(err, errDisk) {
				t.Fatal(err)
			}
			m.Fault = nil
			if c.persisted {
				wantKey(t, d, []byte("new"))
			} else {
				wantKey(t, d, sampleBlob)
			}
			want := []string{sample.File()}
			if c.leftover {
				want = append(want, tempName(sample.File(), 0))
			}
			wantNames(t, m, want...)
			// The next attempt is not hindered by what the first one left.
			must(t, d.Put(sample, sampleFingerprint, []byte("newer")))
			wantKey(t, d, []byte("newer"))
		})
	}
}

func TestQuarantine(t *testing.T) {
	m, d := filled(t)
	if did, err := d.Quarantine(sample); did || err != nil {
		t.Errorf("a sound key: %v, %v", did, err)
	}
	for range 2 { // the second replaces what the first set aside
		rot(m, sample.File())
		if did, err := d.Quarantine(sample); !did || err != nil {
			t.Errorf("a damaged key: %v, %v", did, err)
		}
		wantNames(t, m, sample.File()+corruptSuffix)
		if did, err := d.Quarantine(sample); did || !errors.Is(err, ErrNotFound) {
			t.Errorf("a missing key: %v, %v", did, err)
		}
		must(t, d.Put(sample, sampleFingerprint, sampleBlob))
	}
}
