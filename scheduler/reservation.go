package scheduler

import "time"

// reservations are admitted jobs on their way through Raft. They count like jobs, so that
// submissions at one time cannot overshoot a bound together.
type reservations struct {
	next uint64
	live map[uint64]*reservation
	// order holds them by age, those that are gone included until they are first.
	order []*reservation
}

type reservation struct {
	id      uint64
	tenant  string
	class   Class
	rate    int
	cells   uint64
	expires time.Time
}

func newReservations() reservations {
	return reservations{live: map[uint64]*reservation{}}
}

func (r *reservations) count() int { return len(r.live) }

func (r *reservations) add(s *Scheduler, a Ask) uint64 {
	r.next++
	x := &reservation{
		id: r.next, tenant: a.Tenant, class: a.Class, rate: s.rates.index(a.RateKey), cells: a.Cells,
		expires: s.now.Add(s.config.ReservationTTL),
	}
	r.live[x.id] = x
	r.order = append(r.order, x)
	s.tenant(a.Tenant).reserved++
	s.account(x.class, x.rate, x.cells, true)
	return x.id
}

// release ends a reservation, once.
func (r *reservations) release(s *Scheduler, id uint64) {
	x := r.live[id]
	if x == nil {
		return
	}
	delete(r.live, id)
	s.account(x.class, x.rate, x.cells, false)
	t := s.tenants[x.tenant]
	t.reserved--
	s.releaseTenant(t)
}

// purge ends those that nobody used in time.
func (r *reservations) purge(s *Scheduler) {
	gone := 0
	for _, x := range r.order {
		if r.live[x.id] != nil {
			if x.expires.After(s.now) {
				break
			}
			r.release(s, x.id)
		}
		gone++
	}
	if gone > 0 {
		r.order = append(r.order[:0], r.order[gone:]...)
	}
}
