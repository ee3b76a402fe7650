//go:build linux

package processtest

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"connectrpc.com/connect"
	"github.com/zeebo/blake3"
	"golang.org/x/sys/unix"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
)

// Ceilings for a node that has been through a scenario. A voter's largest part is what its
// two stores keep in memory.
const (
	residentMax   = 400 << 20
	filesMax      = 400
	threadsMax    = 200
	goroutinesMax = 800
	// sampleProofs is how many proofs are made again here and compared byte by byte.
	sampleProofs = 2
)

// check heals everything and asks whether every promise was kept.
func (r *rig) check() {
	r.t.Helper()
	r.heal()
	r.load.end()
	if err := r.awaitWhole(40 * time.Second); err != nil {
		r.fatal("healed: %v", err)
	}
	released := r.checkJobs()
	r.checkProofs(released)
	r.checkReleases()
	r.checkDigests()
	if err := r.load.history.check(); err != nil {
		r.tally.count(&r.tally.wrong)
		r.t.Error(err)
	}
	r.checkSecrets()
	r.checkUsage()
	r.t.Logf("%d jobs promised, %d refused for now, %d calls unheard", len(r.load.promises()), r.load.refused.Load(), r.load.unheard.Load())
	if len(r.load.promises()) == 0 {
		r.t.Error("no job was promised: this has tested nothing")
	}
}

// heal undoes every fault, and starts what was ended.
func (r *rig) heal() {
	r.lab.Heal()
	r.lab.Weather(noWeather)
	for _, p := range r.nodes {
		if reason := p.unexpected(); reason != "" {
			r.tally.count(&r.tally.wrong)
			r.t.Error(reason)
		}
		if p.alive() {
			p.signal(unix.SIGCONT)
		} else if err := p.up(); err != nil {
			r.t.Error(err)
		}
	}
}

// checkJobs waits for every promise, and returns those that were kept.
func (r *rig) checkJobs() (released []promise) {
	waiter := &client{load: r.load, id: 1000}
	ctx, cancel := context.WithTimeout(r.t.Context(), 90*time.Second)
	defer cancel()
	for _, p := range r.load.promises() {
		waiter.tenant, waiter.caller = p.tenant, r.access(p.tenant)
		var out output
		for ctx.Err() == nil {
			var ok bool
			if out, ok = waiter.get(ctx, p.key); ok && (out.absent || out.state >= rppv1.JobState_JOB_STATE_RELEASED) {
				break
			}
			time.Sleep(50 * time.Millisecond)
		}
		switch {
		case out.job == "" && !out.absent:
			r.tally.count(&r.tally.lost)
			r.t.Errorf("key %s/%s: nobody says what has become of job %s", p.tenant, p.key, p.job)
			return released
		case out.absent || out.job != p.job:
			r.tally.count(&r.tally.lost)
			r.t.Errorf("key %s/%s: job %s was promised, now there is %+v", p.tenant, p.key, p.job, out)
		case out.state < rppv1.JobState_JOB_STATE_RELEASED:
			r.tally.count(&r.tally.lost)
			r.t.Errorf("job %s is still %s", p.job, out.state)
		case out.state != rppv1.JobState_JOB_STATE_RELEASED:
			r.tally.count(&r.tally.wrong)
			r.t.Errorf("job %s ended as %s: %s", p.job, out.state, r.reason(p))
		default:
			released = append(released, p)
		}
	}
	return released
}

// reason is why a job ended as it did.
func (r *rig) reason(p promise) string {
	ctx, cancel := context.WithTimeout(r.t.Context(), callTimeout)
	defer cancel()
	resp, err := r.access(p.tenant).Jobs.Get(ctx, connect.NewRequest(&rppv1.GetRequest{IdempotencyKey: p.key}))
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%s: %s; attempts %d; %s", resp.Msg.Job.Code, resp.Msg.Job.Reason, resp.Msg.Job.Attempts, resp.Msg.Job.Decision)
}

// checkProofs fetches the proof of every job from every voter, and judges it by the
// library; some are made again and compared.
func (r *rig) checkProofs(released []promise) {
	seen := map[string]bool{}
	samples := 0
	wrong := func(format string, args ...any) {
		r.tally.count(&r.tally.wrong)
		r.t.Errorf(format, args...)
	}
	for _, p := range released {
		if seen[p.job] {
			continue
		}
		seen[p.job] = true
		var first []byte
		for i, v := range r.voters() {
			file, err := r.fetch(v, p)
			if err != nil {
				wrong("job %s: proof of %s: %v", p.job, v.name, err)
				continue
			}
			if i == 0 {
				first = file
			} else if !bytes.Equal(first, file) {
				wrong("job %s: %s has another proof than %s", p.job, v.name, r.nodes[0].name)
			}
		}
		body := witness(r.load.size, p.witness)
		if err := judgeFile(body, p.job, first); err != nil {
			wrong("job %s: the proof that was released: %v", p.job, err)
			continue
		}
		if samples < sampleProofs {
			samples++
			if again, err := prove(body); err != nil || !bytes.Equal(again, first) {
				wrong("job %s: a proof made here differs from the one released (%v)", p.job, err)
			}
		}
	}
}

