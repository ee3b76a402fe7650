package scheduler

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

var rewrite = flag.Bool("rewrite", false, "rewrite the expected actions in testdata/*.txt")

// TestScripts plays testdata/*.txt. A line that starts in the first column is an event:
// time since the term's start, verb, operands. The indented lines below it are the actions
// that it must lead to.
func TestScripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := play(string(want))
			if err != nil {
				t.Fatal(err)
			}
			if *rewrite {
				if err := os.WriteFile(file, []byte(got), 0o666); err != nil {
					t.Fatal(err)
				}
				return
			}
			if got != string(want) {
				t.Errorf("%s: actions differ (go test -run TestScripts -rewrite):\n%s", file, firstDifference(got, string(want)))
			}
		})
	}
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			return fmt.Sprintf("line %d:\n got  %s\n want %s", i+1, g[i], w[i])
		}
	}
	return "one ends early"
}

var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// play returns the script with the actions that really follow.
func play(script string) (string, error) {
	p := &player{config: DefaultConfig()}
	p.config.Build = "b1"
	for i, line := range strings.Split(strings.TrimSuffix(script, "\n"), "\n") {
		if strings.HasPrefix(line, " ") {
			continue
		}
		fmt.Fprintln(&p.out, line)
		if line == "" || line[0] == '#' {
			continue
		}
		if err := p.line(strings.Fields(line)); err != nil {
			return "", fmt.Errorf("line %d: %s: %w", i+1, line, err)
		}
	}
	return p.out.String(), nil
}

type player struct {
	config Config
	s      *Scheduler
	out    strings.Builder
}

func (p *player) line(fields []string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	if fields[0] == "config" {
		o := operands(fields[1:])
		p.config.HoldOff = o.duration("hold", p.config.HoldOff)
		p.config.JobsMax = o.number("jobs", p.config.JobsMax)
		p.config.TenantJobsMax = o.number("tenant-jobs", p.config.TenantJobsMax)
		p.config.WaitMax = o.duration("wait", p.config.WaitMax)
		p.config.AheadTime = o.duration("ahead", p.config.AheadTime)
		return p.config.Validate()
	}
	if p.s == nil {
		p.s = New(p.config, 1, start)
	}
	now := start.Add(parseDuration(fields[0]))
	verb, o := fields[1], operands(fields[2:])
	switch verb {
	case "admit":
		v := p.s.Admit(now, Ask{
			Tenant: o.text("tenant", "t"), RateKey: "k", Spec: named(o.text("spec", "new")), Class: o.class(),
			Cells: uint64(o.number("cells", 1000)), MemoryBytes: uint64(o.number("mem", 1)),
		})
		if v.OK {
			fmt.Fprintf(&p.out, "    ok, reservation %d\n", v.Reservation)
		} else {
			fmt.Fprintf(&p.out, "    refused, %s, retry after %v: %s\n", v.Code, v.RetryAfter, v.Reason)
		}
		return nil
	case "release":
		p.s.Release(uint64(o.number("reservation", 0)))
		return nil
	case "job":
		v, ok := p.s.Job(named(o.word(0)))
		if !ok {
			fmt.Fprintf(&p.out, "    unknown\n")
			return nil
		}
		fmt.Fprintf(&p.out, "    %s %v: %s\n", v.State, v.Devices, v.Decision)
		return nil
	case "decisions":
		for _, d := range p.s.View().Decisions[:o.number("count", 3)] {
			fmt.Fprintf(&p.out, "    %s %s %s %s %s\n", d.Kind, short(d.Job), d.Device, d.Fence, d.Reason)
		}
		return nil
	}
	event, err := parseEvent(verb, o, now)
	if err != nil {
		return err
	}
	for _, a := range p.s.Step(now, event) {
		fmt.Fprintf(&p.out, "    %s\n", describe(a))
	}
	checkAll(p.s)
	return nil
}

// operands are words and key=value pairs; a missing word panics, which line reports.
type operands []string

func (o operands) word(i int) string {
	for _, f := range o {
		if !strings.Contains(f, "=") {
			if i == 0 {
				return f
			}
			i--
		}
	}
	panic("an operand is missing")
}

func (o operands) words() []string {
	var out []string
	for _, f := range o {
		if !strings.Contains(f, "=") {
			out = append(out, f)
		}
	}
	return out
}

func (o operands) text(key, otherwise string) string {
	for _, f := range o {
		if k, v, ok := strings.Cut(f, "="); ok && k == key {
			return v
		}
	}
	return otherwise
}

func (o operands) number(key string, otherwise int) int {
	v := o.text(key, "")
	if v == "" {
		return otherwise
	}
	n, err := strconv.Atoi(v)
	if err != nil {
		panic(err)
	}
	return n
}

