package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/api/proto/rpp/v1/rppv1connect"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

var protocols = map[string]connect.ClientOption{
	"connect":  connect.WithClientOptions(),
	"json":     connect.WithProtoJSON(),
	"grpc":     connect.WithGRPC(),
	"grpc-web": connect.WithGRPCWeb(),
}

// Every code comes back whole through every protocol, from a call and from a stream.
func TestErrorsCrossTheWire(t *testing.T) {
	w, n := solo(t)
	n.desk.tenants[job(1)] = nil
	client := w.http(identity.Operator, "")
	for name, option := range protocols {
		jobs := rppv1connect.NewJobServiceClient(client, "https://"+n.address, option)
		for _, code := range fault.Codes() {
			sent := fault.New(code, "what happened to %s", "ünïcode").After(1500 * time.Millisecond)
			n.desk.set(func(d *desk) { d.fail = fmt.Errorf("wrapped: %w", sent) })

			_, err := jobs.Get(context.Background(), connect.NewRequest(&rppv1.GetRequest{Id: digest(1)}))
			same(t, name+" call", FromError(err), sent)
			var asSent *connect.Error
			if errors.As(err, &asSent); asSent.Meta().Get(headerRetryAfter) != "2" {
				t.Errorf("%s %s: Retry-After %q, want 2", name, code, asSent.Meta().Get(headerRetryAfter))
			}
			if got := n.observed.last(); got != string(code) {
				t.Errorf("%s: the observer saw %q, want %q", name, got, code)
			}

			stream, err := jobs.Watch(context.Background(), connect.NewRequest(&rppv1.WatchRequest{Id: digest(1)}))
			if err == nil {
				for stream.Receive() {
					t.Errorf("%s %s: a message came", name, code)
				}
				err = stream.Err()
				stream.Close()
			}
			same(t, name+" stream", FromError(err), sent)
		}
	}
}

func same(t *testing.T, where string, got, want *fault.Error) {
	t.Helper()
	if got.Code != want.Code || got.Kind != want.Kind || got.Message != want.Message ||
		got.Remedy != want.Remedy || got.RetryAfter != want.RetryAfter {
		t.Errorf("%s: got %+v, want %+v", where, got, want)
	}
}

func TestStatusOfErrors(t *testing.T) {
	w, n := solo(t)
	n.desk.tenants[job(1)] = nil
	client := w.http(identity.Operator, "")
	want := map[fault.Kind]int{
		fault.Invalid: 400, fault.Unauthenticated: 401, fault.Denied: 403, fault.NotFound: 404, fault.Conflict: 409,
		fault.Exhausted: 429, fault.NoSpace: 507, fault.Unavailable: 503, fault.Rejected: 422, fault.Corrupt: 500, fault.Internal: 500,
	}
	for _, code := range fault.Codes() {
		n.desk.set(func(d *desk) { d.fail = fault.New(code, "x") })
		status, got, body := post(t, client, n, string(identity.ClusterMembers), "{}")
		expected := want[fault.KindOf(code)]
		if code == fault.CodeTooBig {
			expected = http.StatusRequestEntityTooLarge
		}
		if status != expected || got != string(code) || !strings.Contains(body, `"message":"x"`) {
			t.Errorf("%s: status %d, code %q, want %d: %s", code, status, got, expected, body)
		}
	}
}

// What is not meant for users stays in the log.
func TestForeignErrorsAreNotShown(t *testing.T) {
	w, n := solo(t)
	client := w.client(identity.Operator, "", n)
	n.desk.set(func(d *desk) { d.fail = errors.New("pebble: /secret/path: broken") })
	_, err := client.Cluster.Members(context.Background(), connect.NewRequest(&rppv1.MembersRequest{}))
	wantFault(t, err, fault.CodeInternal)
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the caller is told %q", err)
	}
}

// panicking is a Keys whose Coverage has a bug.
type panicking struct{ Keys }

func (panicking) Coverage(context.Context, Caller, *rppv1.CoverageRequest) (*rppv1.CoverageResponse, error) {
	panic("a bug")
}

func TestPanicFailsOneCall(t *testing.T) {
	w, n := solo(t, func(c *Config) { c.Keys = panicking{c.Keys} })
	client := w.client(identity.Operator, "", n)
	for range 2 {
		_, err := client.Keys.Coverage(context.Background(), connect.NewRequest(&rppv1.CoverageRequest{}))
		wantFault(t, err, fault.CodeInternal)
	}
	eventually(t, "giving the slots back", func() bool { return n.admission.count(small) == 0 })
}

func TestFromErrorWithoutDetail(t *testing.T) {
	for _, c := range []struct {
		err  error
		code fault.Code
	}{
		{connect.NewError(connect.CodeInvalidArgument, errors.New("x")), fault.CodeField},
		{connect.NewError(connect.CodeResourceExhausted, errors.New("x")), fault.CodeTooBig},
		{connect.NewError(connect.CodeUnavailable, errors.New("x")), fault.CodeUnreachable},
		{connect.NewError(connect.CodeUnimplemented, errors.New("x")), fault.CodeVersion},
		{connect.NewError(connect.CodeOutOfRange, errors.New("x")), fault.CodeInternal},
		{context.Canceled, fault.CodeUnreachable},
		{errors.New("x"), fault.CodeUnreachable},
	} {
		if got := FromError(c.err); got.Code != c.code || !errors.Is(got, c.err) {
			t.Errorf("%v became %v, want %s around it", c.err, got, c.code)
		}
	}
	if FromError(nil) != nil {
		t.Error("nil became an error")
	}
}

// A newer release may have codes that this one does not know.
func TestFromErrorWithANewCode(t *testing.T) {
	sent := connect.NewError(connect.CodeUnavailable, errors.New("x"))
	d, err := connect.NewErrorDetail(&rppv1.ErrorDetail{Code: "C599-new", RetryAfterMs: 5})
	if err != nil {
		t.Fatal(err)
	}
	sent.AddDetail(d)
	if got := FromError(sent); got.Code != "C599-new" || got.Kind != fault.Unavailable || got.RetryAfter != 5*time.Millisecond {
		t.Errorf("got %+v", got)
	}
}
