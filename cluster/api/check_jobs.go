package api

import (
	rppv1 "rpp-node/cluster/api/proto/rpp/v1"
)

// Profiles and hashes that a client may ask for; empty is the default.
var (
	profiles = []string{"", "production", "production-fast", "fast", "bench"}
	hashes   = []string{"", "poseidon2", "keccak"}
)

func (s *Server) checkSubmit(r *rppv1.SubmitRequest) error {
	return first(
		s.checkFamily("family", r.Family),
		checkBytes("witness", r.Witness, WitnessBytesMax),
		checkOneOf("profile", r.Profile, profiles...),
		checkOneOf("hash", r.Hash, hashes...),
		checkText("idempotency_key", r.IdempotencyKey, idempotencyBytesMax),
		checkTenant("tenant", r.Tenant),
	)
}

// checkEither wants a job by its identifier or by its idempotency key.
func checkEither(id []byte, key, tenant string) error {
	switch {
	case len(id) == 0 && key == "":
		return badField("id", "neither id nor idempotency_key is given")
	case len(id) != 0 && key != "":
		return badField("id", "both id and idempotency_key are given")
	case key != "":
		return first(checkText("idempotency_key", key, idempotencyBytesMax), checkTenant("tenant", tenant))
	}
	return first(checkDigest("id", id), checkTenant("tenant", tenant))
}

func checkGet(r *rppv1.GetRequest) error { return checkEither(r.Id, r.IdempotencyKey, r.Tenant) }

func checkCancel(r *rppv1.CancelRequest) error { return checkEither(r.Id, r.IdempotencyKey, r.Tenant) }

func checkWatch(r *rppv1.WatchRequest) error { return checkDigest("id", r.Id) }

func checkFetchProof(r *rppv1.FetchProofRequest) error { return checkDigest("id", r.Id) }

func (s *Server) checkList(r *rppv1.ListRequest) error {
	if r.Limit > ListCountMax {
		return badField("limit", "%d, at most %d", r.Limit, ListCountMax)
	}
	if _, ok := rppv1.JobState_name[int32(r.State)]; !ok {
		return badField("state", "no state %d", r.State)
	}
	if r.Family != "" {
		if err := s.checkFamily("family", r.Family); err != nil {
			return err
		}
	}
	return first(checkTenant("tenant", r.Tenant), checkText("page", r.Page, pageBytesMax))
}

func checkVerify(r *rppv1.VerifyRequest) error {
	return checkBytes("proof_file", r.ProofFile, ProofBytesMax)
}