func (o operands) duration(key string, otherwise time.Duration) time.Duration {
	v := o.text(key, "")
	if v == "" {
		return otherwise
	}
	return parseDuration(v)
}

func (o operands) class() Class {
	name := o.text("class", "transaction")
	for i, n := range classNames {
		if n == name {
			return Class(i)
		}
	}
	panic("no class " + name)
}

func (o operands) flag(name string) bool {
	for _, f := range o {
		if f == name {
			return true
		}
	}
	return false
}

func parseDuration(v string) time.Duration {
	d, err := time.ParseDuration(v)
	if err != nil {
		panic(err)
	}
	return d
}

func parseFence(v string) (f Fence) {
	if v == "-" {
		return Fence{}
	}
	if _, err := fmt.Sscanf(v, "%d.%d", &f.Term, &f.Sequence); err != nil {
		panic(err)
	}
	return f
}

// named makes ids and digests of short names, short reads them back.
func named(name string) (id [32]byte) {
	copy(id[:], name)
	return id
}

func short(id [32]byte) string {
	if id == [32]byte{} {
		return "-"
	}
	return strings.TrimRight(string(id[:]), "\x00")
}

func parseEvent(verb string, o operands, now time.Time) (Event, error) {
	switch verb {
	case "accept":
		name := o.word(0)
		return JobAccepted{Reservation: uint64(o.number("reservation", 0)), Job: Job{
			ID: named(name), Tenant: o.text("tenant", "t"), Spec: named(o.text("spec", name)), RateKey: "k", Class: o.class(),
			Cells: uint64(o.number("cells", 1000)), MemoryBytes: uint64(o.number("mem", 1)),
			Accepted: now.Add(-o.duration("age", 0)), Revived: uint32(o.number("revived", 0)),
		}}, nil
	case "cancel":
		return JobCancelled{named(o.word(0))}, nil
	case "finish":
		return JobFinished{ID: named(o.word(0)), Released: !o.flag("unreleased")}, nil
	case "join":
		return parseJoin(o), nil
	case "lost":
		return WorkerLost{Worker: WorkerID(o.word(0)), Reason: o.text("why", ""), Dead: o.flag("dead")}, nil
	case "beat":
		return parseBeat(o, now), nil
	case "dropped":
		return Dropped{Worker: WorkerID(o.word(0)), Fence: parseFence(o.word(1)), Started: o.flag("started")}, nil
	case "report":
		return parseReport(o), nil
	case "rejected":
		return ProofRejected{Job: named(o.word(0)), ProofDigest: named(o.word(1)), Code: "C9", Reason: "does not verify"}, nil
	case "proof-lost":
		return ProofLost{Job: named(o.word(0)), ProofDigest: named(o.word(1)), Reason: "gone"}, nil
	case "reference":
		return ReferenceResult{Job: named(o.word(0)), ProofDigest: named(o.text("digest", "")), Err: o.text("err", "")}, nil
	case "quarantine-device":
		return DeviceQuarantined{DeviceID(o.word(0))}, nil
	case "lift-device":
		return DeviceLifted{DeviceID(o.word(0))}, nil
	case "quarantine-worker":
		return WorkerQuarantined{WorkerID(o.word(0))}, nil
	case "lift-worker":
		return WorkerLifted{WorkerID(o.word(0))}, nil
	case "quarantine-spec":
		return SpecQuarantined{Tenant: o.text("tenant", "t"), Spec: named(o.word(0))}, nil
	case "lift-spec":
		return SpecLifted{Tenant: o.text("tenant", "t"), Spec: named(o.word(0))}, nil
	case "close-intake":
		return IntakeClosed{Tenant: o.text("tenant", "t"), Until: now.Add(o.duration("for", 0))}, nil
	case "drain":
		return Drain{Worker: WorkerID(o.word(0)), On: !o.flag("off")}, nil
	case "tick":
		return Tick{}, nil
	}
	return nil, fmt.Errorf("no event %q", verb)
}

// parseJoin reads "w w/0:1000 w/1:500 resident=job,fence,device,started|finished|waiting".
// The number is cells a second.
func parseJoin(o operands) Event {
	words := o.words()
	e := WorkerJoined{Worker: WorkerID(words[0]), Build: o.text("build", "b1"), Draining: o.flag("draining")}
	for _, w := range words[1:] {
		id, rate, ok := strings.Cut(w, ":")
		if !ok {
			continue
		}
		r, err := strconv.ParseFloat(rate, 64)
		if err != nil {
			panic(err)
		}
		e.Devices = append(e.Devices, Device{
			ID: DeviceID(id), Kind: "cpu-avx512", Threads: 1, MemoryBytes: uint64(o.number("mem", 100)),
			Rates: map[string]float64{"k": r},
		})
	}
	for _, f := range o {
		if v, ok := strings.CutPrefix(f, "resident="); ok {
			p := strings.Split(v, ",")
			e.Resident = append(e.Resident, Resident{
				Job: named(p[0]), Fence: parseFence(p[1]), Device: DeviceID(p[2]),
				Started: p[3] != "waiting", Finished: p[3] == "finished",
			})
		}
	}
	return e
}

