package shard

import (
	"rpp-node/prover/field"
	"rpp-node/prover/lookup"
	"rpp-node/prover/merkle"
	"rpp-node/prover/merkle/tree"
	"rpp-node/prover/system"
)

// Kind is what a task computes.
type Kind int

// The tasks, in the order of a proof's stages.
const (
	Commit     Kind = iota // rows and subtree of one commitment → digests
	Evaluate               // constraints on the shard's quotient rows → values
	Open                   // what the rows contribute to the openings → partial sums
	Reduce                 // reduced openings of the shard's rows → codewords, kept
	Fold                   // folds the codeword with a challenge, rolls inputs in
	CommitFold             // rows and subtree of the codeword → digests
	Gather                 // gives the codewords up
	Query                  // rows and nodes of one tree
)

func (k Kind) String() string {
	return [...]string{"commit", "evaluate", "open", "reduce", "fold", "commit-fold", "gather", "query"}[k]
}

// Task is one kernel over one shard. Only the fields that its Kind reads are set.
type Task struct {
	Kind  Kind
	Shard int

	Round    system.RoundKind  // Commit
	Claims   *Claims           // Reduce
	Addends  map[int][]field.E // Reduce: by log height, the conductor's part of the shard's rows; the task's to change
	LogArity int               // CommitFold, Fold
	Beta     field.E           // Fold
	Tree     TreeID            // Query
	Rows     []int             // Query: global row indices of the tallest matrix of the tree
	Nodes    []tree.Node       // Query: of the whole tree
}

// TreeID names a tree that is cut into shards: of a commitment, or of folding round
// Index.
type TreeID struct {
	Round   system.RoundKind
	Folding bool
	Index   int
}

// Challenges are what the transcript has given so far.
type Challenges struct {
	Lookups *lookup.Challenges // nil before they are drawn, or without lookups
	Alpha   field.E
	Zeta    field.E
}

// Claims are the opened values with what the reduction needs of them.
type Claims struct {
	Alpha field.E
	// Starts[r][m][k] is the power of α at which the columns of opening k of matrix m of
	// commitment r begin; Sums the same for Σ α^j·value_j.
	Starts, Sums [][][]field.E
}

// Result is a task's output, as its Kind says.
type Result struct {
	Digests []merkle.Digest   // Commit, CommitFold, Query (nodes, in order)
	Values  map[int][]field.E // Evaluate: by table; Gather: by log height
	Sums    []OpenSum         // Open
	Opened  [][][]field.Elem  // Query: for each row asked for, the row of every matrix
}

// OpenSum is a partial sum of the openings of one matrix: for each point, each column.
type OpenSum struct {
	Round  system.RoundKind
	Mat    int
	Points [][]field.E
}

// Executor runs tasks, in any order and anywhere, and returns their results in the
// order of the tasks. Challenges arrive before the tasks that depend on them.
type Executor interface {
	SetChallenges(c *Challenges) error
	Run(tasks []Task) ([]Result, error)
}
