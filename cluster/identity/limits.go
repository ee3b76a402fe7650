package identity

import "time"

// What is accepted at most.
const (
	// MaxClusterBytes and MaxTenantBytes bound the names: a cluster's is a DNS label,
	// since it is the host of a URI.
	MaxClusterBytes = 63
	MaxTenantBytes  = 64

	maxNameBytes        = 512
	maxCertificateBytes = 2 << 10
	maxCSRBytes         = 2 << 10

	// MaxIssuers is how many issuers may stand between the root and a leaf: the voter
	// that was made with the root lets others in, and they let in others.
	MaxIssuers = 4
	// maxChainCount is a leaf, its issuers and the root.
	maxChainCount = MaxIssuers + 2
	maxRootCount  = 4

	maxFileBytes       = 64 << 10
	maxSealedBytes     = 8 << 10
	minPassphraseBytes = 12
	maxPassphraseBytes = 1 << 10

	// MaxTokenBytes bounds the text of a join token.
	MaxTokenBytes = 4 << 10
	maxSeedCount  = 16
	maxSeedBytes  = 255
)

// How long certificates last.
const (
	NodeLifetimeMax       = 24 * time.Hour
	PersonLifetimeMax     = 30 * 24 * time.Hour
	PersonLifetimeDefault = 7 * 24 * time.Hour
	issuerLifetime        = 2 * 365 * 24 * time.Hour
	rootLifetime          = 10 * 365 * 24 * time.Hour

	// backdate is how far a clock may be behind the issuer's.
	backdate = 5 * time.Minute
)
