//go:build linux

package processtest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// fileKinds are the files of a node, by what a flipped bit in them means.
var fileKinds = []struct{ name, glob string }{
	{"raft's log and snapshots, in a table", "raft/*.sst"},
	{"raft's log and snapshots, in the log", "raft/*.log"},
	{"raft's MANIFEST", "raft/MANIFEST-*"},
	{"raft's OPTIONS", "raft/OPTIONS-*"},
	{"artifacts and keys, in a table", "data/*.sst"},
	{"artifacts and keys, in the log", "data/*.log"},
	{"the data's MANIFEST", "data/MANIFEST-*"},
	{"the data's OPTIONS", "data/OPTIONS-*"},
	{"identity", "identity/*"},
	{"secrets", "secrets/*"},
	{"membership", "member.json"},
}

// filesOf lists a node's files of a kind that are not empty.
func (p *process) filesOf(kind int) []string {
	files, _ := filepath.Glob(filepath.Join(p.data(), fileKinds[kind].glob))
	return slices.DeleteFunc(files, func(f string) bool {
		info, err := os.Stat(f)
		return err != nil || info.Size() == 0 || !info.Mode().IsRegular()
	})
}

// flip flips one bit of a file of a kind, or of the next kind that the node has.
func (r *rig) flip(p *process, random *rand.Rand, kind int) (what string, ok bool) {
	var files []string
	for range fileKinds {
		if files = p.filesOf(kind); len(files) > 0 {
			break
		}
		kind = (kind + 1) % len(fileKinds)
	}
	if len(files) == 0 {
		return "", false
	}
	file := files[random.IntN(len(files))]
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return "", false // it has just been deleted
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() == 0 {
		return "", false
	}
	at, bit := random.Int64N(info.Size()), random.IntN(8)
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		return "", false
	}
	b[0] ^= 1 << bit
	if _, err := f.WriteAt(b[:], at); err != nil {
		r.t.Error(err)
		return "", false
	}
	r.tally.count(&r.tally.bitFlips)
	return fmt.Sprintf("%s: %s: bit %d of byte %d of %s (%d bytes)", p.name, fileKinds[kind].name, bit, at, filepath.Base(file), info.Size()), true
}

// proofs are proofs that the cluster has released.
type proofs map[promise][]byte

// proofs fetches some of the proofs that were released so far.
func (r *rig) proofs(count int) proofs {
	known := proofs{}
	for _, p := range r.load.promises() {
		if len(known) == count {
			break
		}
		if file, err := r.fetch(r.leader(), p); err == nil {
			known[p] = file
		}
	}
	return known
}

// serves asks a voter for proofs: it may have none, but no other.
func (r *rig) serves(p *process, known proofs, what string) (whole bool) {
	whole = true
	for job, want := range known {
		got, err := r.fetch(p, job)
		if err != nil {
			whole = false
		} else if !bytes.Equal(got, want) {
			r.tally.count(&r.tally.wrong)
			r.t.Errorf("%s: another proof is served", what)
		}
	}
	return whole
}

// stoppedCleanly asks how a node that has ended by itself said why.
func (r *rig) stoppedCleanly(p *process, what string) {
	words := strings.TrimSpace(p.words())
	last := words[strings.LastIndexByte(words, '\n')+1:]
	if strings.Contains(words, "\npanic: ") || strings.Contains(words, "\nfatal error: ") || !strings.HasPrefix(last, "rpp-node: ") || !strings.Contains(last, "; ") {
		r.tally.count(&r.tally.wrong)
		r.t.Errorf("%s: it has not ended in order, with a remedy: …%s", what, words[max(0, len(words)-1500):])
		return
	}
	r.t.Logf("%s: it stops: %s", what, last)
}

// flipDown flips a bit of a node that is down, and starts it. Either it is whole in the
// end, by itself, or it stops and says why; then its files are put back.
func (r *rig) flipDown(p *process, random *rand.Rand, kind int, known proofs) {
	p.kill()
	backup := filepath.Join(r.dir, "backup-"+p.name)
	if err := copyTree(backup, p.data()); err != nil {
		r.t.Error(err)
		return
	}
	defer os.RemoveAll(backup)
	what, ok := r.flip(p, random, kind)
	if !ok {
		if err := p.up(); err != nil {
			r.t.Error(err)
		}
		return
	}
	err := p.up()
	if err == nil {
		err = r.whole(p, known, what)
	}
	if err == nil {
		return
	}
	if p.alive() {
		r.tally.count(&r.tally.wrong)
		r.t.Errorf("%s: neither whole nor stopped: %v", what, err)
		p.kill()
	} else {
		r.stoppedCleanly(p, what)
	}
	select {
	case <-p.life().ready: // it has spoken with others since: the old files are not its own any more
		if err := r.rejoin(p); err != nil {
			r.t.Errorf("%s: %v", what, err)
		}
		return
	default:
	}
	if err = os.RemoveAll(p.data()); err == nil {
		err = copyTree(p.data(), backup)
	}
	if err == nil {
		err = p.up()
	}
	if err != nil {
		r.t.Errorf("%s: with its own files again: %v", what, err)
	}
}

// whole waits until a node is as it was: a voter has the state of the others and their
// proofs, a worker takes work.
func (r *rig) whole(p *process, known proofs, what string) error {
	var last string
	err := r.await("a whole node", 15*time.Second, func() bool {
		if !p.alive() {
			return true
		}
		s, err := p.status()
		if err != nil {
			last = err.Error()
			return false
		}
		last = fmt.Sprint(s.Health.Reasons)
		if !p.voter() {
			return len(s.Node.Devices) > 0 && len(s.Health.Reasons) == 0
		}
		return s.Node.Raft != nil && s.Node.Raft.Leader != "" && len(s.Health.Reasons) == 0 && r.serves(p, known, what)
	})
	if !p.alive() {
		return fmt.Errorf("%s has ended", p.name)
	}
	if err != nil {
		return fmt.Errorf("%w: %s", err, last)
	}
	return nil
}

// flipBits flips single bits in every kind of file of nodes that are down, then in the
// tables of one that runs.
func flipBits(r *rig) {
	r.start(3)
	time.Sleep(3 * time.Second)
	known := r.proofs(4)
	kinds := r.random.Perm(len(fileKinds))
	for round := range r.rounds(20) {
		nodes := []*process{r.follower(), r.workers()[0], r.workers()[1]}
		var all sync.WaitGroup
		for i, p := range nodes {
			random := rand.New(rand.NewPCG(r.random.Uint64(), uint64(i)))
			all.Add(1)
			go func() {
				defer all.Done()
				r.flipDown(p, random, kinds[(round+i*4)%len(kinds)], known)
			}()
		}
		all.Wait()
	}
	p := r.follower()
	for i := range 4 {
		if what, ok := r.flip(p, r.random, []int{0, 4}[i%2]); ok {
			r.serves(p, known, what+", while it runs")
		}
	}
	time.Sleep(2 * time.Second)
	if !p.alive() {
		r.stoppedCleanly(p, p.name+", bits flipped while it ran")
	}
	if err := r.rejoin(p); err != nil {
		r.t.Error(err)
	}
}
