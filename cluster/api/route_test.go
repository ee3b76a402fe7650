package api

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// procedures calls f with every method of the contracts and its path.
func procedures(f func(path string, m protoreflect.MethodDescriptor)) {
	for _, file := range contracts {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				m := service.Methods().Get(j)
				f(fmt.Sprintf("/%s/%s", service.FullName(), m.Name()), m)
			}
		}
	}
}

var everyRole = []identity.Role{
	identity.Anonymous, identity.Voter, identity.Worker, identity.Validator, identity.Operator, identity.Auditor,
}

func TestRoutesAreTheContracts(t *testing.T) {
	if err := checkRoutes(); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{string(identity.HealthCheck): true, string(identity.HealthWatch): true}
	procedures(func(path string, m protoreflect.MethodDescriptor) {
		known[path] = true
		r := routes[path]
		streams := m.IsStreamingServer() || m.IsStreamingClient()
		if streams != (r.class == stream) || streams != (r.timeout == 0) {
			t.Errorf("%s: the contract and the route differ about streaming", path)
		}
		if m.IsStreamingClient() != r.manyRequests() {
			t.Errorf("%s: the contract and the route differ about streams of requests", path)
		}
		if m.Options().(*descriptorpb.MethodOptions).GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS && !r.repeatable {
			t.Errorf("%s has no side effects but is not repeatable", path)
		}
		anybody := false
		for _, role := range everyRole {
			anybody = anybody || identity.ScopeOf(role, r.action) != identity.None
		}
		if !anybody {
			t.Errorf("%s: the table of rights grants it to nobody", path)
		}
	})
	for path, r := range routes {
		if !known[path] {
			t.Errorf("route %s is in no contract", path)
		}
		if string(r.action) != path {
			t.Errorf("route %s asks for the right to %s", path, r.action)
		}
	}
}

// Every route × role: who has no right is refused before anything is read, everybody
// else is not refused for want of a right.
func TestEveryRouteAsksForTheRight(t *testing.T) {
	w, n := solo(t)
	for _, role := range everyRole {
		tenant := ""
		if role == identity.Validator {
			tenant = "one"
		}
		client := w.http(role, tenant)
		for path, r := range routes {
			before := n.desk.count()
			header := []string{}
			if r.class == stream {
				header = []string{"Content-Type", "application/connect+json"}
			}
			_, code, _ := post(t, client, n, path, "{", header...) // not a message of any kind
			refused := code == string(fault.CodeDenied) || code == string(fault.CodeUnauthenticated)
			if may := identity.ScopeOf(role, r.action) != identity.None; may == refused {
				t.Errorf("%s by %s: code %q, the table says %v", path, role, code, may)
			}
			if n.desk.count() != before {
				t.Errorf("%s by %s: the backend was called", path, role)
			}
		}
	}
}

func TestUnknownPaths(t *testing.T) {
	w, n := solo(t)
	for _, path := range []string{"/", "/rpp.v1.JobService/", "/rpp.v1.JobService/submit", "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"} {
		if status, _, _ := post(t, w.http(identity.Operator, ""), n, path, "{}"); status != http.StatusNotFound {
			t.Errorf("%s: status %d, want 404", path, status)
		}
	}
	if list := strings.Join(Routes(), " "); !strings.Contains(list, string(identity.JobSubmit)) {
		t.Errorf("Routes() = %s", list)
	}
}
