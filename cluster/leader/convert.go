package leader

import (
	"math"
	"strconv"
	"time"

	internalv1 "rpp-node/cluster/api/proto/rpp/internalv1"
	"rpp-node/cluster/fault"
	"rpp-node/cluster/fsm"
	"rpp-node/scheduler"
)

// What follows translates between the wire's words and the scheduler's. The wire's are
// checked: a worker may send anything.

func fenceOf(f *internalv1.Fence) scheduler.Fence {
	return scheduler.Fence{Term: f.GetTerm(), Sequence: f.GetSequence()}
}

func protoFence(f scheduler.Fence) *internalv1.Fence {
	return &internalv1.Fence{Term: f.Term, Sequence: f.Sequence}
}

func protoFences(list []scheduler.Fence) []*internalv1.Fence {
	out := make([]*internalv1.Fence, len(list))
	for i, f := range list {
		out[i] = protoFence(f)
	}
	return out
}

func digestOf(b []byte) (d [32]byte, ok bool) {
	if len(b) != len(d) {
		return d, false
	}
	copy(d[:], b)
	return d, true
}

func millisOf(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }

var outcomes = map[internalv1.Outcome]scheduler.Outcome{
	internalv1.Outcome_OUTCOME_PROVED:          scheduler.Proved,
	internalv1.Outcome_OUTCOME_INVALID_WITNESS: scheduler.InvalidWitness,
	internalv1.Outcome_OUTCOME_CRASHED:         scheduler.Crashed,
	internalv1.Outcome_OUTCOME_OUT_OF_MEMORY:   scheduler.OutOfMemory,
	internalv1.Outcome_OUTCOME_TIME_LIMIT:      scheduler.TimeLimit,
	internalv1.Outcome_OUTCOME_DECLINED:        scheduler.Declined,
	internalv1.Outcome_OUTCOME_UNAVAILABLE:     scheduler.Unavailable,
}

var orders = map[scheduler.Order]internalv1.Order{
	scheduler.Idle:          internalv1.Order_ORDER_IDLE,
	scheduler.KeepComputing: internalv1.Order_ORDER_KEEP_COMPUTING,
	scheduler.CancelStale:   internalv1.Order_ORDER_CANCEL_STALE,
}

// joined reads a worker's Hello. The devices' names must be the worker's own.
func joined(w scheduler.WorkerID, h *internalv1.Hello) (scheduler.WorkerJoined, error) {
	e := scheduler.WorkerJoined{Worker: w, Build: h.Build, Draining: h.Draining}
	if len(h.Devices) > maxDevices || len(h.Resident) > maxResident {
		return e, fault.New(fault.CodeTooBig, "hello: %d devices and %d resident parts, at most %d and %d", len(h.Devices), len(h.Resident), maxDevices, maxResident)
	}
	for i, d := range h.Devices {
		if d.Name != string(deviceName(w, i)) {
			return e, fault.New(fault.CodeField, "hello.devices: name %q, want %q", d.Name, deviceName(w, i))
		}
		if len(d.Kind) > maxNameBytes || len(d.Rates) > maxRates {
			return e, fault.New(fault.CodeTooBig, "hello.devices: %s: kind of %d bytes and %d rates, at most %d and %d", d.Name, len(d.Kind), len(d.Rates), maxNameBytes, maxRates)
		}
		memory := d.MemoryBytes
		if memory == 0 { // no limit of its own
			memory = math.MaxInt64
		}
		e.Devices = append(e.Devices, scheduler.Device{
			ID: deviceName(w, i), Kind: d.Kind, Threads: int(d.Threads), MemoryBytes: memory, Rates: d.Rates,
		})
	}
	seen := map[scheduler.Fence]bool{}
	for _, r := range h.Resident {
		job, ok := digestOf(r.Job)
		if !ok {
			return e, fault.New(fault.CodeField, "hello.resident: job of %d bytes, want 32", len(r.Job))
		}
		if f := fenceOf(r.Fence); seen[f] {
			return e, fault.New(fault.CodeField, "hello.resident: fence %s twice", f)
		} else {
			seen[f] = true
		}
		e.Resident = append(e.Resident, scheduler.Resident{
			Job: job, Fence: fenceOf(r.Fence), Device: scheduler.DeviceID(r.Device), Started: r.Started, Finished: r.Finished,
		})
	}
	return e, nil
}

func heartbeat(w scheduler.WorkerID, h *internalv1.Heartbeat) (scheduler.Heartbeat, error) {
	e := scheduler.Heartbeat{Worker: w, Draining: h.Draining}
	if len(h.Devices) > maxDevices {
		return e, fault.New(fault.CodeTooBig, "heartbeat: %d devices, at most %d", len(h.Devices), maxDevices)
	}
	if h.ReclaimMs > 0 {
		e.ReclaimAt = time.UnixMilli(h.ReclaimMs)
	}
	for _, d := range h.Devices {
		if len(d.Waiting) > maxResident {
			return e, fault.New(fault.CodeTooBig, "heartbeat: %d waiting parts, at most %d", len(d.Waiting), maxResident)
		}
		s := scheduler.DeviceState{
			Device: scheduler.DeviceID(d.Name), Running: fenceOf(d.Running), RunningFor: time.Duration(d.RunningMs) * time.Millisecond,
		}
		for _, f := range d.Waiting {
			s.Waiting = append(s.Waiting, fenceOf(f))
		}
		e.Devices = append(e.Devices, s)
	}
	return e, nil
}

func report(w scheduler.WorkerID, r *internalv1.PartReport) (scheduler.Report, error) {
	e := scheduler.Report{
		Worker: w, Device: scheduler.DeviceID(r.Device), Fence: fenceOf(r.Fence), Outcome: outcomes[r.Outcome],
		Code: r.Code, Reason: r.Reason, Wall: millisOf(r.WallMs), CPU: millisOf(r.CpuMs), Cells: r.Cells, PeakBytes: r.PeakBytes,
	}
	job, ok := digestOf(r.Job)
	switch {
	case !ok:
		return e, fault.New(fault.CodeField, "report.job: %d bytes, want 32", len(r.Job))
	case e.Outcome == 0:
		return e, fault.New(fault.CodeField, "report.outcome: %d is unknown", r.Outcome)
	case len(r.Code) > maxNameBytes || len(r.Reason) > maxReasonBytes:
		return e, fault.New(fault.CodeTooBig, "report: code of %d and reason of %d bytes, at most %d and %d", len(r.Code), len(r.Reason), maxNameBytes, maxReasonBytes)
	}
	e.Job = job
	return e, nil
}

// schedulerJob is what the scheduler must know of a job.
func schedulerJob(j *fsm.Job) scheduler.Job {
	return scheduler.Job{
		ID: scheduler.JobID(j.ID), Tenant: tenantOf(j), Spec: j.ID, RateKey: j.VariantID.String(),
		Class: scheduler.Class(j.Class), Cells: j.Cells, MemoryBytes: j.MemoryBytes,
		Accepted: time.UnixMilli(j.AcceptedMS), Revived: j.Revived,
	}
}

// tenantOf is whose quota a job counts against: the first whose wish for it stands.
func tenantOf(j *fsm.Job) string {
	for _, s := range j.Subscriptions {
		if s.Interest == fsm.Active {
			return s.Tenant
		}
	}
	return ""
}

// deviceName names a worker's device in the cluster.
func deviceName(w scheduler.WorkerID, i int) scheduler.DeviceID {
	return scheduler.DeviceID(string(w) + "/" + strconv.Itoa(i))
}
