package main

import (
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"rpp-node/cluster/config"
	"rpp-node/store"
	"rpp-node/store/audit"
)

// auditCmd is about a node's audit log.
type auditCmd struct {
	Verify auditVerifyCmd `cmd:"" help:"Check the chain of a node that is down; exit 1 if a record was changed."`
}

type auditVerifyCmd struct {
	Data string `help:"Data directory of the node (rpp-node if nothing names one)." env:"RPP_DATA" placeholder:"DIR"`
	JSON bool   `help:"Print the result as JSON."`
}

func (c *auditVerifyCmd) Help() string {
	return "Example:\n  rpp-node audit verify --data a"
}

// auditResult is what the command prints.
type auditResult struct {
	Verdict string   `json:"verdict"`
	Records uint64   `json:"records"`
	Head    string   `json:"head"`
	Faults  []string `json:"faults"`
}

func (c *auditVerifyCmd) Run(e *env) error {
	data := or(c.Data, config.Default().Node.Data)
	dir := filepath.Join(data, "data")
	if _, err := os.Stat(dir); err != nil {
		return usageError{fmt.Errorf("--data: %s holds no node's store: %w", data, fs.ErrNotExist)}
	}
	db, err := store.Open(store.Options{Dir: dir})
	if err != nil {
		return fmt.Errorf("%s: %w; if the node runs, stop it first", data, err)
	}
	defer db.Close()
	log, err := audit.New(db, time.Now)
	if err != nil {
		return err
	}
	head := log.Head()
	r := auditResult{Verdict: "sound", Records: head.Sequence, Head: hex.EncodeToString(head.Digest[:]), Faults: []string{}}
	err = log.Verify(1, 0, func(f audit.Fault) bool {
		r.Faults = append(r.Faults, f.String())
		return true
	})
	if err != nil {
		return err
	}
	if len(r.Faults) > 0 {
		r.Verdict = "broken"
	}
	if c.JSON {
		err = writeJSON(e.out, &r)
	} else {
		_, err = fmt.Fprintf(e.out, "%s: %d records, head %.16s\n", r.Verdict, r.Records, r.Head)
		for _, f := range r.Faults {
			fmt.Fprintln(e.out, " ", f)
		}
	}
	if err == nil && len(r.Faults) > 0 {
		err = fmt.Errorf("%w: the audit log of %s has %d faults", errRejected, data, len(r.Faults))
	}
	return err
}
