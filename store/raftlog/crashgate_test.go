package raftlog

import (
	"errors"
	"io"
	"sync"
	"sync/atomic"

	"github.com/hashicorp/raft"
)

var errDead = errors.New("node is dead")

// gate is the network of one life of a node. Once dead, nothing leaves it, neither a
// request nor a reply: a crash that is simulated by a copy of the disk must not let the
// node promise anything after the copy.
type gate struct {
	*raft.InmemTransport
	lab  *lab
	id   raft.ServerID
	dead atomic.Bool
	out  chan raft.RPC
	quit chan struct{}
	wg   sync.WaitGroup
}

func newGate(lab *lab, id raft.ServerID) *gate {
	_, inner := raft.NewInmemTransportWithTimeout(raft.ServerAddress(id), labRPCTimeout)
	g := &gate{InmemTransport: inner, lab: lab, id: id, out: make(chan raft.RPC), quit: make(chan struct{})}
	g.wg.Go(g.receive)
	return g
}

func (g *gate) receive() {
	for {
		select {
		case <-g.quit:
			return
		case rpc := <-g.InmemTransport.Consumer():
			reply := make(chan raft.RPCResponse, 1)
			to := rpc.RespChan
			rpc.RespChan = reply
			g.wg.Go(func() {
				select {
				case <-g.quit:
				case r := <-reply:
					if !g.dead.Load() {
						to <- r
					}
				}
			})
			select {
			case g.out <- rpc:
			case <-g.quit:
				return
			}
		}
	}
}

func (g *gate) Consumer() <-chan raft.RPC { return g.out }

func (g *gate) alive() error {
	if g.dead.Load() {
		return errDead
	}
	return nil
}

// AppendEntriesPipeline is not offered: its requests would pass by the gate.
func (g *gate) AppendEntriesPipeline(raft.ServerID, raft.ServerAddress) (raft.AppendPipeline, error) {
	return nil, raft.ErrPipelineReplicationNotSupported
}

func (g *gate) AppendEntries(id raft.ServerID, to raft.ServerAddress, a *raft.AppendEntriesRequest, r *raft.AppendEntriesResponse) error {
	if err := g.alive(); err != nil {
		return err
	}
	g.lab.leads(a.Term, g.id)
	return g.InmemTransport.AppendEntries(id, to, a, r)
}

func (g *gate) RequestVote(id raft.ServerID, to raft.ServerAddress, a *raft.RequestVoteRequest, r *raft.RequestVoteResponse) error {
	if err := g.alive(); err != nil {
		return err
	}
	return g.InmemTransport.RequestVote(id, to, a, r)
}

func (g *gate) RequestPreVote(id raft.ServerID, to raft.ServerAddress, a *raft.RequestPreVoteRequest, r *raft.RequestPreVoteResponse) error {
	if err := g.alive(); err != nil {
		return err
	}
	return g.InmemTransport.RequestPreVote(id, to, a, r)
}

func (g *gate) InstallSnapshot(id raft.ServerID, to raft.ServerAddress, a *raft.InstallSnapshotRequest, r *raft.InstallSnapshotResponse, data io.Reader) error {
	if err := g.alive(); err != nil {
		return err
	}
	g.lab.installs.Add(1)
	return g.InmemTransport.InstallSnapshot(id, to, a, r, data)
}

func (g *gate) TimeoutNow(id raft.ServerID, to raft.ServerAddress, a *raft.TimeoutNowRequest, r *raft.TimeoutNowResponse) error {
	if err := g.alive(); err != nil {
		return err
	}
	return g.InmemTransport.TimeoutNow(id, to, a, r)
}

func (g *gate) stop() {
	close(g.quit)
	g.wg.Wait()
	g.InmemTransport.Close()
}
