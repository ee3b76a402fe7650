// Package health says how a node and its cluster are, over plain HTTP: /status/node,
// /status/cluster, /health, /health/live, /health/ready and /metrics.
//
// Voters and workers tell a Tracker what the prover and the verifier did; it judges the
// last ten minutes against their budgets. What else there is to know comes in through the
// small interfaces of Sources. A broken budget makes a node degraded, never unready: it
// still answers, and taking it out of service would only add load elsewhere.
//
// The field names are fixed by golden files: dashboards and scripts read them.
// No goroutines; handlers run on those of the server. Nothing is cached.
package health
