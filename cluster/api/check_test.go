package api

import (
	"math"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
	"rpp-node/cluster/fault"
)

// checked finds a message's check as the handlers do.
func checked(s *Server, m proto.Message) error {
	switch r := m.(type) {
	case *rppv1.SubmitRequest:
		return s.checkSubmit(r)
	case *rppv1.GetRequest:
		return checkGet(r)
	case *rppv1.WatchRequest:
		return checkWatch(r)
	case *rppv1.ListRequest:
		return s.checkList(r)
	case *rppv1.CancelRequest:
		return checkCancel(r)
	case *rppv1.FetchProofRequest:
		return checkFetchProof(r)
	case *rppv1.VerifyRequest:
		return checkVerify(r)
	case *rppv1.CreateTokenRequest:
		return checkCreateToken(r)
	case *rppv1.RevokeTokenRequest:
		return checkRevokeToken(r)
	case *rppv1.DrainRequest:
		return checkDrain(r)
	case *rppv1.RemoveRequest:
		return checkRemove(r)
	case *rppv1.TransferLeadershipRequest:
		return checkTransfer(r)
	case *rppv1.LiftQuarantineRequest:
		return checkLift(r)
	case *rppv1.PreloadRequest:
		return s.checkPreload(r)
	case *rppv1.RotateRequest:
		return s.checkRotate(r)
	case *internalv1.JoinRequest:
		return checkJoin(r)
	case *internalv1.RenewRequest:
		return checkRenew(r)
	case *internalv1.StoreWitnessRequest:
		return checkStoreWitness(r)
	case *internalv1.ReceiptRequest:
		return checkReceipt(r)
	case *internalv1.ChunkRequest:
		return checkChunk(r)
	case *internalv1.GossipKeyRequest:
		return checkGossipKey(r)
	case *internalv1.ReportRequest:
		return checkReport(r)
	}
	panic("no check")
}

// good is one request of each kind that passes; the table breaks one thing at a time.
var (
	fence      = &internalv1.Fence{Term: 1, Sequence: 2}
	goodSubmit = &rppv1.SubmitRequest{Family: "pruning", Witness: []byte{1}}
	goodJoin   = &internalv1.JoinRequest{Token: "rpp1-x", Csr: []byte{1}, Name: "n", ApiAddress: "h.example:1", GossipAddress: "[::1]:2", Version: "v1"}
	goodLift   = &rppv1.LiftQuarantineRequest{Kind: "device", Subject: "w1/0"}
	goodReport = &internalv1.ReportRequest{Keys: [][]byte{digest(1)}, Version: "v1", Health: "degraded", Reasons: []string{"disk"}}
	goodChunk  = &internalv1.ChunkRequest{Digest: digest(1), Job: digest(2), Fence: fence}
	goodStore  = &internalv1.StoreWitnessRequest{Witness: []byte{1}, Digest: digest(1), Job: digest(2)}
	goodProof  = &internalv1.ReceiptRequest{Job: digest(1), ProofFile: []byte{1}, ProofDigest: digest(2)}
	goodGossip = &internalv1.GossipKeyRequest{Step: "use", Key: digest(1), Version: 1}
	goodToken  = &rppv1.CreateTokenRequest{Role: "validator", Tenant: "one"}
)

// with is a copy with one thing changed.
func with[M proto.Message](m M, change func(M)) M {
	c := proto.Clone(m).(M)
	change(c)
	return c
}

func TestGoodRequestsPass(t *testing.T) {
	_, n := solo(t)
	for _, m := range []proto.Message{
		goodSubmit, goodJoin, goodLift, goodReport, goodChunk, goodStore, goodProof, goodGossip, goodToken,
		with(goodSubmit, func(r *rppv1.SubmitRequest) { r.Witness = make([]byte, WitnessBytesMax) }),
		with(goodSubmit, func(r *rppv1.SubmitRequest) { r.IdempotencyKey = strings.Repeat("k", idempotencyBytesMax) }),
		with(goodSubmit, func(r *rppv1.SubmitRequest) { r.Profile, r.Hash = "production-fast", "keccak" }),
		with(goodProof, func(r *internalv1.ReceiptRequest) { r.ProofFile = make([]byte, ProofBytesMax) }),
		&rppv1.GetRequest{Id: digest(1)}, &rppv1.GetRequest{IdempotencyKey: "k", Tenant: "one"},
		&rppv1.ListRequest{Limit: ListCountMax, State: rppv1.JobState_JOB_STATE_FAILED, Family: "pruning"},
		&rppv1.CreateTokenRequest{Role: "worker", TtlMs: tokenLifetimeMax.Milliseconds()},
		&rppv1.TransferLeadershipRequest{}, &rppv1.PreloadRequest{}, &rppv1.DrainRequest{Node: "w1"},
		&internalv1.ChunkRequest{Digest: digest(1), Index: chunkIndexMax},
	} {
		if err := checked(n.Server, m); err != nil {
			t.Errorf("%T: %v", m, err)
		}
	}
}

