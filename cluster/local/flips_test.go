package local

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
)

// flips is what became of the bits that were flipped.
type flips struct {
	count, refused, stopped, healed int
}

// flipAll flips one bit of files of a voter that is down, so many of each kind, one after
// the other, and starts it. It starts and serves nothing false, or it says what is wrong and what to do.
// The others serve all the while.
func flipAll(ctx context.Context, t *testing.T, w *world, each int) (r flips) {
	t.Helper()
	v := w.validator(ctx, t, "acme")
	proofs := map[[32]byte][]byte{}
	proveOne := func() {
		t.Helper()
		j, file, err := proofOf(ctx, v, w.witness(t))
		if err != nil {
			t.Fatalf("the others do not serve: %v", err)
		}
		proofs[[32]byte(j.Id)] = file
	}
	for range 4 {
		proveOne()
	}
	if _, err := w.op.Keys.Preload(ctx, connect.NewRequest(&rppv1.PreloadRequest{Wait: true})); err != nil {
		t.Fatal(err)
	}
	victim := "voter-3"
	if w.leaderName(ctx, t) == victim {
		victim = "voter-2"
	}
	if _, err := w.op.Cluster.Snapshot(ctx, connect.NewRequest(&rppv1.SnapshotRequest{})); err != nil {
		t.Fatal(err)
	}
	w.Kill(victim)
	dir := filepath.Join(w.opt.Dir, victim)
	chance := rand.New(rand.NewPCG(1, 2))
	done := map[string]bool{}
	kinds := map[string]int{}
	for {
		name := nextFile(t, dir, done, kinds, each)
		if name == "" {
			break
		}
		size, undo := flip(t, filepath.Join(dir, name), chance)
		if size == 0 {
			continue
		}
		r.count++
		switch what, err := startDamaged(ctx, t, w, victim, proofs); what {
		case "refused":
			r.refused++
			t.Logf("%s (%d bytes): refused: %v", name, size, err)
			undo()
		case "stopped":
			r.stopped++
			t.Logf("%s (%d bytes): stopped: %v", name, size, err)
			w.Kill(victim)
			undo()
		case "healed":
			r.healed++
			t.Logf("%s (%d bytes): serves", name, size)
			w.Kill(victim)
		}
		proveOne()
		if t.Failed() {
			t.Fatalf("after a bit of %s", name)
		}
	}
	if err := w.Restart(ctx, victim); err != nil {
		t.Errorf("in the end: %v", err)
	}
	return r
}

// nextFile finds a file that was not damaged yet, of a kind that has not had its share. The
// names of the stores' files change as they go on.
func nextFile(t *testing.T, dir string, done map[string]bool, kinds map[string]int, each int) string {
	for _, name := range dataFiles(t, dir) {
		kind := strings.TrimRight(strings.TrimSuffix(name, filepath.Ext(name)), "0123456789") + filepath.Ext(name)
		if !done[name] && kinds[kind] < each {
			done[name] = true
			kinds[kind]++
			return name
		}
	}
	return ""
}

// dataFiles lists the files of a data directory, but for those that say nothing.
func dataFiles(t *testing.T, dir string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if base := filepath.Base(name); err == nil && base != "LOCK" && base != "ballast" && !strings.HasPrefix(name, "operator/") && name != "root.sealed" {
			list = append(list, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// flip flips one bit of a file, and says how to flip it back. An empty file has size 0.
func flip(t *testing.T, path string, chance *rand.Rand) (size int, undo func()) {
	t.Helper()
	b, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return 0, nil
	}
	if err != nil {
		t.Fatal(err)
	}
	if len(b) == 0 {
		return 0, nil
	}
	// Some files are mostly zeros set aside; what is written stands at the front.
	used := len(bytes.TrimRight(b, "\x00"))
	at := chance.IntN(max(used, 1))
	bit := byte(1) << chance.IntN(8)
	write := func() {
		f, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		b := make([]byte, 1)
		if _, err := f.ReadAt(b, int64(at)); err != nil {
			t.Fatal(err)
		}
		b[0] ^= bit
		if _, err := f.WriteAt(b, int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	write()
	return len(b), write
}

// startDamaged starts a node whose disk was damaged, and says what comes of it: it is
// refused, it stops, or it serves everything as it should.
func startDamaged(ctx context.Context, t *testing.T, w *world, name string, proofs map[[32]byte][]byte) (string, error) {
	t.Helper()
	if err := w.Restart(ctx, name); err != nil {
		if f := fault.Of(err); f.Code == fault.CodeInternal || f.Remedy == "" {
			t.Errorf("%s is refused without a remedy: %v", name, err)
		}
		return "refused", err
	}
	n := w.Node(name)
	// It reads everything that it has.
	eventually(ctx, t, name+" takes part", 30*time.Second, func() error {
		if n.Fault() != nil {
			return nil
		}
		s, err := n.ClusterStatus(ctx)
		if err == nil && s.Leader == "" {
			err = fmt.Errorf("it knows no leader")
		}
		return err
	})
	var last error
	for range 40 {
		if err := n.Fault(); err != nil {
			if f := fault.Of(err); f.Code == fault.CodeInternal || f.Remedy == "" {
				t.Errorf("%s stops without a remedy: %v", name, err)
			}
			return "stopped", err
		}
		if last = serves(ctx, t, w, name, proofs); last == nil {
			return "healed", nil
		}
		time.Sleep(250 * time.Millisecond)
	}
	t.Errorf("%s neither serves nor stops: %v", name, last)
	return "neither", last
}

// serves asks a node for all proofs, has it check all that it holds, and looks whether it
// has every key.
func serves(ctx context.Context, t *testing.T, w *world, name string, proofs map[[32]byte][]byte) error {
	n := w.Node(name)
	c := w.callAt(t, w.operatorDir(), n.APIAddress())
	for id, want := range proofs {
		short, cancel := context.WithTimeout(ctx, 5*time.Second)
		p, err := c.Jobs.FetchProof(short, connect.NewRequest(&rppv1.FetchProofRequest{Id: id[:]}))
		cancel()
		if err != nil {
			return err
		}
		if !bytes.Equal(p.Msg.ProofFile, want) {
			t.Fatalf("%s serves a false proof of %x", name, id[:6])
		}
	}
	if err := n.Check(ctx); err != nil {
		return err
	}
	resp, err := w.op.Keys.Coverage(ctx, connect.NewRequest(&rppv1.CoverageRequest{}))
	if err != nil {
		return err
	}
	for _, k := range resp.Msg.Keys {
		if k.Nodes[name] != "ready" {
			return fault.New(fault.CodeKeyMissing, "%s is %s", k.Variant, k.Nodes[name])
		}
	}
	return nil
}
