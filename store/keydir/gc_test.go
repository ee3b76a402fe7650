package keydir

import (
	"bytes"
	"errors"
	"slices"
	"testing"
)

func named(variant string) Name {
	n := sample
	n.Variant = variant
	return n
}

// zoo is a folder with one file in each state.
func zoo(t *testing.T) (*Mem, *Dir) {
	t.Helper()
	m := &Mem{}
	d := Open(m, Limits{})
	for _, v := range []string{"kept", "old", "rotten", "cut", "newer"} {
		must(t, d.Put(named(v), sampleFingerprint, []byte(v)))
	}
	rot(m, named("rotten").File())
	b, _ := m.Content(named("cut").File())
	m.SetContent(named("cut").File(), b[:20])
	b, _ = m.Content(named("newer").File())
	b = bytes.Clone(b)
	b[offsetVersion], b[offsetVersion+1] = 2, 0xfd
	m.SetContent(named("newer").File(), b)
	m.SetContent(named("torn").File()+".0.tmp", []byte("half"))
	m.SetContent(named("aside").File()+".corrupt", []byte("was a key"))
	for _, f := range []string{"README", "notes.tmp", "notes.corrupt", "a.vk"} {
		m.SetContent(f, []byte("a stranger's"))
	}
	return m, d
}

func states(infos []Info) map[string]State {
	out := map[string]State{}
	for _, i := range infos {
		out[i.File] = i.State
	}
	return out
}

func TestListAndVerify(t *testing.T) {
	m, d := zoo(t)
	want := map[string]State{
		named("kept").File(): Present, named("old").File(): Present,
		named("rotten").File(): Present, // the header is sound
		named("cut").File():    Corrupt, named("newer").File(): Unsupported,
		named("torn").File() + ".0.tmp": Incomplete, named("aside").File() + ".corrupt": Quarantined,
		"README": Unknown, "notes.tmp": Unknown, "notes.corrupt": Unknown, "a.vk": Unknown,
	}
	check := func(list func() ([]Info, error)) {
		t.Helper()
		infos, err := list()
		must(t, err)
		got := states(infos)
		for file, state := range want {
			if got[file] != state {
				t.Errorf("%s: %s, want %s", file, got[file], state)
			}
		}
		if len(got) != len(want) || !slices.IsSortedFunc(infos, func(a, b Info) int { return bytes.Compare([]byte(a.File), []byte(b.File)) }) {
			t.Errorf("%d files, want %d in order", len(got), len(want))
		}
		for _, i := range infos {
			good := i.State == Present || i.State == OK
			if b, _ := m.Content(i.File); i.State != Unknown && i.Bytes != int64(len(b)) {
				t.Errorf("%s: %d bytes", i.File, i.Bytes)
			}
			if good != (i.Fingerprint == sampleFingerprint) || good != (i.Digest != [32]byte{}) {
				t.Errorf("%s (%s): fingerprint %x digest %x", i.File, i.State, i.Fingerprint, i.Digest)
			}
			if (i.Err != nil) != (i.State == Corrupt || i.State == Unsupported) {
				t.Errorf("%s (%s): %v", i.File, i.State, i.Err)
			}
			if (i.Name == Name{}) != (i.State == Unknown) {
				t.Errorf("%s (%s): name %v", i.File, i.State, i.Name)
			}
		}
	}
	check(d.List)
	want[named("kept").File()], want[named("old").File()], want[named("rotten").File()] = OK, OK, Corrupt
	check(d.Verify)
}

func TestListUnreadable(t *testing.T) {
	errDisk := errors.New("input/output error")
	m, d := filled(t)
	m.Fault = func(step Step, _ string) error {
		if step == StepOpen {
			return errDisk
		}
		return nil
	}
	infos, err := d.Verify()
	if err != nil || len(infos) != 1 || infos[0].State != Unreadable || !errors.Is(infos[0].Err, errDisk) {
		t.Errorf("%+v, %v", infos, err)
	}
	if p, err := d.Plan(func(Info) bool { return false }); err != nil || len(p.Removals) != 0 {
		t.Errorf("planned to remove what cannot be read: %+v, %v", p, err)
	}
	m.Fault = nil
	if infos, err := Open(m, Limits{BlobBytes: 1}).List(); err != nil || infos[0].State != Unreadable || !errors.Is(infos[0].Err, ErrTooLarge) {
		t.Errorf("too large: %+v, %v", infos, err)
	}
}

