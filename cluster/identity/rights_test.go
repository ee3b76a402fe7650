package identity_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	_ "rpp-node/cluster/api/proto/rpp/internalv1"
	_ "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// others are the actions that no service of ours declares.
var others = []identity.Action{
	identity.RaftStream, identity.HealthCheck, identity.HealthWatch, identity.HealthList,
	identity.HTTPHealth, identity.HTTPStatusNode, identity.HTTPStatusCluster, identity.HTTPMetrics,
	identity.ArtifactKey, identity.ArtifactProof, identity.ArtifactWitness, identity.ActFor,
}

var roles = []identity.Role{identity.Anonymous, identity.Voter, identity.Worker, identity.Validator, identity.Operator, identity.Auditor}

// routes lists the procedures of the generated services.
func routes() (list []identity.Action) {
	for _, pkg := range []protoreflect.FullName{"rpp.v1", "rpp.internal.v1"} {
		protoregistry.GlobalFiles.RangeFilesByPackage(pkg, func(f protoreflect.FileDescriptor) bool {
			for i := range f.Services().Len() {
				s := f.Services().Get(i)
				for j := range s.Methods().Len() {
					list = append(list, identity.Action(fmt.Sprintf("/%s/%s", s.FullName(), s.Methods().Get(j).Name())))
				}
			}
			return true
		})
	}
	slices.Sort(list)
	return list
}

// TestRights asks about every route, role and tenant, and compares the answers with a
// table that a reviewer reads. Each role's three letters answer for its own tenant,
// another's, and none: y allowed, l only under a lease, - denied.
func TestRights(t *testing.T) {
	actions := routes()
	if len(actions) < 30 {
		t.Fatalf("only %d routes were found", len(actions))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%-48s", "")
	for _, r := range roles {
		fmt.Fprintf(&b, " %9s", r)
	}
	b.WriteByte('\n')
	for _, a := range append(actions, others...) {
		granted := false
		fmt.Fprintf(&b, "%-48s", a)
		for _, r := range roles {
			id := identity.Identity{Cluster: "alpha", Role: r}
			if r == identity.Validator {
				id.Tenant = "own"
			}
			cell := ""
			for _, tenant := range []string{"own", "other", ""} {
				cell += answer(t, id, a, tenant)
			}
			granted = granted || cell != "---"
			fmt.Fprintf(&b, " %9s", cell)
		}
		b.WriteByte('\n')
		if !granted {
			t.Errorf("%s has no row in the table of rights, or nobody may do it", a)
		}
	}
	if n := identity.RightsCount(); n != len(actions)+len(others) {
		t.Errorf("the table has %d rows for %d routes and %d other actions", n, len(actions), len(others))
	}
	const path = "testdata/rights.txt"
	if updating() {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if golden := must(os.ReadFile(path))(t); b.String() != string(golden) {
		t.Errorf("rights changed; look at the difference, then run with -update:\n%s", b.String())
	}
}

func answer(t *testing.T, id identity.Identity, a identity.Action, tenant string) string {
	err := identity.Allow(id, a, tenant)
	if err == nil {
		return "y"
	}
	want := fault.CodeDenied
	switch {
	case id.Role == identity.Anonymous:
		want = fault.CodeUnauthenticated
	case identity.ScopeOf(id.Role, a) == identity.OwnLease:
		want = fault.CodeNoLease
	}
	if !fault.Is(err, want) || !strings.Contains(err.Error(), string(a)) ||
		id.Role != identity.Anonymous && !strings.Contains(err.Error(), id.Role.String()) {
		t.Errorf("%s, %s: %v; want %s that names both", id.Role, a, err, want)
	}
	held, notHeld := identity.AllowHolder(id, a, true), identity.AllowHolder(id, a, false)
	if held == nil && fault.Is(notHeld, fault.CodeNoLease) {
		return "l"
	}
	if held == nil || notHeld == nil {
		t.Errorf("%s, %s: a lease grants what takes none", id.Role, a)
	}
	return "-"
}

func TestUnknownIsDenied(t *testing.T) {
	operator := identity.Identity{Cluster: "alpha", Role: identity.Operator}
	if err := identity.Allow(operator, "/rpp.v1.JobService/Erase", ""); !fault.Is(err, fault.CodeDenied) {
		t.Errorf("an action without a row: %v", err)
	}
	if err := identity.Allow(identity.Identity{Role: 77}, identity.JobGet, ""); !fault.Is(err, fault.CodeDenied) {
		t.Errorf("a role that there is not: %v", err)
	}
	// A validator without a tenant owns nothing, least of all what belongs to nobody.
	if err := identity.Allow(identity.Identity{Role: identity.Validator}, identity.JobGet, ""); !fault.Is(err, fault.CodeDenied) {
		t.Errorf("no tenant for no tenant: %v", err)
	}
}
