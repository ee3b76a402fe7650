package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/local"
	"rpp-node/cluster/node"
	"rpp-node/prover/circuit"
)

// demoCmd runs a cluster through its life on one machine.
type demoCmd struct {
	Seed    uint64 `help:"Seed of the samples." default:"1"`
	Jobs    int    `help:"Jobs of each family." default:"12"`
	Threads int    `help:"Worker threads; 0 for all cores." default:"0"`
	Local   bool   `help:"Without a cluster: prove and verify one sample of every family in this process."`
	JSON    bool   `help:"Print the results as JSON."`
}

func (c *demoCmd) Help() string {
	return "Starts three voters and two workers, submits jobs of every family, kills a worker and then the leader while they\n" +
		"run, and checks that every proof was released once, verifies, and is byte for byte what one process makes.\n" +
		"Exit 1 if one is not.\n\nExamples:\n  rpp-node demo --seed 7\n  rpp-node demo --local"
}

// Figures of the demo.
const (
	demoTimeout = 3 * time.Minute
	demoTenant  = "demo"
	demoVoters  = 3
	demoWorkers = 2
	demoJobsMax = 1000
)

func (c *demoCmd) Run(e *env) error {
	if c.Jobs < 1 || c.Jobs > demoJobsMax {
		return usageError{fmt.Errorf("--jobs: %d, want 1 to %d", c.Jobs, demoJobsMax)}
	}
	if _, err := threads(c.Threads); err != nil {
		return err
	}
	if c.Local {
		return c.runLocal(e)
	}
	dir, err := os.MkdirTemp("", "rpp-demo-")
	if err != nil {
		return startUpError{err}
	}
	defer os.RemoveAll(dir)
	ctx, stop := interruptible()
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, demoTimeout)
	defer cancel()
	r, err := c.run(ctx, e, dir)
	if err != nil {
		return answered(ctx, err)
	}
	return c.print(e, r)
}

// demo is a demo that runs.
type demo struct {
	cluster *local.Cluster
	as      *node.Caller
	notes   *notes
	began   time.Time

	mu       sync.Mutex
	jobs     []*demoJob // fields that watchers write are guarded by mu
	released int
	victims  []string // nodes that were killed
}

// demoJob is one job of the demo.
type demoJob struct {
	family  *circuit.Family
	seed    uint64
	witness []byte
	id      []byte
	job     *rppv1.Job // as it ended
	device  string     // that it was last seen on
}

func (c *demoCmd) run(ctx context.Context, e *env, dir string) (*demoResult, error) {
	d := &demo{notes: newNotes(e.err), began: time.Now()}
	defer d.notes.clear()
	o, err := localOptions(e, dir, "demo", demoVoters, demoWorkers, c.Threads)
	if err != nil {
		return nil, err
	}
	o.Progress = d.say
	if d.cluster, err = local.Start(ctx, o); err != nil {
		return nil, startUpError{err}
	}
	defer d.cluster.Close()
	if d.as, err = d.cluster.Validator(ctx, demoTenant); err != nil {
		return nil, startUpError{err}
	}
	defer d.as.Close()
	if err := d.submit(ctx, c.Seed, c.Jobs); err != nil {
		return nil, err
	}
	if err := d.survive(ctx); err != nil {
		return nil, err
	}
	return d.check(ctx, c.Threads)
}

// say shows what happens, and when.
func (d *demo) say(what string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.notes.say(fmt.Sprintf("%6.2f s  %s", time.Since(d.began).Seconds(), what))
}

// submit hands in the jobs.
func (d *demo) submit(ctx context.Context, seed uint64, count int) error {
	families := circuit.Families()
	for i := range families {
		f := &families[i]
		d.say(fmt.Sprintf("submitting %d jobs of family %s", count, f.Name))
		for n := range uint64(count) {
			w, err := f.Sample(f.DefaultSize, seed+n)
			if err != nil {
				return err
			}
			j := &demoJob{family: f, seed: seed + n, witness: w.Binary()}
			resp, err := d.as.Jobs.Submit(ctx, connect.NewRequest(&rppv1.SubmitRequest{Family: f.Name, Witness: j.witness, ChainId: d.as.Membership.ChainID}))
			if err != nil {
				return err
			}
			j.id = resp.Msg.Job.Id
			d.jobs = append(d.jobs, j)
		}
	}
	return nil
}

// survive watches the jobs to their end. When the first proof is released it kills a worker
// that has a job, when a third of them are, the leader.
func (d *demo) survive(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	progress := make(chan struct{}, 1)
	errs := make(chan error, len(d.jobs))
	for _, j := range d.jobs {
		go func() { errs <- d.watch(ctx, j, progress) }()
	}
	var killed sync.WaitGroup
	defer killed.Wait()
	kill := func(what, name string) {
		d.victims = append(d.victims, name)
		d.say(fmt.Sprintf("killing %s, %s", name, what))
		killed.Go(func() { d.cluster.Kill(name) })
	}
	for left := len(d.jobs); left > 0; {
		select {
		case err := <-errs:
			if err != nil {
				return err
			}
			left--
		case <-progress:
		}
		released, busy := d.standing()
		switch {
		case len(d.victims) == 0 && released > 0 && busy != "":
			kill("which has a job", busy)
		case len(d.victims) == 1 && 3*released >= len(d.jobs):
			if n := d.cluster.Leader(); n != nil {
				kill("the leader", n.Name())
			}
		}
	}
	if len(d.victims) != 2 {
		return fmt.Errorf("the jobs were done before a worker and the leader could be killed: ask for more with --jobs")
	}
	return nil
}

// watch follows a job to its end.
func (d *demo) watch(ctx context.Context, j *demoJob, progress chan<- struct{}) error {
	job, err := d.as.Watch(ctx, [32]byte(j.id), func(now *rppv1.Job) error {
		d.mu.Lock()
		if now.Device != "" {
			j.device = now.Device
		}
		if api.Final(now.State) {
			j.job = now
			d.released++
		}
		d.mu.Unlock()
		select {
		case progress <- struct{}{}:
		default:
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("job %s: %w", shortHex(j.id), err)
	}
	if err := jobError(job); err != nil {
		return err
	}
	d.say(fmt.Sprintf("%s seed %d is released, proved on %s", j.family.Name, j.seed, or(j.device, "a worker")))
	return nil
}

// standing says how many jobs are released, and a worker that has one which is not.
func (d *demo) standing() (released int, busy string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, j := range d.jobs {
		if j.job == nil && j.device != "" {
			busy, _, _ = strings.Cut(j.device, "/")
		}
	}
	return d.released, busy
}
