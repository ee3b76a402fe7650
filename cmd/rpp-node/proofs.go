package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"math"
	"os"
	"strings"
	"time"

	"connectrpc.com/connect"

	"rpp-node/cluster/api"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/node"
)

// proofsCmd is a validator's business with proofs.
type proofsCmd struct {
	Submit  proofsSubmitCmd  `cmd:"" help:"Ask for a proof of a witness."`
	Get     proofsGetCmd     `cmd:"" help:"Show a job."`
	Watch   proofsWatchCmd   `cmd:"" help:"Follow a job until its end."`
	List    proofsListCmd    `cmd:"" help:"List jobs, newest last."`
	Cancel  proofsCancelCmd  `cmd:"" help:"Take a request back."`
	Fetch   proofsFetchCmd   `cmd:"" help:"Fetch a released proof."`
	Verify  proofsVerifyCmd  `cmd:"" help:"Have a node verify a proof file; exit 1 if it rejects it."`
	Preload proofsPreloadCmd `cmd:"" help:"Have every node hold the keys of all or some families."`
}

// jobFlags name a job.
type jobFlags struct {
	Job    string `arg:"" optional:"" help:"Identifier of the job, 64 hexadecimal digits."`
	Key    string `name:"idempotency-key" help:"In its place: the key that it was submitted with." placeholder:"KEY"`
	Tenant string `help:"With the key, of an operator or auditor: whose." placeholder:"TENANT"`
}

// id parses the identifier; it is nil if the job is named by its key.
func (j *jobFlags) id() ([]byte, error) {
	switch {
	case (j.Job == "") == (j.Key == ""):
		return nil, usageError{fmt.Errorf("name a job, by its identifier or with --idempotency-key")}
	case j.Job == "":
		return nil, nil
	}
	return parseJob(j.Job)
}

func parseJob(text string) ([]byte, error) {
	id, err := hex.DecodeString(text)
	if err != nil || len(id) != 32 {
		return nil, usageError{fmt.Errorf("job %q: want 64 hexadecimal digits", text)}
	}
	return id, nil
}

// get finds the job.
func (j *jobFlags) get(ctx context.Context, from *node.Caller) (*rppv1.Job, error) {
	id, err := j.id()
	if err != nil {
		return nil, err
	}
	resp, err := from.Jobs.Get(ctx, connect.NewRequest(&rppv1.GetRequest{Id: id, IdempotencyKey: j.Key, Tenant: j.Tenant}))
	if err != nil {
		return nil, err
	}
	return resp.Msg.Job, nil
}

// stateName is a job's state in words.
func stateName(s rppv1.JobState) string { return enumName(s.Descriptor(), s.Number()) }

// jobError is why a job that has ended has no proof.
func jobError(j *rppv1.Job) error {
	switch {
	case j.State == rppv1.JobState_JOB_STATE_RELEASED || !api.Final(j.State):
		return nil
	case j.State == rppv1.JobState_JOB_STATE_CANCELLED:
		return fmt.Errorf("%w: job %x was cancelled", errRejected, j.Id)
	}
	f := &fault.Error{Kind: fault.KindOf(fault.Code(j.Code)), Code: fault.Code(j.Code), Message: fmt.Sprintf("job %x is %s: %s", j.Id, stateName(j.State), j.Reason), Remedy: j.Remedy}
	if f.Kind == 0 {
		f.Kind = fault.Internal
	}
	return f
}

// printJob prints all that is known of a job.
func printJob(w io.Writer, j *rppv1.Job) error {
	s := j.GetSpec()
	fmt.Fprintf(w, "%x\n", j.Id)
	t := newTable(w)
	t.row("  state", stateName(j.State))
	t.row("  of", fmt.Sprintf("%s/%s %s, %s tree, chain %d, key %s", s.GetFamily(), s.GetVariant(), s.GetProfile(), s.GetHash(), s.GetChainId(), shortHex(s.GetKeyFingerprint())))
	t.row("  accepted", clock(j.AcceptedMs))
	if j.FinishedMs != 0 {
		t.row("  finished", fmt.Sprintf("%s (after %s)", clock(j.FinishedMs), time.Duration(j.FinishedMs-j.AcceptedMs)*time.Millisecond))
	}
	t.row("  attempts", fmt.Sprintf("%d, revived %d times", j.Attempts, j.Revived))
	if j.Device != "" {
		t.row("  device", j.Device)
	}
	if j.Decision != "" {
		t.row("  decision", j.Decision)
	}
	if j.Code != "" {
		t.row("  code", j.Code)
		t.row("  reason", j.Reason)
		t.row("  remedy", j.Remedy)
	}
	if len(j.ProofDigest) > 0 {
		t.row("  proof", fmt.Sprintf("%x, %d bytes, %d receipts", j.ProofDigest, j.ProofBytes, len(j.Receipts)))
	}
	return t.flush()
}

type proofsGetCmd struct {
	callFlags
	jobFlags
}

func (c *proofsGetCmd) Help() string {
	return "Examples:\n  rpp-node validator proofs get 9f2c... --as me\n  rpp-node validator proofs get --idempotency-key block-17 --as me --json"
}

func (c *proofsGetCmd) Run(e *env) error {
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		job, err := c.get(ctx, to)
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e.out, plain(job))
		}
		return printJob(e.out, job)
	})
}

type proofsListCmd struct {
	callFlags
	Tenant string `help:"Only of this tenant."`
	State  string `help:"Only in this state: accepted, running, assembled, released, failed, cancelled or quarantined." enum:"accepted,running,assembled,released,failed,cancelled,quarantined," default:""`
	Family string `help:"Only of this family."`
	Limit  int    `help:"Most jobs to list." default:"100"`
}

