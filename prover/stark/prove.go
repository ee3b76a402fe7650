package stark

import (
	"fmt"
	"slices"

	"rpp-node/prover/challenger"
	"rpp-node/prover/codec"
	"rpp-node/prover/device"
	"rpp-node/prover/field"
	"rpp-node/prover/matrix"
	"rpp-node/prover/memory"
	"rpp-node/prover/merkle"
	"rpp-node/prover/merkle/tree"
	"rpp-node/prover/ntt"
	"rpp-node/prover/shard"
	"rpp-node/prover/system"
)

// Stage names a stage of a proof, for progress and for stage tables.
type Stage string

// The stages, in order.
const (
	StagePrepare  Stage = "prepare"
	StageTrace    Stage = "trace"
	StageLookup   Stage = "lookup"
	StageQuotient Stage = "quotient"
	StageCommit   Stage = "quotient-commit"
	StageOpen     Stage = "open"
	StageReduce   Stage = "reduce"
	StageFold     Stage = "fold"
	StageGrind    Stage = "grind"
	StageQuery    Stage = "query"
	StageDone     Stage = "done"
)

// Options say how a proof is made; none changes it.
type Options struct {
	Device       device.Device
	Plan         shard.Plan
	Participants int // in this process; at least one
	// Consume gives the traces away: they are extended where they lie, if their buffers
	// have room (matrix.GetWithin), and put back. The witness must not be used again, even
	// after an error.
	Consume bool
	// Begin, if set, is told when a stage begins.
	Begin func(Stage)
	// Transcript, if set, wraps the transcript, for tapes.
	Transcript func(challenger.Transcript) challenger.Transcript
	// Ran, if set, receives how many tasks of each kind ran on shards.
	Ran func(map[shard.Kind]int)
}

// Prove makes the proof of a witness. The witness is not checked against the
// constraints: a false one gives a proof that the verifier rejects (air.Circuit.Check
// says why).
func Prove(k *Key, w *Witness, o Options) (*codec.Proof, error) {
	s := k.Sys
	handed := false
	defer func() {
		if o.Consume && !handed {
			for _, t := range w.Traces {
				t.Put()
			}
		}
	}()
	if err := o.Plan.Validate(); err != nil {
		return nil, err
	}
	if err := s.Circuit.CheckShape(w.Traces, w.Publics); err != nil {
		return nil, err
	}
	heights := make([]int, len(w.Traces))
	for i, t := range w.Traces {
		heights[i] = ntt.Log(t.Height())
	}
	if err := s.CheckHeights(heights); err != nil {
		return nil, err
	}
	if o.Begin == nil {
		o.Begin = func(Stage) {}
	}
	var t challenger.Transcript = challenger.New(s.Hash, s.Ext)
	if o.Transcript != nil {
		t = o.Transcript(t)
	}
	job := shard.NewJob(s, k.Prep, k.Programs, heights, w.Publics, o.Plan)
	o.Begin(StagePrepare)
	handed = o.Participants <= 1 // a participant that is not alone needs them to the end
	local := shard.NewLocal(job, w.Traces, o.Device, o.Participants, o.Consume)
	defer local.Release()
	c := &conductor{
		job: job, dev: o.Device, exec: local, own: local.Conductor(), t: t, begin: o.Begin,
		trees: map[system.RoundKind]*cutTree{},
	}
	defer c.release()
	p, err := c.prove()
	if err != nil {
		return nil, err
	}
	if o.Ran != nil {
		o.Ran(local.Ran())
	}
	o.Begin(StageDone)
	return p, nil
}

// conductor runs one job's transcript and makes its crown.
type conductor struct {
	job   *shard.Job
	dev   device.Device
	exec  shard.Executor
	own   *shard.Participant
	t     challenger.Transcript
	begin func(Stage)

	ch       shard.Challenges
	trees    map[system.RoundKind]*cutTree
	chunkLDE []matrix.Matrix // of the quotient, by matrix; whole
}

// release gives back what the conductor holds.
func (c *conductor) release() {
	for _, m := range c.chunkLDE {
		m.Put()
	}
	for k, t := range c.trees {
		if k != system.Preprocessed { // the key's
			t.crown.Release()
		}
	}
}

// cutTree is a tree whose lower levels may lie with the shards.
type cutTree struct {
	logMax int
	cut    bool       // into shards, below the crown
	crown  *tree.Tree // levels from the crown's width, or all of them
}

