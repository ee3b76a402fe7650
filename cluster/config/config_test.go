package config

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite docs/configuration.md")

func TestEmptyFileIsDefault(t *testing.T) {
	got, err := Read(strings.NewReader(""))
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, Default()) {
		t.Errorf("%+v, want the defaults", got)
	}
}

func TestWriteIsRead(t *testing.T) {
	want := Default()
	want.Node.Name, want.Cluster.ChainID, want.Store.Quota = "a", 7, 3<<30
	want.Cluster.GossipCIDRs = []string{"10.0.0.0/8"}
	var b bytes.Buffer
	if err := want.Write(&b); err != nil {
		t.Fatal(err)
	}
	got, err := Read(&b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Each row breaks one setting; the error must name its key.
func TestErrorsNameTheKey(t *testing.T) {
	for text, key := range map[string]string{
		"[node]\nname = \"Node A\"":                   "node.name",
		"[node]\ndata = \"\"":                         "node.data",
		"[node]\nnmae = \"a\"":                        "node.nmae",
		"[listen]\napi = \"7400\"":                    "listen.api",
		"[listen]\napi = \"a:70000\"":                 "listen.api",
		"[listen]\napi = \"0.0.0.0:7400\"":            "listen.advertise_api",
		"[listen]\ngossip = \":7401\"":                "listen.advertise_gossip",
		"[listen]\nadvertise_api = \"a:0\"":           "listen.advertise_api",
		"[listen]\nadvertise_gossip = \"0.0.0.0:1\"":  "listen.advertise_gossip",
		"[listen]\nhttp = \"10.0.0.1:80\"":            "listen.http",
		"[cluster]\nsecurity_floor = 128.0":           "cluster.security_floor",
		"[cluster]\nsecurity_floor = nan":             "cluster.security_floor",
		"[cluster]\nchain_id = -1":                    "cluster.chain_id",
		"[cluster]\ngossip_cidrs = [\"10\"]":          "cluster.gossip_cidrs",
		"[devices]\ncount = 65":                       "devices.count",
		"[devices]\nthreads = -1":                     "devices.threads",
		"[devices]\nmemory = \"1MiB\"":                "devices.memory",
		"[devices]\nmemory = \"much\"":                "devices.memory",
		"[devices]\ntime_limit = \"1\"":               "devices.time_limit",
		"[limits]\nqueue_jobs = 0":                    "limits.queue_jobs",
		"[limits]\nqueue_jobs = 10\ntenant_jobs = 11": "limits.tenant_jobs",
		"[limits]\nrequest_bytes = \"1MiB\"":          "limits.request_bytes",
		"[store]\nmin_free_share = 1.0":               "store.min_free_share",
		"[store]\nquota = \"1MiB\"":                   "store.quota",
		"[store]\ncache = \"0\"":                      "store.cache",
		"[store]\nkey_cache = \"1MiB\"":               "store.key_cache",
		"[store]\nkeep_witnesses = \"-1s\"":           "store.keep_witnesses",
		"[store]\nkeep_proofs = \"1s\"":               "store.keep_proofs",
		"[health]\nprover_error_budget = 2.0":         "health.prover_error_budget",
		"[health]\nverifier_error_budget = -0.1":      "health.verifier_error_budget",
		"[health]\nverifier_latency_budget = \"0s\"":  "health.verifier_latency_budget",
		"[log]\nlevel = \"loud\"":                     "log.level",
		"[log]\nformat = \"xml\"":                     "log.format",
		"[advanced]\nraft_election_timeout = \"1ms\"": "advanced.raft_election_timeout",
		"[advanced]\nheartbeat = \"1ms\"":             "advanced.heartbeat",
		"[advanced]\nlease = \"2s\"":                  "advanced.lease",
		"[unknown]\nx = 1":                            "unknown",
		"[store]\nkeep_proofs = 5":                    "store.keep_proofs",
	} {
		_, err := Read(strings.NewReader(text))
		var e *Error
		if !errors.As(err, &e) || !strings.HasPrefix(e.Key, key) {
			t.Errorf("%q: %v, want an error about %s", text, err, key)
		}
	}
}

func TestTooLarge(t *testing.T) {
	var e *Error
	if _, err := Read(strings.NewReader(strings.Repeat("#", MaxBytes+1))); !errors.As(err, &e) {
		t.Errorf("%v, want a configuration error", err)
	}
}

// The documentation holds the default file, word for word.
func TestDocumentation(t *testing.T) {
	const name = "../../docs/configuration.md"
	var b bytes.Buffer
	if err := Default().Write(&b); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(page), "```toml\n")
	_, after, ok2 := strings.Cut(rest, "```\n")
	if !ok || !ok2 {
		t.Fatal("docs/configuration.md has no toml block")
	}
	want := before + "```toml\n" + b.String() + "```\n" + after
	if *update {
		if err := os.WriteFile(name, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if want != string(page) {
		t.Error("docs/configuration.md is not what Default writes: run go test ./cluster/config -update")
	}
}

func FuzzRead(f *testing.F) {
	var b bytes.Buffer
	if err := Default().Write(&b); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, in []byte) {
		c, err := Read(bytes.NewReader(in))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := c.Write(&out); err != nil {
			t.Fatal(err)
		}
		again, err := Read(&out)
		if err != nil || fmt.Sprint(again) != fmt.Sprint(c) { // a nil list is an empty one
			t.Fatalf("written and read again: %v, %+v, want %+v", err, again, c)
		}
	})
}
