// Command rpp-node is the one binary of the project: it runs the nodes of a cluster, calls
// them, and proves and verifies by itself; see README.md for what is there.
package main

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime/debug"

	"github.com/alecthomas/kong"
)

// cli is the table of contents of the command line.
type cli struct {
	LogLevel string `name:"log-level" enum:"off,info,debug" default:"off" env:"RPP_LOG_LEVEL" help:"Structured log on standard error: off, info or debug. Lines of prover and verifier have target=plonky3."`

	Device string `name:"device" default:"cpu" help:"Kernels to run: cpu (the fastest here, or what RPP_KERNELS names: avx512, avx2, portable), cpu-avx512, cpu-avx2 or cpu-portable. None changes a byte."`

	Init   initCmd   `cmd:"" help:"Found a cluster: make the data directory of its first voter."`
	Join   joinCmd   `cmd:"" help:"Join a cluster with a token, as a node or as a person."`
	Start  startCmd  `cmd:"" help:"Run a voter."`
	Worker workerCmd `cmd:"" help:"Run a worker."`
	Dev    devCmd    `cmd:"" help:"Run voters and workers in one process on loopback."`

	Renew     renewCmd     `cmd:"" help:"Renew a person's certificate."`
	Cluster   clusterCmd   `cmd:"" help:"Operate a cluster: status, tokens, members, backups, quarantine."`
	Validator validatorCmd `cmd:"" help:"Have a cluster make proofs, and ask how it is."`
	Preflight preflightCmd `cmd:"" help:"Check what a node needs before it is started."`
	Audit     auditCmd     `cmd:"" help:"Check a node's audit log."`

	Demo     demoCmd     `cmd:"" help:"Prove and verify a sample of every family, from nothing but a seed."`
	Prove    proveCmd    `cmd:"" help:"Prove a witness."`
	Verify   verifyCmd   `cmd:"" help:"Verify a proof file, offline."`
	Witness  witnessCmd  `cmd:"" help:"Make and check witnesses."`
	Circuits circuitsCmd `cmd:"" help:"List and export circuits."`
	Keys     keysCmd     `cmd:"" help:"Derive, list, show, verify and clean keys."`
	Interop  interopCmd  `cmd:"" help:"Prove and verify rpp-circuit-1 files, ours or upstream's."`
	Bench    benchCmd    `cmd:"" help:"Measure the prover on a benchmark circuit."`
	Version  versionCmd  `cmd:"" help:"Print version, features and devices."`

	ServeDevice serveDeviceCmd `cmd:"" name:"device" hidden:"" help:"Own one device of a worker; speaks on standard input and output."`
}

// env is what commands see of the world.
type env struct {
	out, err io.Writer
	log      *slog.Logger // of prover and verifier
	device   string       // --device, for device processes
	logLevel string       // --log-level
}

// gcPercent keeps the Go heap near what is live, a few MiB. The large buffers of a proof
// lie outside of it (prover/memory), so that a collection takes half a millisecond.
const gcPercent = 20

func main() {

	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	os.Exit(run(os.Args[1:], &env{out: os.Stdout, err: os.Stderr}))
}

// newParser makes the parser of a command line; exit is told the code that help ends with.
func newParser(c *cli, e *env, exit func(int)) (*kong.Kong, error) {
	return kong.New(c,
		kong.Name("rpp-node"),
		kong.Description("A distributed Plonky3 proving cluster. Proofs are succinct, not hiding.\n\nExit codes: 0 ok, 1 proof or check rejected, 2 usage or configuration, 3 start-up, 4 runtime."),
		kong.Writers(e.out, e.err),
		kong.Exit(exit),
		kong.Bind(e),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
	)
}

// run executes one command line and returns its exit code.
func run(args []string, e *env) int {
	var c cli
	code := -1
	parser, err := newParser(&c, e, func(n int) { code = n })
	if err != nil {
		fmt.Fprintln(e.err, "rpp-node:", err)
		return exitStartUp
	}
	ctx, err := parser.Parse(args)
	if code >= 0 { // help was asked for and has been printed
		return code
	}
	if err != nil {
		fmt.Fprintf(e.err, "rpp-node: E200-usage: %v\n", err)
		return exitUsage
	}
	e.log, e.device, e.logLevel = newLog(e.err, c.LogLevel), c.Device, c.LogLevel
	err = useDevice(c.Device)
	if err == nil {
		err = ctx.Run()
	}
	if err != nil {
		var status exitStatus
		if errors.As(err, &status) {
			return int(status)
		}
		logFailure(e.log, ctx.Command(), err)
		code, exit := classify(err)
		fmt.Fprintf(e.err, "rpp-node: %s: %s\n", code, explain(err))
		return exit
	}
	return exitOK
}