func (c *proofsListCmd) Help() string {
	return "Example:\n  rpp-node validator proofs list --state running --as me"
}

func (c *proofsListCmd) Run(e *env) error {
	if c.Limit < 1 {
		return usageError{fmt.Errorf("--limit: %d, want 1 or more", c.Limit)}
	}
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		jobs, err := c.list(ctx, to)
		if err != nil {
			return err
		}
		if c.JSON {
			out := []any{}
			for _, j := range jobs {
				out = append(out, plain(j))
			}
			return writeJSON(e.out, out)
		}
		t := newTable(e.out, "JOB", "FAMILY", "STATE", "ACCEPTED", "ATTEMPTS", "DEVICE", "PROOF")
		for _, j := range jobs {
			size := ""
			if j.ProofBytes > 0 {
				size = inUnits(j.ProofBytes)
			}
			t.row(hex.EncodeToString(j.Id), j.GetSpec().GetFamily(), stateName(j.State), clock(j.AcceptedMs), j.Attempts, j.Device, size)
		}
		return t.flush()
	})
}

func (c *proofsListCmd) list(ctx context.Context, from *node.Caller) ([]*rppv1.Job, error) {
	req := &rppv1.ListRequest{Tenant: c.Tenant, Family: c.Family, State: rppv1.JobState(rppv1.JobState_value["JOB_STATE_"+strings.ToUpper(c.State)])}
	var jobs []*rppv1.Job
	for {
		req.Limit = uint32(min(c.Limit-len(jobs), api.ListCountMax))
		resp, err := from.Jobs.List(ctx, connect.NewRequest(req))
		if err != nil {
			return nil, err
		}
		jobs = append(jobs, resp.Msg.Jobs...)
		if req.Page = resp.Msg.NextPage; req.Page == "" || len(jobs) >= c.Limit {
			return jobs, nil
		}
	}
}

type proofsCancelCmd struct {
	callFlags
	jobFlags
}

func (c *proofsCancelCmd) Help() string {
	return "A job that others have asked for too goes on for them.\n\nExample:\n  rpp-node validator proofs cancel 9f2c... --as me"
}

func (c *proofsCancelCmd) Run(e *env) error {
	id, err := c.id()
	if err != nil {
		return err
	}
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Jobs.Cancel(ctx, connect.NewRequest(&rppv1.CancelRequest{Id: id, IdempotencyKey: c.Key, Tenant: c.Tenant}))
		if err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e.out, plain(resp.Msg.Job))
		}
		_, err = fmt.Fprintf(e.out, "job %x is %s\n", resp.Msg.Job.Id, stateName(resp.Msg.Job.State))
		return err
	})
}

type proofsFetchCmd struct {
	callFlags
	jobFlags
	Out string `short:"o" help:"Proof file to write." required:""`
}

func (c *proofsFetchCmd) Help() string {
	return "Example:\n  rpp-node validator proofs fetch 9f2c... -o block.proof --as me"
}

func (c *proofsFetchCmd) Run(e *env) error {
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		job, err := c.get(ctx, to)
		if err != nil {
			return err
		}
		if err := fetchProof(ctx, to, job, c.Out); err != nil {
			return err
		}
		if c.JSON {
			return writeJSON(e.out, plain(job))
		}
		_, err = fmt.Fprintf(e.out, "wrote %s: %d bytes\n", c.Out, job.ProofBytes)
		return err
	})
}

type proofsVerifyCmd struct {
	callFlags
	Proof string `arg:"" help:"Proof file."`
}

func (c *proofsVerifyCmd) Help() string {
	return "The node that is asked verifies, by the cluster's key; 'rpp-node verify' does the same here, offline.\n\nExample:\n  rpp-node validator proofs verify block.proof --as me"
}

func (c *proofsVerifyCmd) Run(e *env) error {
	b, err := readFile(c.Proof, api.ProofBytesMax)
	if err != nil {
		return err
	}
	return c.calling(func(ctx context.Context, to *node.Caller) error {
		resp, err := to.Jobs.Verify(ctx, connect.NewRequest(&rppv1.VerifyRequest{ProofFile: b}))
		if err != nil {
			return err
		}
		r := resp.Msg
		if c.JSON {
			if err := writeJSON(e.out, plain(r)); err != nil {
				return err
			}
		}
		if !r.Accepted {
			return &fault.Error{Kind: fault.Rejected, Code: fault.Code(r.Code), Message: fmt.Sprintf("%s: %s", c.Proof, r.Reason)}
		}
		if !c.JSON {
			s := r.GetSpec()
			_, err = fmt.Fprintf(e.out, "verified %s/%s %s, %s tree, chain %d: %.1f ms, %.2f bits proven\n", s.GetFamily(), s.GetVariant(), s.GetProfile(), s.GetHash(), s.GetChainId(), r.VerifyMs, math.Floor(r.ProvenBits*100)/100) // bits are never rounded up
		}
		return err
	})
}

// fetchProof writes a job's proof to a file, if it is what was released.
func fetchProof(ctx context.Context, from *node.Caller, job *rppv1.Job, file string) error {
	b, err := proofOf(ctx, from, job)
	if err != nil {
		return err
	}
	if err := writeFile(file, b); err != nil {
		return fmt.Errorf("the proof is released and can be fetched again: %w", err)
	}
	return nil
}

// readWitness reads a witness file, - being standard input.
func readWitness(name string) ([]byte, error) {
	if name != "-" {
		return readFile(name, api.WitnessBytesMax)
	}
	b, err := io.ReadAll(io.LimitReader(os.Stdin, api.WitnessBytesMax+1))
	if err == nil && len(b) > api.WitnessBytesMax {
		err = usageError{fmt.Errorf("standard input: more than %d bytes", api.WitnessBytesMax)}
	}
	return b, err
}
