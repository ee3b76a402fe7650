package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"connectrpc.com/connect"
	"github.com/zeebo/blake3"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/node"
)

type proofsSubmitCmd struct {
	callFlags
	Family  string  `help:"Circuit family; see 'circuits list'." required:""`
	Witness string  `help:"Witness file, JSON or binary; - for standard input." required:"" placeholder:"FILE"`
	Profile string  `help:"production, production-fast, fast or bench." default:"production"`
	Hash    string  `help:"poseidon2 or keccak: tree and transcript." default:"poseidon2"`
	ChainID *uint64 `name:"chain-id" help:"Chain that the proof is bound to; the cluster's if not given." placeholder:"N"`
	Key     string  `name:"idempotency-key" help:"Name of the request: submitting it again finds the same job." placeholder:"KEY"`
	Tenant  string  `help:"Of an operator: whose job it is." placeholder:"TENANT"`
	Retry   bool    `help:"Wait as the cluster asks to when it has too much to do; otherwise that is an error that says when to try again."`
	Wait    bool    `help:"Wait until the proof is released."`
	Out     string  `short:"o" help:"Proof file to write; implies --wait." placeholder:"FILE"`
}

func (c *proofsSubmitCmd) Help() string {
	return "When it returns, the job survives the loss of any minority of voters.\n\n" +
		"Examples:\n" +
		"  rpp-node witness sample --family pruning --seed 1 -o block.json\n" +
		"  rpp-node validator proofs submit --family pruning --witness block.json --wait -o block.proof --as me\n" +
		"  rpp-node validator proofs submit --family pruning --witness block.json --idempotency-key block-17 --as me --json"
}

func (c *proofsSubmitCmd) Run(e *env) error {
	witness, err := readWitness(c.Witness)
	if err != nil {
		return err
	}
	to, err := c.access(c.Retry)
	if err != nil {
		return err
	}
	defer to.Close()
	ctx, stop := interruptible()
	defer stop()
	return answered(ctx, c.run(ctx, e, to, witness))
}

func (c *proofsSubmitCmd) run(ctx context.Context, e *env, to *node.Caller, witness []byte) error {
	chain := to.Membership.ChainID
	if c.ChainID != nil {
		chain = *c.ChainID
	}
	submitting, cancel := context.WithTimeout(ctx, c.Timeout) // of the submission, not of the proof
	defer cancel()
	resp, err := to.Jobs.Submit(submitting, connect.NewRequest(&rppv1.SubmitRequest{
		Family: c.Family, Witness: witness, Profile: c.Profile, Hash: c.Hash, ChainId: chain, IdempotencyKey: c.Key, Tenant: c.Tenant,
	}))
	if err != nil {
		return err
	}
	job := resp.Msg.Job
	if !c.Wait && c.Out == "" {
		if c.JSON {
			return writeJSON(e.out, plain(resp.Msg))
		}
		known := ""
		if resp.Msg.Existing {
			known = ", known already"
		}
		_, err := fmt.Fprintf(e.out, "job %x is %s%s\n", job.Id, stateName(job.State), known)
		return err
	}
	if job, err = watchJob(ctx, e.err, to, job.Id); err != nil {
		return err
	}
	return c.finish(ctx, e, to, job)
}

// finish shows a job that has ended and fetches its proof.
func (c *proofsSubmitCmd) finish(ctx context.Context, e *env, to *node.Caller, job *rppv1.Job) error {
	if c.JSON {
		if err := writeJSON(e.out, plain(job)); err != nil {
			return err
		}
	}
	if err := jobError(job); err != nil {
		return err
	}
	if c.Out != "" {
		if err := fetchProof(ctx, to, job, c.Out); err != nil {
			return err
		}
	}
	if c.JSON {
		return nil
	}
	_, err := fmt.Fprintf(e.out, "job %x is released after %s: %d bytes, %d receipts\n", job.Id, time.Duration(job.FinishedMs-job.AcceptedMs)*time.Millisecond, job.ProofBytes, len(job.Receipts))
	return err
}

// watchJob follows a job to its end and shows how it gets on.
func watchJob(ctx context.Context, show io.Writer, to *node.Caller, id []byte) (*rppv1.Job, error) {
	n := newNotes(show)
	defer n.clear()
	return to.Watch(ctx, [32]byte(id), func(j *rppv1.Job) error {
		n.say(jobNote(j))
		return nil
	})
}

// jobNote is a job's state on one line.
func jobNote(j *rppv1.Job) string {
	s := fmt.Sprintf("job %s: %s", shortHex(j.Id), stateName(j.State))
	if j.Device != "" {
		s += " on " + j.Device
	}
	if j.Attempts > 1 {
		s += fmt.Sprintf(", attempt %d", j.Attempts)
	}
	if j.Decision != "" {
		s += ": " + j.Decision
	}
	return s
}

// proofOf fetches a job's proof and checks that it is the one that was released.
func proofOf(ctx context.Context, from *node.Caller, job *rppv1.Job) ([]byte, error) {
	resp, err := from.Jobs.FetchProof(ctx, connect.NewRequest(&rppv1.FetchProofRequest{Id: job.Id}))
	if err != nil {
		return nil, err
	}
	b := resp.Msg.ProofFile
	if sum := blake3.Sum256(b); !bytes.Equal(sum[:], resp.Msg.Digest) || len(job.ProofDigest) > 0 && !bytes.Equal(sum[:], job.ProofDigest) {
		return nil, fault.New(fault.CodeCorrupt, "the proof of job %x has digest %x, not the released one", job.Id, sum)
	}
	return b, nil
}

type proofsWatchCmd struct {
	callFlags
	jobFlags
}

func (c *proofsWatchCmd) Help() string {
	return "Ends with the job: exit 0 if it is released, otherwise as its code says. With --json one line for each change.\n\n" +
		"Example:\n  rpp-node validator proofs watch 9f2c... --as me"
}

func (c *proofsWatchCmd) Run(e *env) error {
	return c.waiting(func(ctx context.Context, to *node.Caller) error {
		job, err := c.get(ctx, to)
		if err != nil {
			return err
		}
		lines := json.NewEncoder(e.out)
		job, err = to.Watch(ctx, [32]byte(job.Id), func(j *rppv1.Job) error {
			if c.JSON {
				return lines.Encode(plain(j))
			}
			_, err := fmt.Fprintln(e.out, jobNote(j))
			return err
		})
		if err != nil {
			return err
		}
		return jobError(job)
	})
}
