package api

import (
	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
)

func checkJoin(r *internalv1.JoinRequest) error {
	if r.Token == "" {
		return badField("token", "is empty")
	}
	return first(
		checkText("token", r.Token, tokenBytesMax),
		checkBytes("csr", r.Csr, csrBytesMax),
		optional(checkName)("name", r.Name),
		optional(checkAddress)("api_address", r.ApiAddress),
		optional(checkAddress)("gossip_address", r.GossipAddress),
		checkText("version", r.Version, nameBytesMax),
	)
}

func checkRenew(r *internalv1.RenewRequest) error { return checkBytes("csr", r.Csr, csrBytesMax) }

func checkStoreWitness(r *internalv1.StoreWitnessRequest) error {
	return first(
		checkBytes("witness", r.Witness, WitnessBytesMax),
		checkDigest("digest", r.Digest),
		checkDigest("job", r.Job),
	)
}

func checkReceipt(r *internalv1.ReceiptRequest) error {
	return first(
		checkDigest("job", r.Job),
		checkBytes("proof_file", r.ProofFile, ProofBytesMax),
		checkDigest("proof_digest", r.ProofDigest),
	)
}

func checkChunk(r *internalv1.ChunkRequest) error {
	if r.Index > chunkIndexMax {
		return badField("index", "%d, at most %d", r.Index, chunkIndexMax)
	}
	if (len(r.Job) != 0) != (r.Fence != nil) {
		return badField("fence", "job and fence go together")
	}
	if len(r.Job) != 0 {
		if err := first(checkDigest("job", r.Job), checkFence("fence", r.Fence)); err != nil {
			return err
		}
	}
	return checkDigest("digest", r.Digest)
}

func checkGossipKey(r *internalv1.GossipKeyRequest) error {
	if r.Version == 0 {
		return badField("version", "is 0")
	}
	if len(r.Key) != gossipKeyBytes {
		return badField("key", "%d bytes, want %d", len(r.Key), gossipKeyBytes)
	}
	return checkOneOf("step", r.Step, "install", "use", "remove")
}

func checkReport(r *internalv1.ReportRequest) error {
	return first(
		checkEach("keys", r.Keys, reportKeysMax, checkDigest),
		checkText("version", r.Version, nameBytesMax),
		checkOneOf("health", r.Health, "", "healthy", "degraded", "unhealthy"),
		checkEach("reasons", r.Reasons, reasonCountMax, checkReason),
		optional(checkAddress)("api_address", r.ApiAddress),
		optional(checkAddress)("gossip_address", r.GossipAddress),
	)
}

// checkFence refuses the fence that nobody holds.
func checkFence(field string, f *internalv1.Fence) error {
	if f.GetTerm() == 0 || f.GetSequence() == 0 {
		return badField(field, "is (%d, %d)", f.GetTerm(), f.GetSequence())
	}
	return nil
}