// cap is a copy: the tree's buffer is given back before the proof is done with it.
func (c *cutTree) cap() []merkle.Digest { return slices.Clone(c.crown.Top()) }

func (c *conductor) prove() (*codec.Proof, error) {
	s, j := c.job.Sys, c.job
	p := &codec.Proof{Instances: make([]codec.Opened, len(j.LogHeights))}
	for _, h := range j.LogHeights {
		p.DegreeBits = append(p.DegreeBits, uint64(h))
	}
	c.begin(StageTrace)
	if err := c.commit(system.Main); err != nil {
		return nil, err
	}
	memory.Trim() // what the extension needed beside its result
	p.Main = c.trees[system.Main].cap()
	s.Begin(c.t, j.LogHeights, p.Main, j.Publics)
	if j.Prep != nil {
		c.trees[system.Preprocessed] = &cutTree{logMax: ntt.Log(j.Prep.Tree.Width()), crown: j.Prep.Tree}
	}
	p.Terminals = make([]*field.E, len(j.LogHeights))
	if s.Circuit.HasLookups() {
		c.begin(StageLookup)
		c.ch.Lookups = s.Lookup(c.t)
		if err := c.exec.SetChallenges(&c.ch); err != nil {
			return nil, err
		}
		if err := c.commit(system.Permutation); err != nil {
			return nil, err
		}
		p.Permutation = c.trees[system.Permutation].cap()
		p.Terminals = c.own.Terminals()
		s.Permutation(c.t, p.Permutation, p.Terminals)
	}
	c.begin(StageQuotient)
	c.ch.Alpha = s.Alpha(c.t)
	if err := c.exec.SetChallenges(&c.ch); err != nil {
		return nil, err
	}
	values, err := c.quotient()
	if err != nil {
		return nil, err
	}
	c.begin(StageCommit)
	c.commitQuotient(values)
	p.Quotient = c.trees[system.Quotient].cap()
	c.ch.Zeta = s.Zeta(c.t, p.Quotient)
	if err := c.exec.SetChallenges(&c.ch); err != nil {
		return nil, err
	}
	c.begin(StageOpen)
	opened, err := c.open()
	if err != nil {
		return nil, err
	}
	c.fillOpened(p, opened)
	fri, err := c.lowDegree(opened)
	if err != nil {
		return nil, err
	}
	p.FRI = *fri
	return p, nil
}

// everyShard runs one task on every shard.
func (c *conductor) everyShard(t shard.Task) ([]shard.Result, error) {
	tasks := make([]shard.Task, 1<<c.job.Plan.LogShards)
	for i := range tasks {
		tasks[i] = t
		tasks[i].Shard = i
	}
	return c.exec.Run(tasks)
}

// commit commits to the matrices of one kind: subtrees by the shards, the rest here.
func (c *conductor) commit(k system.RoundKind) error {
	j := c.job
	r := j.Round(k)
	shape := j.Sys.Shape(r)
	ct := &cutTree{logMax: shape.LogMax(), cut: j.ShardedRound(r)}
	var base []merkle.Digest
	if ct.cut {
		results, err := c.everyShard(shard.Task{Kind: shard.Commit, Round: k})
		if err != nil {
			return err
		}
		for _, res := range results {
			base = append(base, res.Digests...)
		}
	}
	var small []matrix.Matrix
	for i := range r.Mats {
		if !j.Sharded(&r.Mats[i]) {
			small = append(small, c.own.Whole(k, i))
		}
	}
	ct.crown = c.dev.Tree(j.Suite, base, small, 1<<merkle.LogCap(j.Sys.FRI.CapHeight, ct.logMax))
	c.trees[k] = ct
	return nil
}

// quotient collects the quotient values of every table.
func (c *conductor) quotient() ([][]field.E, error) {
	j := c.job
	out := make([][]field.E, len(j.LogHeights))
	main := j.Round(system.Main)
	if j.ShardedRound(main) {
		results, err := c.everyShard(shard.Task{Kind: shard.Evaluate})
		if err != nil {
			return nil, err
		}
		for _, res := range results {
			for i, v := range res.Values {
				if out[i] == nil {
					out[i] = v
				} else {
					out[i] = append(out[i], v...)
				}
			}
		}
	}
	for i := range out {
		if n := 1 << (j.LogHeights[i] + j.Sys.Layout.Tables[i].LogChunks); !j.Sharded(&main.Mats[i]) {
			out[i] = c.own.Quotient(i, 0, n)
		} else if len(out[i]) != n {
			return nil, fmt.Errorf("stark: shards gave %d quotient values, want %d", len(out[i]), n)
		}
	}
	return out, nil
}