func TestFileLimit(t *testing.T) {
	m, _ := zoo(t)
	names, err := m.Names(MaxFiles)
	must(t, err)
	if _, err := Open(m, Limits{Files: len(names)}).List(); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	d := Open(m, Limits{Files: len(names) - 1})
	if _, err := d.List(); !errors.Is(err, ErrTooMany) {
		t.Errorf("above the limit: %v", err)
	}
	if _, err := d.Plan(func(Info) bool { return true }); !errors.Is(err, ErrTooMany) {
		t.Errorf("plan above the limit: %v", err)
	}
}

func keepAllButOld(i Info) bool { return i.Name.Variant != "old" }

var wantPlan = []struct {
	file   string
	reason Reason
}{
	{named("aside").File() + ".corrupt", ReasonQuarantined},
	{named("cut").File(), ReasonCorrupt},
	{named("old").File(), ReasonSuperseded},
	{named("rotten").File(), ReasonCorrupt},
	{named("torn").File() + ".0.tmp", ReasonIncomplete},
}

func TestGC(t *testing.T) {
	m, d := zoo(t)
	before, err := m.Names(MaxFiles)
	must(t, err)
	plan, err := d.Plan(func(i Info) bool {
		if i.State != OK {
			t.Errorf("asked whether to keep %s, which is %s", i.File, i.State)
		}
		return keepAllButOld(i)
	})
	must(t, err)
	wantNames(t, m, before...) // a plan changes nothing
	if len(plan.Removals) != len(wantPlan) {
		t.Fatalf("%+v", plan)
	}
	for i, r := range plan.Removals {
		b, _ := m.Content(r.File)
		if r.File != wantPlan[i].file || r.Reason != wantPlan[i].reason || r.Bytes != int64(len(b)) {
			t.Errorf("%+v, want %v", r, wantPlan[i])
		}
	}
	done, err := d.Execute(plan)
	if err != nil || !slices.Equal(done, plan.Removals) {
		t.Errorf("%+v, %v", done, err)
	}
	left := []string{"README", "a.vk", "notes.corrupt", "notes.tmp", named("kept").File(), named("newer").File()}
	wantNames(t, m, left...)
	if done, err := d.Execute(plan); err != nil || len(done) != 0 {
		t.Errorf("executed twice: %+v, %v", done, err)
	}
	wantNames(t, m, left...)
	if again, err := d.Plan(keepAllButOld); err != nil || len(again.Removals) != 0 {
		t.Errorf("nothing is left to remove: %+v, %v", again, err)
	}
}

// A plan means the files that it saw, not whatever has their names later.
func TestExecuteLooksAgain(t *testing.T) {
	m, d := zoo(t)
	plan, err := d.Plan(keepAllButOld)
	must(t, err)
	for _, v := range []string{"rotten", "cut"} {
		must(t, d.Put(named(v), sampleFingerprint, []byte("mended")))
	}
	must(t, d.Put(named("old"), sampleFingerprint, []byte("another key")))
	plan.Removals = append(plan.Removals,
		Removal{File: "README", Reason: ReasonCorrupt},
		Removal{File: "../outside", Reason: ReasonIncomplete},
		Removal{File: named("kept").File(), Reason: ReasonCorrupt},
		Removal{File: named("kept").File(), Reason: "tidiness"},
	)
	done, err := d.Execute(plan)
	must(t, err)
	var reasons []Reason
	for _, r := range done {
		reasons = append(reasons, r.Reason)
	}
	if !slices.Equal(reasons, []Reason{ReasonQuarantined, ReasonIncomplete}) {
		t.Errorf("%+v", done)
	}
	for _, v := range []string{"rotten", "cut", "old", "kept"} {
		if _, err := d.Get(named(v)); err != nil {
			t.Error(err)
		}
	}
	if _, ok := m.Content("README"); !ok {
		t.Error("removed a stranger's file")
	}
}

// One removal that fails does not stop the others, and the plan can be executed again.
func TestExecuteFailsInPart(t *testing.T) {
	errDisk := errors.New("read-only file system")
	m, d := zoo(t)
	plan, err := d.Plan(keepAllButOld)
	must(t, err)
	m.Fault = func(step Step, name string) error {
		if step == StepRemove && name == named("cut").File() {
			return errDisk
		}
		return nil
	}
	done, err := d.Execute(plan)
	if !errors.Is(err, errDisk) || len(done) != len(plan.Removals)-1 {
		t.Errorf("%+v, %v", done, err)
	}
	m.Fault = nil
	done, err = d.Execute(plan)
	if err != nil || len(done) != 1 || done[0].File != named("cut").File() {
		t.Errorf("second time: %+v, %v", done, err)
	}
}
