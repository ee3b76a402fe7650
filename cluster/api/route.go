package api

import (
	"fmt"
	"slices"
	"time"

	"google.golang.org/protobuf/reflect/protoreflect"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/identity"
)

// place is who can answer.
type place uint8

const (
	here   place = iota // the node that is asked
	voter               // any voter; a worker sends the caller to the leader
	leader              // the leader: others pass the call on
	direct              // the leader, but the caller must call it itself
)

// class is which room a call takes.
type class uint8

const (
	small class = iota
	joining
	large // bodies of clients
	peer  // bodies of nodes: clients cannot starve them
	stream
	classCount
)

// route is what the edge knows about a procedure.
type route struct {
	where place
	class class

	// bodyMax bounds the whole body; in streams of requests, each message.
	bodyMax int64
	timeout time.Duration // of a stream: none
	read    time.Duration // for the body

	// repeatable calls may be sent again when it is unknown whether they were done.
	repeatable bool

	action identity.Action // also the path
}

const (
	repeatable = true
	once       = false
)

func short(where place, repeatable bool) route {
	return route{where: where, class: small, bodyMax: smallBodyMax, timeout: smallTimeout, read: readTimeout, repeatable: repeatable}
}

func long(where place, repeatable bool) route {
	r := short(where, repeatable)
	r.timeout = patientTimeout
	return r
}

func heavy(where place, c class, bodyMax int64) route {
	return route{where: where, class: c, bodyMax: bodyMax, timeout: largeTimeout, read: largeTimeout, repeatable: repeatable}
}

func streaming(where place, bodyMax int64) route {
	return route{where: where, class: stream, bodyMax: bodyMax, repeatable: once}
}

// routes has a row for every procedure; a test compares it with the contracts.
var routes = actions(map[identity.Action]route{
	identity.JobSubmit:     heavy(leader, large, witnessBodyMax),
	identity.JobGet:        short(leader, repeatable),
	identity.JobWatch:      streaming(leader, smallBodyMax),
	identity.JobList:       short(leader, repeatable),
	identity.JobCancel:     short(leader, repeatable),
	identity.JobFetchProof: short(voter, repeatable),
	identity.JobVerify:     heavy(here, large, proofBodyMax),

	identity.ClusterStatus:             short(here, repeatable),
	identity.ClusterMembers:            short(here, repeatable),
	identity.ClusterCreateToken:        short(leader, once),
	identity.ClusterListTokens:         short(leader, repeatable),
	identity.ClusterRevokeToken:        short(leader, repeatable),
	identity.ClusterDrain:              short(leader, repeatable),
	identity.ClusterRemove:             long(leader, repeatable),
	identity.ClusterTransferLeadership: short(leader, once),
	identity.ClusterSnapshot:           long(voter, repeatable),
	identity.ClusterBackup:             streaming(leader, smallBodyMax),
	identity.ClusterRestore:            streaming(leader, restoreBodyMax),
	identity.ClusterRotateGossipKey:    long(leader, once),
	identity.ClusterListQuarantine:     short(leader, repeatable),
	identity.ClusterLiftQuarantine:     short(leader, repeatable),

	identity.KeyPreload:  long(leader, repeatable),
	identity.KeyCoverage: short(leader, repeatable),
	identity.KeyRotate:   long(leader, once),

	identity.Join: {where: leader, class: joining, bodyMax: smallBodyMax, timeout: smallTimeout, read: readTimeout},

	identity.PeerRenew:        short(voter, repeatable),
	identity.PeerStoreWitness: heavy(here, peer, witnessBodyMax),
	identity.PeerReceipt:      heavy(here, peer, proofBodyMax),
	identity.PeerChunk:        short(here, repeatable),
	identity.PeerGossipKey:    short(here, repeatable),
	identity.PeerReport:       {where: leader, class: small, bodyMax: reportBodyMax, timeout: smallTimeout, read: readTimeout, repeatable: repeatable},

	identity.WorkerSession: streaming(direct, proofBodyMax),

	identity.HealthCheck: short(here, repeatable),
	identity.HealthWatch: streaming(here, smallBodyMax),
})

// actions writes each route's key into it and turns the keys into paths.
func actions(rows map[identity.Action]route) map[string]*route {
	table := make(map[string]*route, len(rows))
	for action, r := range rows {
		r.action = action
		table[string(action)] = &r
	}
	return table
}

// Routes lists the paths of all routes.
func Routes() []string {
	var list []string
	for path := range routes {
		list = append(list, path)
	}
	slices.Sort(list)
	return list
}

// contracts are the files whose services are served.
var contracts = []protoreflect.FileDescriptor{
	rppv1.File_rpp_v1_jobs_proto,
	rppv1.File_rpp_v1_cluster_proto,
	internalv1.File_rpp_internal_v1_internal_proto,
}

// checkRoutes refuses to serve a procedure that the table does not know.
func checkRoutes() error {
	for _, file := range contracts {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				path := fmt.Sprintf("/%s/%s", service.FullName(), service.Methods().Get(j).Name())
				if routes[path] == nil {
					return fmt.Errorf("api: %s has no route", path)
				}
			}
		}
	}
	return nil
}
