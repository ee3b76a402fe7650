package api

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

var update = flag.Bool("update", false, "rewrite the tables of docs/api.md")

const docsPath = "../../docs/api.md"

func docs(t *testing.T) string {
	b, err := os.ReadFile(docsPath)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var example = regexp.MustCompile("(?s)```sh\ncurl \\$SELF \\$PIN (.*?)\n```\n```json\n(.*?)\n```")

// Every example of docs/api.md is run, and answers with at least what is written there.
func TestExamplesOfTheDocs(t *testing.T) {
	w, n := solo(t)
	n.desk.tenants[job(1)] = []string{"one"}
	n.desk.tenants[job(2)] = []string{"two"}
	client := w.http(identity.Validator, "one")
	all := example.FindAllStringSubmatch(docs(t), -1)
	if len(all) < 5 {
		t.Fatalf("%d examples", len(all))
	}
	for _, e := range all {
		url, body, post := strings.Cut(e[1], " -d ")
		method := http.MethodGet
		if post {
			method = http.MethodPost
		}
		url = strings.ReplaceAll(strings.Trim(url, `"`), "$NODE", n.address)
		r, err := http.NewRequest(method, url, strings.NewReader(strings.Trim(body, "'")))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		res, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if err := json.Unmarshal([]byte(e[2]), &want); err != nil {
			t.Errorf("%s: the answer in the docs: %v", e[1], err)
			continue
		}
		if err := json.Unmarshal(text, &got); err != nil || !contains(got, want) {
			t.Errorf("%s\nanswers %s\nthe docs say %s", e[1], text, e[2])
		}
	}
}

// contains says whether all of want is in got, which may have more fields.
func contains(got, want any) bool {
	switch w := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		for k, v := range w {
			ok = ok && contains(g[k], v)
		}
		return ok
	case []any:
		g, ok := got.([]any)
		ok = ok && len(g) == len(w)
		for i := range w {
			ok = ok && contains(g[i], w[i])
		}
		return ok
	}
	return got == want
}

// The tables of the docs are those of the code.
func TestTablesOfTheDocs(t *testing.T) {
	text := docs(t)
	want := text
	for name, table := range map[string]string{"codes": codesTable(), "routes": routesTable()} {
		begin, end := "<!-- "+name+" -->\n", "<!-- /"+name+" -->\n"
		i, j := strings.Index(want, begin), strings.Index(want, end)
		if i < 0 || j < i {
			t.Fatalf("no table of %s", name)
		}
		want = want[:i+len(begin)] + table + want[j:]
	}
	if *update {
		if err := os.WriteFile(docsPath, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	} else if text != want {
		t.Error("docs/api.md is behind the code: go test ./cluster/api -run TablesOfTheDocs -update")
	}
}

func codesTable() string {
	codes := fault.Codes()
	slices.Sort(codes)
	var b strings.Builder
	b.WriteString("| code | HTTP | gRPC | remedy |\n|---|---|---|---|\n")
	for _, c := range codes {
		fmt.Fprintf(&b, "| `%s` | %d | %s | %s |\n", c, statusOf(c), wires[fault.KindOf(c)].code, fault.New(c, "").Remedy)
	}
	return b.String()
}

func routesTable() string {
	var b strings.Builder
	b.WriteString("| route | answered by | repeatable | roles |\n|---|---|---|---|\n")
	for _, path := range Routes() {
		rt := routes[path]
		var roles []string
		for _, r := range everyRole {
			if identity.ScopeOf(r, rt.action) != identity.None {
				roles = append(roles, r.String())
			}
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", path[1:],
			[]string{here: "here", voter: "voter", leader: "leader", direct: "direct"}[rt.where],
			map[bool]string{true: "yes", false: "no"}[rt.repeatable], strings.Join(roles, ", "))
	}
	return b.String()
}