// parseBeat reads "w w/0=running@2s,waiting,waiting" where parts are fences or "-".
func parseBeat(o operands, now time.Time) Event {
	e := Heartbeat{Worker: WorkerID(o.word(0)), Draining: o.flag("draining")}
	if d := o.duration("reclaim", 0); d != 0 {
		e.ReclaimAt = now.Add(d)
	}
	for _, f := range o {
		id, list, ok := strings.Cut(f, "=")
		if !ok || !strings.Contains(id, "/") {
			continue
		}
		d := DeviceState{Device: DeviceID(id)}
		for i, part := range strings.Split(list, ",") {
			fence, since, _ := strings.Cut(part, "@")
			if i > 0 {
				d.Waiting = append(d.Waiting, parseFence(fence))
				continue
			}
			d.Running = parseFence(fence)
			if since != "" {
				d.RunningFor = parseDuration(since)
			}
		}
		e.Devices = append(e.Devices, d)
	}
	return e
}

// parseReport reads "w/0 job fence outcome [digest] wall=1s".
func parseReport(o operands) Event {
	words := o.words()
	device := DeviceID(words[0])
	worker, _, _ := strings.Cut(words[0], "/")
	e := Report{
		Worker: WorkerID(o.text("worker", worker)), Device: device, Job: named(words[1]), Fence: parseFence(words[2]),
		Wall: o.duration("wall", 0), Reason: o.text("why", ""),
	}
	for i, name := range outcomeNames {
		if name != "" && strings.ReplaceAll(name, " ", "-") == words[3] {
			e.Outcome = Outcome(i)
		}
	}
	if e.Outcome == 0 {
		panic("no outcome " + words[3])
	}
	if len(words) > 4 {
		e.ProofDigest = named(words[4])
	}
	return e
}

// describe writes an action on one line.
func describe(a Action) string {
	switch a := a.(type) {
	case Grant:
		alone := ""
		if a.Alone {
			alone = " alone"
		}
		return fmt.Sprintf("grant %s to %s under %s, lease %v, limit %v%s: %s", short(a.Job), a.Device, a.Fence, a.Lease, a.TimeLimit, alone, a.Reason)
	case Revoke:
		cond := ""
		if a.IfUnstarted {
			cond = " if unstarted"
		}
		return fmt.Sprintf("revoke %s at %s%s: %s", a.Fence, a.Device, cond, a.Reason)
	case Renew:
		return fmt.Sprintf("renew %v at %s", a.Fences, a.Worker)
	case Directive:
		if a.Order == Idle {
			return fmt.Sprintf("directive to %s: idle: %s", a.Worker, a.Reason)
		}
		renewed := ""
		if a.Order == KeepComputing {
			renewed = " as " + a.Renewed.String()
		}
		return fmt.Sprintf("directive to %s: %s %s%s: %s", a.Worker, a.Order, a.Fence, renewed, a.Reason)
	case Assembled:
		return fmt.Sprintf("assembled %s from %s under %s, proof %s: %s", short(a.Job), a.Device, a.Fence, short(a.ProofDigest), a.Reason)
	case Discard:
		return fmt.Sprintf("discard %s: %s", a.Fence, a.Reason)
	case Fail:
		return fmt.Sprintf("fail %s, %s: %s", short(a.Job), a.Code, a.Reason)
	case QuarantineSpec:
		return fmt.Sprintf("quarantine spec %s of %s, job %s: %s", short(a.Spec), a.Tenant, short(a.Job), a.Reason)
	case CloseIntake:
		return fmt.Sprintf("close intake of %s until %v: %s", a.Tenant, a.Until.Sub(start), a.Reason)
	case QuarantineDevice:
		return fmt.Sprintf("quarantine device %s of %s: %s", a.Device, a.Worker, a.Reason)
	case QuarantineNode:
		return fmt.Sprintf("quarantine node %s: %s", a.Worker, a.Reason)
	case DrainDevice:
		return fmt.Sprintf("drain device %s of %s: %s", a.Device, a.Worker, a.Reason)
	case RunReference:
		return fmt.Sprintf("run reference for %s: %s", short(a.Job), a.Reason)
	case WakeAt:
		return fmt.Sprintf("wake at %v: %s", a.At.Sub(start), a.Reason)
	}
	return fmt.Sprintf("unknown action %T", a)
}
