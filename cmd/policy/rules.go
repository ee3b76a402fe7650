package main

import (
	"regexp"
	"slices"
)

// An exception lets one package import what a rule forbids it.
type exception struct {
	Dir, Import, Reason string
}

func excepted(list []exception, dir, importPath string) bool {
	return slices.ContainsFunc(list, func(e exception) bool {
		return e.Dir == dir && e.Import == importPath
	})
}

// layers is the import lattice: what the packages below each top-level folder
// may import of ours, tests included. A folder may always import itself.
var layers = map[string][]string{
	"prover":    nil,
	"scheduler": nil,
	"store":     nil,
	"cluster":   {"prover", "scheduler", "store"},
	"cmd":       {"prover", "scheduler", "store", "cluster"},
}

// verifierRoot must not reach any of proverSide through any chain of non-test
// imports: whoever audits the verifier reads only what it is built from.
const verifierRoot = "prover/verifier"

var proverSide = []string{
	"prover/circuit",
	"prover/device",
	"prover/matrix",
	"prover/merkle/tree",
	"prover/ntt",
	"prover/shard",
	"prover/stark",
}

// verifierExceptions are imports that the walk does not follow, each with the
// little that is used through it.
var verifierExceptions = []exception{
	{"prover/air", "prover/matrix", "the row type of the trace checker, which the verifier never calls"},
}

// homes names the only folders that may import a third party, tests included,
// so that replacing one stays a local change.
var homes = map[string][]string{
	"github.com/cockroachdb/pebble":     {"store", "cluster/clustertest"}, // its file system that crashes
	"github.com/consensys/gnark-crypto": {"prover"},
	"github.com/google/licensecheck":    {"cmd/licences"},
	"github.com/hashicorp/memberlist":   {"cluster/gossip"},
	"github.com/hashicorp/raft":         {"cluster/raft", "store/raftlog"},
}

// pureFolders hold functions of their arguments: same inputs, same bytes, on
// any machine. Their tests may read files and draw random numbers.
var pureFolders = []string{"prover", "scheduler"}

// impureImports bring in the outside world. An entry covers the packages below
// it too.
var impureImports = []string{
	"crypto/rand",
	"golang.org/x/sys/unix",
	"hash/maphash", // seeded differently in every process
	"io/ioutil",
	"log",
	"math/rand",
	"net",
	"os",
	"syscall",
}

// clockReads are the functions of package time that read or wait for the
// clock. Its types are harmless: a caller may pass a time.Duration in.
var clockReads = []string{
	"After", "AfterFunc", "NewTicker", "NewTimer", "Now", "Since", "Sleep", "Tick", "Until",
}

// purityExceptions are the packages below pureFolders that may import what the
// rule forbids, each with its reason.
var purityExceptions = []exception{
	{"prover/internal/asm", "os", "writes assembly at generation time; only generators import it"},
	{"prover/internal/guard", "syscall", "protects pages next to the operands of tests; testOnly keeps it out of the product"},
	{"prover/internal/vectors", "os", "reads the test vectors; testOnly keeps it out of the product"},
	{"prover/memory", "syscall", "maps large buffers outside the Go heap, on huge pages if RPP_HUGE_PAGES says so; what they hold is the caller's"},
	{"prover/kernels", "os", "reads RPP_KERNELS, which chooses among kernels that compute the same bytes"},
}

// timeImporters are the packages below prover that may name the types of
// package time, each with its reason. scheduler may anywhere: its step
// function is handed the time.
var timeImporters = []exception{}

// testOnly packages may be imported by tests and by each other, never by the
// product.
var testOnly = []string{"cluster/clustertest", "prover/internal/guard", "prover/internal/vectors"}

// assembler is what the generators of kernels are built on. Nothing else imports it:
// generators are the packages in folders of that name.
const (
	assembler       = "prover/internal/asm"
	generatorFolder = "internal/gen"
)

// processExits end the process without running what was deferred. Only main
// packages may decide that.
var processExits = map[string][]string{
	"os":  {"Exit"},
	"log": {"Fatal", "Fatalf", "Fatalln"},
}

// topLevel lists what may stand at the root. Names that start with a dot may
// as well.
var topLevel = []string{
	"cluster", "cmd", "deploy", "docs", "prover", "scheduler", "scripts", "store",
	"LICENSE", "Makefile", "README.md", "go.mod", "go.sum",
}

// maxFileLines is where a hand-written source file has stopped being about one
// concept. Tests and generated files may be longer.
const maxFileLines = 500

// machinePath matches an absolute path into one person's machine. The
// character in front keeps URLs and relative paths out.
var machinePath = regexp.MustCompile(`(?:^|[^A-Za-z0-9_.~/-])(/(?:Users|home|root|work)/[A-Za-z0-9_.-]+)`)

// relativeLink matches a Markdown link into this tree, without its fragment.
var relativeLink = regexp.MustCompile(`\]\(([^():#]+)(?:#[^)]*)?\)`)