func TestMalformedRequestsAreRefused(t *testing.T) {
	_, n := solo(t)
	long := strings.Repeat("x", 5000)
	tooMany := make([][]byte, reportKeysMax+1)
	for i := range tooMany {
		tooMany[i] = digest(1)
	}
	for _, c := range []struct {
		field string
		code  fault.Code
		m     proto.Message
	}{
		{"family", fault.CodeFamily, with(goodSubmit, func(r *rppv1.SubmitRequest) { r.Family = "prunning" })},
		{"witness", fault.CodeField, with(goodSubmit, func(r *rppv1.SubmitRequest) { r.Witness = nil })},
		{"witness", fault.CodeTooBig, with(goodSubmit, func(r *rppv1.SubmitRequest) { r.Witness = make([]byte, WitnessBytesMax+1) })},
		{"profile", fault.CodeField, with(goodSubmit, func(r *rppv1.SubmitRequest) { r.Profile = "weak" })},
		{"hash", fault.CodeField, with(goodSubmit, func(r *rppv1.SubmitRequest) { r.Hash = "md5" })},
		{"idempotency_key", fault.CodeField, with(goodSubmit, func(r *rppv1.SubmitRequest) { r.IdempotencyKey = long[:idempotencyBytesMax+1] })},
		{"idempotency_key", fault.CodeField, with(goodSubmit, func(r *rppv1.SubmitRequest) { r.IdempotencyKey = "a\nb" })},
		{"tenant", fault.CodeField, with(goodSubmit, func(r *rppv1.SubmitRequest) { r.Tenant = "One" })},

		{"id", fault.CodeField, &rppv1.GetRequest{}},
		{"id", fault.CodeField, &rppv1.GetRequest{Id: digest(1), IdempotencyKey: "k"}},
		{"id", fault.CodeField, &rppv1.GetRequest{Id: digest(1)[1:]}},
		{"idempotency_key", fault.CodeField, &rppv1.GetRequest{IdempotencyKey: long}},
		{"tenant", fault.CodeField, &rppv1.GetRequest{IdempotencyKey: "k", Tenant: long}},
		{"id", fault.CodeField, &rppv1.CancelRequest{}},
		{"id", fault.CodeField, &rppv1.WatchRequest{Id: append(digest(1), 0)}},
		{"id", fault.CodeField, &rppv1.FetchProofRequest{}},
		{"limit", fault.CodeField, &rppv1.ListRequest{Limit: ListCountMax + 1}},
		{"state", fault.CodeField, &rppv1.ListRequest{State: 99}},
		{"family", fault.CodeFamily, &rppv1.ListRequest{Family: "x"}},
		{"page", fault.CodeField, &rppv1.ListRequest{Page: long}},
		{"proof_file", fault.CodeField, &rppv1.VerifyRequest{}},
		{"proof_file", fault.CodeTooBig, &rppv1.VerifyRequest{ProofFile: make([]byte, ProofBytesMax+1)}},

		{"role", fault.CodeField, &rppv1.CreateTokenRequest{Role: "root"}},
		{"role", fault.CodeField, &rppv1.CreateTokenRequest{Role: "anonymous"}},
		{"tenant", fault.CodeField, &rppv1.CreateTokenRequest{Role: "validator"}},
		{"tenant", fault.CodeField, &rppv1.CreateTokenRequest{Role: "voter", Tenant: "one"}},
		{"ttl_ms", fault.CodeField, &rppv1.CreateTokenRequest{Role: "voter", TtlMs: -1}},
		{"ttl_ms", fault.CodeField, &rppv1.CreateTokenRequest{Role: "voter", TtlMs: math.MaxInt64}},
		{"id", fault.CodeField, &rppv1.RevokeTokenRequest{}},
		{"node", fault.CodeField, &rppv1.DrainRequest{}},
		{"node", fault.CodeField, &rppv1.DrainRequest{Node: "a b"}},
		{"node", fault.CodeField, &rppv1.RemoveRequest{Node: long}},
		{"node", fault.CodeField, &rppv1.TransferLeadershipRequest{Node: "\x00"}},
		{"kind", fault.CodeField, with(goodLift, func(r *rppv1.LiftQuarantineRequest) { r.Kind = "witness" })},
		{"subject", fault.CodeField, with(goodLift, func(r *rppv1.LiftQuarantineRequest) { r.Subject = "" })},
		{"tenant", fault.CodeField, with(goodLift, func(r *rppv1.LiftQuarantineRequest) { r.Tenant = "?" })},
		{"families", fault.CodeField, &rppv1.PreloadRequest{Families: make([]string, familyCountMax+1)}},
		{"families[1]", fault.CodeFamily, &rppv1.PreloadRequest{Families: []string{"pruning", "x"}}},
		{"family", fault.CodeFamily, &rppv1.RotateRequest{}},

		{"token", fault.CodeField, with(goodJoin, func(r *internalv1.JoinRequest) { r.Token = "" })},
		{"token", fault.CodeField, with(goodJoin, func(r *internalv1.JoinRequest) { r.Token = long })},
		{"csr", fault.CodeTooBig, with(goodJoin, func(r *internalv1.JoinRequest) { r.Csr = make([]byte, csrBytesMax+1) })},
		{"name", fault.CodeField, with(goodJoin, func(r *internalv1.JoinRequest) { r.Name = "n\tn" })},
		{"api_address", fault.CodeField, with(goodJoin, func(r *internalv1.JoinRequest) { r.ApiAddress = "host" })},
		{"api_address", fault.CodeField, with(goodJoin, func(r *internalv1.JoinRequest) { r.ApiAddress = "host:0" })},
		{"api_address", fault.CodeField, with(goodJoin, func(r *internalv1.JoinRequest) { r.ApiAddress = ":1" })},
		{"api_address", fault.CodeField, with(goodJoin, func(r *internalv1.JoinRequest) { r.ApiAddress = "a/b:1" })},
		{"gossip_address", fault.CodeField, with(goodJoin, func(r *internalv1.JoinRequest) { r.GossipAddress = long })},
		{"version", fault.CodeField, with(goodJoin, func(r *internalv1.JoinRequest) { r.Version = long })},
		{"csr", fault.CodeField, &internalv1.RenewRequest{}},
		{"witness", fault.CodeField, with(goodStore, func(r *internalv1.StoreWitnessRequest) { r.Witness = nil })},
		{"digest", fault.CodeField, with(goodStore, func(r *internalv1.StoreWitnessRequest) { r.Digest = nil })},
		{"job", fault.CodeField, with(goodStore, func(r *internalv1.StoreWitnessRequest) { r.Job = []byte{1} })},
		{"job", fault.CodeField, with(goodProof, func(r *internalv1.ReceiptRequest) { r.Job = nil })},
		{"proof_file", fault.CodeTooBig, with(goodProof, func(r *internalv1.ReceiptRequest) { r.ProofFile = make([]byte, ProofBytesMax+1) })},
		{"proof_digest", fault.CodeField, with(goodProof, func(r *internalv1.ReceiptRequest) { r.ProofDigest = nil })},
		{"index", fault.CodeField, with(goodChunk, func(r *internalv1.ChunkRequest) { r.Index = chunkIndexMax + 1 })},
		{"fence", fault.CodeField, with(goodChunk, func(r *internalv1.ChunkRequest) { r.Fence = nil })},
		{"fence", fault.CodeField, with(goodChunk, func(r *internalv1.ChunkRequest) { r.Fence = &internalv1.Fence{Term: 1} })},
		{"digest", fault.CodeField, with(goodChunk, func(r *internalv1.ChunkRequest) { r.Digest = nil })},
		{"step", fault.CodeField, with(goodGossip, func(r *internalv1.GossipKeyRequest) { r.Step = "erase" })},
		{"key", fault.CodeField, with(goodGossip, func(r *internalv1.GossipKeyRequest) { r.Key = r.Key[:16] })},
		{"version", fault.CodeField, with(goodGossip, func(r *internalv1.GossipKeyRequest) { r.Version = 0 })},
		{"keys", fault.CodeField, with(goodReport, func(r *internalv1.ReportRequest) { r.Keys = tooMany })},
		{"keys[0]", fault.CodeField, with(goodReport, func(r *internalv1.ReportRequest) { r.Keys[0] = nil })},
		{"reasons", fault.CodeField, with(goodReport, func(r *internalv1.ReportRequest) { r.Reasons = make([]string, reasonCountMax+1) })},
		{"api_address", fault.CodeField, with(goodReport, func(r *internalv1.ReportRequest) { r.ApiAddress = "nowhere" })},
		{"gossip_address", fault.CodeField, with(goodReport, func(r *internalv1.ReportRequest) { r.GossipAddress = "a:b" })},
		{"health", fault.CodeField, with(goodReport, func(r *internalv1.ReportRequest) { r.Health = "fine" })},
		{"reasons[0]", fault.CodeField, with(goodReport, func(r *internalv1.ReportRequest) { r.Reasons[0] = long })},
	} {
		err := checked(n.Server, c.m)
		if !fault.Is(err, c.code) || !strings.Contains(err.Error(), string(c.code)+": "+c.field+": ") {
			t.Errorf("%T %s: %v, want %s of that field", c.m, c.field, err, c.code)
		}
	}
}

