package api

import (
	"sync"
	"sync/atomic"

	"rpp-node/cluster/fault"
	"rpp-node/cluster/identity"
)

// room is what one class of calls may take up.
type room struct {
	slots     int
	perCaller int   // 0: no bound of its own
	bytes     int64 // of bodies
}

// rooms has a row for every class. largeBytes bounds the bodies of clients.
func rooms(largeBytes int64) [classCount]room {
	return [classCount]room{
		small:   {smallSlots, smallSlotsPerCaller, smallBodyBytes},
		joining: {joinSlots, 0, joinSlots * smallBodyMax},
		large:   {largeSlots, largeSlotsPerCaller, largeBytes},
		peer:    {peerSlots, peerSlotsPerCaller, peerBodyBytes},
		stream:  {streamSlots, streamSlotsPerCaller, smallBodyBytes},
	}
}

// admission counts the calls that go on and the bytes that they hold. It never waits: who
// finds no room is told to come back.
type admission struct {
	rooms [classCount]room
	bytes [classCount]atomic.Int64

	mu        sync.Mutex // guards the rest
	slots     [classCount]int
	perCaller [classCount]map[identity.NodeID]int // only callers with calls
}

func newAdmission(largeBytes int64) *admission {
	a := &admission{rooms: rooms(largeBytes)}
	for c := range a.perCaller {
		a.perCaller[c] = map[identity.NodeID]int{}
	}
	return a
}

// enter takes a slot; leave gives it back.
func (a *admission) enter(c class, who identity.NodeID) error {
	room := a.rooms[c]
	a.mu.Lock()
	defer a.mu.Unlock()
	if room.perCaller > 0 && a.perCaller[c][who] >= room.perCaller {
		return overload("this caller has %d calls of this class already", room.perCaller)
	}
	if a.slots[c] >= room.slots {
		return overload("%d calls of this class go on", room.slots)
	}
	a.slots[c]++
	a.perCaller[c][who]++
	return nil
}

func (a *admission) leave(c class, who identity.NodeID) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.slots[c]--
	if a.perCaller[c][who]--; a.perCaller[c][who] == 0 {
		delete(a.perCaller[c], who)
	}
}

// hold takes room for bytes of a body; release gives it back.
func (a *admission) hold(c class, bytes int64) error {
	if a.bytes[c].Add(bytes) > a.rooms[c].bytes {
		a.bytes[c].Add(-bytes)
		return overload("request bodies fill the %d MiB that are for them", a.rooms[c].bytes>>20)
	}
	return nil
}

func (a *admission) release(c class, bytes int64) { a.bytes[c].Add(-bytes) }

// held is how many bytes of bodies are in memory.
func (a *admission) held() int64 {
	var sum int64
	for c := range a.bytes {
		sum += a.bytes[c].Load()
	}
	return sum
}

func overload(format string, args ...any) error {
	return fault.New(fault.CodeOverload, format, args...).After(overloadRetry)
}
