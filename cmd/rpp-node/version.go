package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/zeebo/blake3"

	"rpp-node/prover/device"
	"rpp-node/prover/kernels"
	"rpp-node/prover/key"
)

// versionCmd says what this binary is.
type versionCmd struct {
	JSON bool `help:"Print as JSON."`
}

type versionResult struct {
	Version      string   `json:"version"`
	Revision     string   `json:"revision"`
	Go           string   `json:"go"`
	Platform     string   `json:"platform"`
	Backends     []string `json:"backends"`
	Features     []string `json:"features"`
	Devices      []string `json:"devices"`
	Device       string   `json:"device"`
	ProofVersion int      `json:"proof_version"`
	Upstream     string   `json:"upstream_commit"`
}

// upstreamCommit is the Plonky3 that proofs are equal to.
const upstreamCommit = "5dc50e51436a811c62443e336f766015fecc9217"

// version is that of this program.
const version = "0.1.0"

// build names the program's code: nodes of equal builds make equal proofs. It is the
// commit, or, if that does not say it all, a digest of the program itself.
var build = sync.OnceValue(func() string {
	if r := revision(); r != "unknown" && !strings.HasSuffix(r, changed) {
		return r
	}
	self, err := os.Open("/proc/self/exe")
	if err != nil {
		return "unknown"
	}
	defer self.Close()
	h := blake3.New()
	if _, err := io.Copy(h, self); err != nil {
		return "unknown"
	}
	return fmt.Sprintf("program-%x", h.Sum(nil)[:16])
})

// changed marks a revision that is not all that was built from.
const changed = "+changes"

// revision is the commit that the binary was built from, if the build recorded it.
func revision() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	rev, dirty := "unknown", ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			rev = s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = changed
		}
	}
	return rev + dirty
}

func (c *versionCmd) Help() string {
	return "Example:\n  rpp-node version --json"
}

func (c *versionCmd) Run(e *env) error {
	r := versionResult{
		Version: version, Revision: revision(), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		Backends: []string{"plonky3"}, Features: []string{"backend-plonky3"}, Devices: devices(), Device: device.CPUName(kernels.Active()),
		ProofVersion: key.ProofVersion, Upstream: upstreamCommit,
	}
	if c.JSON {
		return writeJSON(e.out, &r)
	}
	_, err := fmt.Fprintf(e.out, "rpp-node %s (%s, %s, %s), proofs as Plonky3 %.8s, on %s\n", r.Version, r.Revision, r.Go, r.Platform, r.Upstream, r.Device)
	return err
}
