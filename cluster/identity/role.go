package identity

import "fmt"

// Role is what a certificate's holder is to the cluster. The numbers are part of the
// join token's format.
type Role uint8

// The roles. Voters and workers are nodes, the others are people and their programs.
const (
	Anonymous Role = iota // no certificate
	Voter
	Worker
	Validator
	Operator
	Auditor
	roleCount
)

var roleNames = [roleCount]string{"anonymous", "voter", "worker", "validator", "operator", "auditor"}

func (r Role) String() string {
	if r < roleCount {
		return roleNames[r]
	}
	return fmt.Sprintf("role %d", uint8(r))
}

// Node says whether the role is a node's: it may answer calls, not only make them.
func (r Role) Node() bool { return r == Voter || r == Worker }

// known says whether a certificate can have the role.
func (r Role) known() bool { return r > Anonymous && r < roleCount }

// ParseRole reads the name of a role that a certificate can have.
func ParseRole(s string) (Role, error) {
	for r := Voter; r < roleCount; r++ {
		if s == roleNames[r] {
			return r, nil
		}
	}
	return Anonymous, fmt.Errorf("role %.32q: want voter, worker, validator, operator or auditor", s)
}
