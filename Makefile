# Plain `make` lists the targets. Needed: Go, git, make; `race` needs gcc too.

.DEFAULT_GOAL := help

# How long each fuzz target runs, and the database of known vulnerabilities.
FUZZTIME ?= 5s
VULNDB   ?= ../shared/lab/vdb.tgz

# What compare runs: Plonky3's example, how often, and flags that choose cells, as in
# CELLS='--circuit poseidon2 --log-rows 15 --tree keccak --threads 1'; see
# 'rpp-node bench compare --help'.
UPSTREAM ?=
PAIRS    ?= 5
CELLS    ?=

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##### Use

.PHONY: demo bench compare
demo: ## three voters, two workers, every family; a worker and the leader are killed on the way
	go run ./cmd/rpp-node demo

bench: ## run the Go benchmarks of every package
	go test -run '^$$' -bench . -benchmem ./...

compare: ## run this build and Plonky3's prove_prime_field_31 (UPSTREAM=path) in turns: PAIRS, CELLS
	@test -n '$(UPSTREAM)' || { echo 'make compare: want UPSTREAM=/path/to/prove_prime_field_31' >&2; exit 2; }
	go build -buildvcs=auto -o bin/rpp-node ./cmd/rpp-node
	bin/rpp-node bench compare --upstream '$(UPSTREAM)' --pairs $(PAIRS) $(CELLS)

##### Check

.PHONY: test check race fuzz lint licence-check vuln
test: ## run all tests
	go test -timeout 20m ./...

check: ## vet and the short tests: what to run before every commit
	go vet ./...
	go test -short ./...

race: ## run the short tests under the race detector
	CGO_ENABLED=1 go test -race -short -timeout 20m ./...

.PHONY: kernels arm64
kernels: ## run the prover's tests with every other kernel set of this machine
	.ci/kernels

arm64: ## cross-compile for arm64 and run the prover's short tests under qemu-user
	.ci/arm64

fuzz: ## run every fuzz target for FUZZTIME (5s)
	.ci/fuzz $(FUZZTIME)

lint: ## formatting, house rules, vet, staticcheck, tidy go.mod
	go run ./cmd/policy
	go vet ./...
	go tool staticcheck ./...
	go mod tidy -diff

licence-check: ## the licence of every compiled module is an allowed one
	go run ./cmd/licences

vuln: ## known vulnerabilities, by the offline database VULNDB
	.ci/vuln $(VULNDB)

##### Generate

.PHONY: generate generate-check
generate: ## make every generated file again
	go generate ./...

generate-check: ## fail if a generated file is not what its generator makes
	.ci/generated

##### Gates
#
# A gate is an acceptance run that prints one line of figures and fails when a
# bound is missed. Each is a target gate-NAME in the list GATES; it divides its
# work by SCALE, which is 1 for the full run and 10 in CI.

GATES := gate-verifier gate-cluster gate-memory gate-throughput gate-slow gate-sim gate-bubble gate-process
SCALE ?= 1
export SCALE

.PHONY: gates gates-small $(GATES)
gates: $(GATES) ## run every gate at full size

gates-small: ## run every gate at a tenth of its size
	@$(MAKE) --no-print-directory gates SCALE=10

# Runs a test that prints a line "NAME ..." and shows that line alone, or all there is
# if the test fails.
run-gate = out=$$(GATE=1 go test -count=1 -timeout 30m -v -run '^$(3)$$' $(2) 2>&1) \
	&& echo "$$out" | grep '^$(1) ' || { echo "$$out"; exit 1; }

gate-memory: ## peaks of proofs from 256 MiB up: predicted, kept, refused
	@$(call run-gate,memory,./cmd/rpp-node,TestMemoryGate)

gate-sim: ## clusters run from seeds under faults: none lost, doubled, unverified, stuck, diverged
	@$(call run-gate,sim,./cluster/sim,TestSeeds)

gate-bubble: ## real clusters in virtual time: crashes, power losses, cuts; nothing lost, fail-over in time
	@$(call run-gate,bubble,./cluster/clustertest,TestBubbleGate)

gate-process: ## processes on hosts of their own: killed, stopped, cut off, disks full, bits flipped; needs root
	@$(call run-gate,process,./cluster/processtest,TestProcessGate)

gate-verifier: ## mutated proofs: none accepted, no panic, every rejection hit
	@$(call run-gate,verifier,./prover/verifier,TestMutants)

gate-cluster: ## nodes in one process: kills under load, a flipped bit in every kind of file, 64 clients too many
	@$(call run-gate,cluster,./cluster/local,TestClusterGate)

gate-throughput: ## 200 jobs over two one-core workers, beside two local provers; latency of an idle cluster
	@$(call run-gate,throughput,./cluster/local,TestThroughputGate)

gate-slow: ## one of four workers ten times slower: 1.5 times the time at most
	@$(call run-gate,slow,./cluster/local,TestSlowWorkerGate)