// commitQuotient splits each table's quotient into its chunks and commits to them: chunk
// c is committed rows [br(c)·N, (br(c)+1)·N), the values on the coset g·w^c·H.
func (c *conductor) commitQuotient(values [][]field.E) {
	j, x, f := c.job, c.job.Sys.Ext, c.job.Sys.Ext.Base
	mats := j.Round(system.Quotient).Mats
	c.chunkLDE = make([]matrix.Matrix, len(mats))
	list := make([]device.Extension, len(mats))
	for i := range mats {
		m := &mats[i]
		lc := j.Sys.Layout.Tables[m.Table].LogChunks
		n := 1 << m.LogHeight
		rows := values[m.Table][field.ReverseBits(m.Chunk, lc)*n:][:n]
		c.chunkLDE[i] = matrix.Get(1<<j.LDELog(m), x.D)
		coset := f.Mul(f.Generator(), f.Exp(f.Root(m.LogHeight+lc), uint64(m.Chunk)))
		for r := range rows {
			copy(c.chunkLDE[i].Row(r), rows[r][:x.D])
		}
		list[i] = device.Extension{
			Rows: c.chunkLDE[i], Values: c.chunkLDE[i].Rows(0, n),
			Order: ntt.Reversed, From: coset, Shift: f.Generator(),
		}
	}
	clear(values)
	c.dev.Extend(f, list)
	memory.Trim()
	logMax := j.LogMax()
	c.trees[system.Quotient] = &cutTree{
		logMax: logMax,
		crown:  c.dev.Tree(j.Suite, nil, c.chunkLDE, 1<<merkle.LogCap(j.Sys.FRI.CapHeight, logMax)),
	}
}

// open evaluates every polynomial at its points. Shards give partial sums.
func (c *conductor) open() ([][][][]field.E, error) {
	j, x := c.job, c.job.Sys.Ext
	out := make([][][][]field.E, len(j.Rounds))
	place := map[system.RoundKind]int{}
	sharded := false
	opener := shard.NewOpener(j, c.dev.For, c.ch.Zeta)
	for r := range j.Rounds {
		kind := j.Rounds[r].Kind
		place[kind] = r
		out[r] = make([][][]field.E, len(j.Rounds[r].Mats))
		for m := range j.Rounds[r].Mats {
			mat := &j.Rounds[r].Mats[m]
			if kind != system.Quotient && j.Sharded(mat) {
				sharded = true
				continue
			}
			out[r][m] = opener.Sums(mat, c.whole(kind, m), 0)
		}
	}
	if !sharded {
		return out, nil
	}
	results, err := c.everyShard(shard.Task{Kind: shard.Open})
	if err != nil {
		return nil, err
	}
	for _, res := range results {
		for _, s := range res.Sums {
			dst := &out[place[s.Round]][s.Mat]
			if *dst == nil {
				*dst = s.Points
				continue
			}
			for k := range s.Points {
				for i, v := range s.Points[k] {
					(*dst)[k][i] = x.Add((*dst)[k][i], v)
				}
			}
		}
	}
	return out, nil
}

// whole returns all rows of a matrix that is not cut.
func (c *conductor) whole(k system.RoundKind, mat int) matrix.Matrix {
	if k == system.Quotient {
		return c.chunkLDE[mat]
	}
	return c.own.Whole(k, mat)
}

func (c *conductor) fillOpened(p *codec.Proof, opened [][][][]field.E) {
	for r := range c.job.Rounds {
		for m, mat := range c.job.Rounds[r].Mats {
			o, points := &p.Instances[mat.Table], opened[r][m]
			var next []field.E
			if mat.Next {
				next = points[1]
			}
			switch c.job.Rounds[r].Kind {
			case system.Main:
				o.MainLocal, o.MainNext = points[0], next
			case system.Quotient:
				o.Quotient = append(o.Quotient, points[0])
			case system.Preprocessed:
				o.PrepLocal, o.PrepNext = points[0], next
			case system.Permutation:
				o.PermLocal, o.PermNext = points[0], next
			}
		}
	}
}