// fetch gets a job's proof from one voter.
func (r *rig) fetch(v *process, p promise) ([]byte, error) {
	id, err := hex.DecodeString(p.job)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	resp, err := r.accessAt(p.tenant, v).Jobs.FetchProof(ctx, connect.NewRequest(&rppv1.FetchProofRequest{Id: id}))
	if err != nil {
		return nil, api.FromError(err)
	}
	if d := blake3.Sum256(resp.Msg.ProofFile); !bytes.Equal(d[:], resp.Msg.Digest) {
		return nil, fmt.Errorf("the bytes are not of the digest %x that came with them", resp.Msg.Digest)
	}
	return resp.Msg.ProofFile, nil
}

// checkReleases asks whether each job was released once: the cluster counts releases, and
// lists jobs.
func (r *rig) checkReleases() {
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	released := map[string]bool{}
	for page := ""; ; {
		resp, err := r.operator().Jobs.List(ctx, connect.NewRequest(&rppv1.ListRequest{State: rppv1.JobState_JOB_STATE_RELEASED, Limit: 1000, Page: page}))
		if err != nil {
			r.t.Error(api.FromError(err))
			return
		}
		for _, j := range resp.Msg.Jobs {
			released[hex.EncodeToString(j.Id)] = true
		}
		if page = resp.Msg.NextPage; page == "" {
			break
		}
	}
	s, err := r.clusterStatus()
	if err != nil {
		r.t.Error(err)
		return
	}
	if int(s.Queue.Released) != len(released) {
		r.tally.count(&r.tally.wrong)
		r.t.Errorf("%d releases of %d jobs", s.Queue.Released, len(released))
	}
}

// checkDigests waits until all voters have applied the same entries, and compares what
// that has come to.
func (r *rig) checkDigests() {
	var last string
	err := r.await("one state", 15*time.Second, func() bool {
		last = ""
		same := map[string]bool{}
		for _, v := range r.voters() {
			s, err := v.status()
			if err != nil || s.Node.Raft == nil {
				last = fmt.Sprint(v.name, ": ", err)
				return false
			}
			same[fmt.Sprint(s.Node.Raft.Applied, s.Node.Raft.StateDigest)] = true
			last += fmt.Sprintf(" %s: %d %.8s", v.name, s.Node.Raft.Applied, s.Node.Raft.StateDigest)
		}
		return len(same) == 1
	})
	if err != nil {
		r.tally.count(&r.tally.wrong)
		r.t.Errorf("%v:%s", err, last)
	}
}

// checkSecrets looks for what witnesses say in data directories, logs and metrics.
func (r *rig) checkSecrets() {
	var canaries [][]byte
	for _, p := range r.load.promises() {
		if len(canaries) < 8 {
			canaries = append(canaries, canary(witness(r.load.size, p.witness)))
		}
	}
	look := func(where string, b []byte) {
		for _, c := range canaries {
			if bytes.Contains(b, c) {
				r.tally.count(&r.tally.wrong)
				r.t.Errorf("%s holds %x, which is of a witness", where, c)
			}
		}
	}
	for _, p := range r.nodes {
		filepath.WalkDir(p.dir, func(path string, e os.DirEntry, err error) error {
			if err == nil && e.Type().IsRegular() {
				if b, err := os.ReadFile(path); err == nil {
					look(path, b)
				}
			}
			return nil
		})
		if b, err := os.ReadFile(p.logFile); err == nil {
			look(p.logFile, b)
		}
		for _, page := range []string{"/metrics", "/status/node", "/status/cluster"} {
			if b, err := p.page(page); err == nil {
				look(p.name+page, b)
			}
		}
	}
}

// canary is a piece of a witness that nothing else has: of a transaction in its middle.
func canary(body []byte) []byte {
	return body[len(body)/2 : len(body)/2+24]
}

// checkUsage ends the nodes, and asks what they have held on to.
func (r *rig) checkUsage() {
	for _, p := range r.nodes {
		u, err := p.usage()
		if err != nil {
			r.t.Error(err)
			continue
		}
		goroutines, err := p.dump()
		if err != nil {
			r.t.Error(err)
		}
		if u.residentBytes > residentMax || u.files > filesMax || u.threads > threadsMax || goroutines > goroutinesMax {
			r.t.Errorf("%s has %d MiB, %d files, %d threads, %d goroutines", p.name, u.residentBytes>>20, u.files, u.threads, goroutines)
		} else if p == r.nodes[0] || p == r.nodes[voterCount] {
			r.t.Logf("%s has %d MiB, %d files, %d threads, %d goroutines", p.name, u.residentBytes>>20, u.files, u.threads, goroutines)
		}
	}
}