func TestRestoreMessages(t *testing.T) {
	for _, c := range []struct {
		name string
		ms   []*rppv1.RestoreRequest
		ok   bool
	}{
		{"whole", []*rppv1.RestoreRequest{{Digest: digest(1), Size: 3, Data: []byte("ab")}, {Data: []byte("c")}}, true},
		{"nothing", nil, false},
		{"no digest", []*rppv1.RestoreRequest{{Size: 1, Data: []byte("a")}}, false},
		{"no size", []*rppv1.RestoreRequest{{Digest: digest(1), Data: []byte("a")}}, false},
		{"too big", []*rppv1.RestoreRequest{{Digest: digest(1), Size: restoreBytesMax + 1}}, false},
		{"too short", []*rppv1.RestoreRequest{{Digest: digest(1), Size: 3, Data: []byte("ab")}}, false},
		{"too long", []*rppv1.RestoreRequest{{Digest: digest(1), Size: 1, Data: []byte("ab")}}, false},
		{"two digests", []*rppv1.RestoreRequest{{Digest: digest(1), Size: 2, Data: []byte("a")}, {Digest: digest(1), Data: []byte("b")}}, false},
		{"empty chunk", []*rppv1.RestoreRequest{{Digest: digest(1), Size: 2, Data: []byte("a")}, {}}, false},
		{"chunk too big", []*rppv1.RestoreRequest{{Digest: digest(1), Size: restoreBytesMax, Data: make([]byte, restoreChunkMax+1)}}, false},
	} {
		var r restore
		var err error
		for _, m := range c.ms {
			if err = r.check(m); err != nil {
				break
			}
		}
		if err == nil {
			err = r.end()
		}
		if ok := err.Error() == "EOF"; ok != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestSessionMessages(t *testing.T) {
	hello := func(change func(*internalv1.Hello)) *internalv1.WorkerMessage {
		h := &internalv1.Hello{Version: "v1", Devices: []*internalv1.DeviceOffer{{Name: "w/0", Kind: "cpu", Threads: 1}},
			Resident: []*internalv1.Resident{{Job: digest(1), Fence: fence, Device: "w/0"}}}
		change(h)
		return &internalv1.WorkerMessage{Of: &internalv1.WorkerMessage_Hello{Hello: h}}
	}
	beat := func(change func(*internalv1.Heartbeat)) *internalv1.WorkerMessage {
		h := &internalv1.Heartbeat{Sequence: 1, Devices: []*internalv1.DeviceState{{Name: "w/0", Running: fence, Waiting: []*internalv1.Fence{fence}, Stage: "lookup"}}}
		change(h)
		return &internalv1.WorkerMessage{Of: &internalv1.WorkerMessage_Heartbeat{Heartbeat: h}}
	}
	report := func(change func(*internalv1.PartReport)) *internalv1.WorkerMessage {
		r := &internalv1.PartReport{Job: digest(1), Fence: fence, Device: "w/0", Outcome: internalv1.Outcome_OUTCOME_PROVED,
			ProofFile: []byte{1}, ProofDigest: digest(2), WallMs: 1, StagesMs: map[string]float64{"open": 1}}
		change(r)
		return &internalv1.WorkerMessage{Of: &internalv1.WorkerMessage_Report{Report: r}}
	}
	dropped := func(f *internalv1.Fence) *internalv1.WorkerMessage {
		return &internalv1.WorkerMessage{Of: &internalv1.WorkerMessage_Dropped{Dropped: &internalv1.Dropped{Fence: f}}}
	}
	for _, c := range []struct {
		name  string
		first bool
		m     *internalv1.WorkerMessage
		ok    bool
	}{
		{"hello", true, hello(func(*internalv1.Hello) {}), true},
		{"hello twice", false, hello(func(*internalv1.Hello) {}), false},
		{"no hello", true, beat(func(*internalv1.Heartbeat) {}), false},
		{"nothing", true, &internalv1.WorkerMessage{}, false},
		{"nothing later", false, &internalv1.WorkerMessage{}, false},
		{"devices", true, hello(func(h *internalv1.Hello) { h.Devices = make([]*internalv1.DeviceOffer, deviceCountMax+1) }), false},
		{"device without a name", true, hello(func(h *internalv1.Hello) { h.Devices[0].Name = "" }), false},
		{"device without threads", true, hello(func(h *internalv1.Hello) { h.Devices[0].Threads = 0 }), false},
		{"rate", true, hello(func(h *internalv1.Hello) { h.Devices[0].Rates = map[string]float64{"pruning": math.NaN()} }), false},
		{"residents", true, hello(func(h *internalv1.Hello) { h.Resident = make([]*internalv1.Resident, residentCountMax+1) }), false},
		{"resident without a fence", true, hello(func(h *internalv1.Hello) { h.Resident[0].Fence = nil }), false},
		{"heartbeat", false, beat(func(*internalv1.Heartbeat) {}), true},
		{"reclaim", false, beat(func(h *internalv1.Heartbeat) { h.ReclaimMs = -1 }), false},
		{"running", false, beat(func(h *internalv1.Heartbeat) { h.Devices[0].Running = &internalv1.Fence{} }), false},
		{"running time", false, beat(func(h *internalv1.Heartbeat) { h.Devices[0].RunningMs = -1 }), false},
		{"waiting", false, beat(func(h *internalv1.Heartbeat) { h.Devices[0].Waiting = make([]*internalv1.Fence, fenceCountMax+1) }), false},
		{"report", false, report(func(*internalv1.PartReport) {}), true},
		{"no outcome", false, report(func(r *internalv1.PartReport) { r.Outcome = 0 }), false},
		{"unknown outcome", false, report(func(r *internalv1.PartReport) { r.Outcome = 99 }), false},
		{"no proof", false, report(func(r *internalv1.PartReport) { r.ProofFile = nil }), false},
		{"proof too big", false, report(func(r *internalv1.PartReport) { r.ProofFile = make([]byte, ProofBytesMax+1) }), false},
		{"proof of a crash", false, report(func(r *internalv1.PartReport) { r.Outcome = internalv1.Outcome_OUTCOME_CRASHED }), false},
		{"crash", false, report(func(r *internalv1.PartReport) {
			r.Outcome, r.ProofFile, r.ProofDigest = internalv1.Outcome_OUTCOME_CRASHED, nil, nil
		}), true},
		{"wall time", false, report(func(r *internalv1.PartReport) { r.WallMs = math.Inf(1) }), false},
		{"too many stages", false, report(func(r *internalv1.PartReport) {
			for i := range stageCountMax + 1 {
				r.StagesMs[strings.Repeat("s", i+1)] = 1
			}
		}), false},
		{"stages", false, report(func(r *internalv1.PartReport) { r.StagesMs[""] = 1 }), false},
		{"dropped", false, dropped(fence), true},
		{"dropped nothing", false, dropped(nil), false},
	} {
		s := session{begun: !c.first}
		if err := s.check(c.m); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
