package identity

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

const nameScheme = "rpp://"

// The kinds of certificates that are not a role's: they sign others.
const (
	kindRoot   = "root"
	kindIssuer = "issuer"
)

// name is what a certificate's URI says:
//
//	rpp://<cluster>/<role>/<id>[?tenant=<tenant>]   of a node or a person
//	rpp://<cluster>/root/<id>                       of the cluster's root
//	rpp://<cluster>/issuer/<id of the voter>        of a voter's issuer
//
// There is one spelling of each name, without escapes.
type name struct {
	cluster, kind string
	id            NodeID
	tenant        string
}

func (n name) String() string {
	s := nameScheme + n.cluster + "/" + n.kind + "/" + n.id.String()
	if n.tenant != "" {
		s += "?tenant=" + n.tenant
	}
	return s
}

func (n name) url() *url.URL {
	u, err := url.Parse(n.String())
	if err != nil {
		panic(err) // no part has a character that needs an escape
	}
	return u
}

func parseName(s string) (name, error) {
	if len(s) > maxNameBytes {
		return name{}, fmt.Errorf("URI name: longer than %d bytes", maxNameBytes)
	}
	rest, ok := strings.CutPrefix(s, nameScheme)
	if !ok {
		return name{}, fmt.Errorf("URI name: does not begin with %s", nameScheme)
	}
	path, query, hasQuery := strings.Cut(rest, "?")
	parts := strings.Split(path, "/")
	if len(parts) != 3 {
		return name{}, errors.New("URI name: want rpp://<cluster>/<role>/<id>")
	}
	n := name{cluster: parts[0], kind: parts[1]}
	if err := CheckCluster(n.cluster); err != nil {
		return name{}, fmt.Errorf("URI name: %w", err)
	}
	role, err := ParseRole(n.kind)
	if err != nil && n.kind != kindRoot && n.kind != kindIssuer {
		return name{}, fmt.Errorf("URI name: %w", err)
	}
	if n.id, err = ParseNodeID(parts[2]); err != nil {
		return name{}, fmt.Errorf("URI name: %w", err)
	}
	if hasQuery {
		tenant, ok := strings.CutPrefix(query, "tenant=")
		if !ok || tenant == "" {
			return name{}, errors.New("URI name: the only query is tenant=<tenant>")
		}
		n.tenant = tenant
	}
	if err := checkTenantOf(role, n.tenant); err != nil {
		return name{}, fmt.Errorf("URI name: %w", err)
	}
	return n, nil
}

// checkTenantOf holds validators to having a tenant and everybody else to having none.
func checkTenantOf(role Role, tenant string) error {
	switch {
	case role != Validator && tenant != "":
		return fmt.Errorf("only a validator has a tenant, not a %s", role)
	case role == Validator && tenant == "":
		return errors.New("a validator needs a tenant")
	case role == Validator:
		return CheckTenant(tenant)
	}
	return nil
}

// CheckCluster holds a cluster's ID to the form of a DNS label in lower case.
func CheckCluster(s string) error {
	if s == "" || len(s) > MaxClusterBytes || strings.Trim(s, lowerDigits+"-") != "" ||
		s[0] == '-' || s[len(s)-1] == '-' {
		return fmt.Errorf("cluster ID %.64q: want 1 to %d of a-z, 0-9 and inner hyphens", s, MaxClusterBytes)
	}
	return nil
}

// CheckTenant holds a tenant's name to characters that need no escape anywhere.
func CheckTenant(s string) error {
	if s == "" || len(s) > MaxTenantBytes || strings.Trim(s, lowerDigits+"-_.") != "" {
		return fmt.Errorf("tenant %.64q: want 1 to %d of a-z, 0-9, '-', '_' and '.'", s, MaxTenantBytes)
	}
	return nil
}

const lowerDigits = "abcdefghijklmnopqrstuvwxyz0123456789"
