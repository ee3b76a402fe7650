package api

import (
	"context"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

var ctx = context.Background()

// An empty tenant is the caller's own; another's is refused, to operators it is not.
func TestTenantOfARequest(t *testing.T) {
	w, n := solo(t)
	for _, c := range []struct {
		role       identity.Role
		own, asked string
		submitted  string // what the backend sees
		code       fault.Code
		listed     string
		listCode   fault.Code
	}{
		{role: identity.Validator, own: "one", submitted: "one", listed: "one"},
		{role: identity.Validator, own: "one", asked: "one", submitted: "one", listed: "one"},
		{role: identity.Validator, own: "one", asked: "two", code: fault.CodeDenied, listCode: fault.CodeDenied},
		{role: identity.Operator, asked: "two", submitted: "two", listed: "two"},
		{role: identity.Operator, code: fault.CodeField}, // may list all, must say for whom it submits
		{role: identity.Auditor, asked: "two", code: fault.CodeDenied, listed: "two"},
	} {
		client := w.client(c.role, c.own, n)
		check := func(what string, err error, code fault.Code, seen func(any) string, want string) {
			t.Helper()
			if code != "" {
				wantFault(t, err, code)
				return
			}
			if err != nil {
				t.Fatalf("%s by %s for %q: %v", what, c.role, c.asked, err)
			}
			if got := seen(n.desk.request); got != want {
				t.Errorf("%s by %s for %q: the backend saw tenant %q, want %q", what, c.role, c.asked, got, want)
			}
		}
		s := &rppv1.SubmitRequest{Family: "pruning", Witness: []byte("w"), Tenant: c.asked}
		_, err := client.Jobs.Submit(ctx, connect.NewRequest(s))
		check("submit", err, c.code, func(r any) string { return r.(*rppv1.SubmitRequest).Tenant }, c.submitted)
		_, err = client.Jobs.List(ctx, connect.NewRequest(&rppv1.ListRequest{Tenant: c.asked}))
		check("list", err, c.listCode, func(r any) string { return r.(*rppv1.ListRequest).Tenant }, c.listed)
		_, err = client.Jobs.Get(ctx, connect.NewRequest(&rppv1.GetRequest{IdempotencyKey: "k", Tenant: c.asked}))
		code := c.listCode
		if c.asked == "" && c.own == "" {
			code = fault.CodeField
		}
		check("get by key", err, code, func(r any) string { return r.(*rppv1.GetRequest).Tenant }, c.listed)
	}
}

// Another tenant's job is refused in the very words of one that does not exist, by every
// route that takes an identifier.
func TestAnotherTenantsJobDoesNotExist(t *testing.T) {
	w, n := solo(t)
	n.desk.tenants[job(1)] = []string{"two", "three"}
	routes := map[string]func(*Client, []byte) error{
		"get": func(c *Client, id []byte) error {
			_, err := c.Jobs.Get(ctx, connect.NewRequest(&rppv1.GetRequest{Id: id}))
			return err
		},
		"cancel": func(c *Client, id []byte) error {
			_, err := c.Jobs.Cancel(ctx, connect.NewRequest(&rppv1.CancelRequest{Id: id}))
			return err
		},
		"fetch": func(c *Client, id []byte) error {
			_, err := c.Jobs.FetchProof(ctx, connect.NewRequest(&rppv1.FetchProofRequest{Id: id}))
			return err
		},
		"watch": func(c *Client, id []byte) error {
			s, err := c.Jobs.Watch(ctx, connect.NewRequest(&rppv1.WatchRequest{Id: id}))
			if err != nil {
				return err
			}
			defer s.Close()
			for s.Receive() {
			}
			return s.Err()
		},
	}
	stranger := w.client(identity.Validator, "one", n)
	owner := w.client(identity.Validator, "three", n)
	operator := w.client(identity.Operator, "", n)
	for name, call := range routes {
		before := n.desk.count()
		theirs, none := call(stranger, digest(1)), call(stranger, digest(2))
		wantFault(t, theirs, fault.CodeNoJob)
		wantFault(t, none, fault.CodeNoJob)
		a, b := FromError(theirs), FromError(none)
		if a.Remedy != b.Remedy || a.RetryAfter != b.RetryAfter || len(a.Message) != len(b.Message) {
			t.Errorf("%s: %v and %v differ", name, a, b)
		}
		if n.desk.count() != before {
			t.Errorf("%s: the backend was asked", name)
		}
		if err := call(owner, digest(1)); err != nil {
			t.Errorf("%s by a tenant of the job: %v", name, err)
		}
		if err := call(operator, digest(1)); err != nil {
			t.Errorf("%s by an operator: %v", name, err)
		}
		wantFault(t, call(operator, digest(2)), fault.CodeNoJob)
	}
}

// Status and quarantine are cut down to the caller's own.
func TestAnswersAreCutToTheTenant(t *testing.T) {
	w, n := solo(t)
	n.desk.tenants[job(1)] = []string{"one"}
	n.desk.tenants[job(2)] = []string{"two"}
	status := &rppv1.StatusResponse{
		Decisions: []*rppv1.Decision{{Job: digest(1)}, {Job: digest(2)}, {Job: digest(3)}, {Kind: "quarantine"}},
		Members:   []*rppv1.Member{{Devices: []*rppv1.Device{{Running: digest(1)}, {Running: digest(2)}, {}}}},
	}
	for _, c := range []struct {
		client             *Client
		decisions, running int
		entries            int
	}{
		{w.client(identity.Validator, "one", n), 1, 1, 1},
		{w.client(identity.Operator, "", n), 4, 2, 3},
	} {
		n.desk.set(func(d *desk) { d.status = proto.Clone(status).(*rppv1.StatusResponse) })
		res, err := c.client.Cluster.Status(ctx, connect.NewRequest(&rppv1.StatusRequest{}))
		if err != nil {
			t.Fatal(err)
		}
		running := 0
		for _, d := range res.Msg.Members[0].Devices {
			if len(d.Running) > 0 {
				running++
			}
		}
		list, err := c.client.Cluster.ListQuarantine(ctx, connect.NewRequest(&rppv1.ListQuarantineRequest{}))
		if err != nil {
			t.Fatal(err)
		}
		if len(res.Msg.Decisions) != c.decisions || running != c.running || len(list.Msg.Entries) != c.entries {
			t.Errorf("%d decisions, %d running, %d entries; want %d, %d, %d",
				len(res.Msg.Decisions), running, len(list.Msg.Entries), c.decisions, c.running, c.entries)
		}
	}
}
