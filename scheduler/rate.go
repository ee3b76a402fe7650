package scheduler

import (
	"slices"
	"strings"
	"time"
)

// rates numbers the rate keys and sums what all devices can do.
type rates struct {
	byName map[string]int
	// family is, by key, the key of its family, family/variant/profile/hash: what a worker
	// has measured of one variant is the best guess for the others.
	family []int
	// capacity is cells a second of all devices that take work, by key; recount says that
	// devices have come, gone or changed their standing since.
	capacity []float64
	recount  bool
}

func newRates() rates { return rates{byName: map[string]int{}, recount: true} }

// index numbers a key. Beyond rateKeysMax all share the first.
func (r *rates) index(key string) int {
	if i, ok := r.byName[key]; ok {
		return i
	}
	if len(r.byName) == rateKeysMax {
		return 0
	}
	name, _, variant := strings.Cut(key, "/")
	family := 0
	if variant {
		if family = r.index(name); len(r.byName) == rateKeysMax {
			return 0
		}
	}
	i := len(r.byName)
	if !variant {
		family = i
	}
	r.byName[key] = i
	r.family = append(r.family, family)
	r.recount = true
	return i
}

// cellTime is nanoseconds a cell on the device.
func (d *device) cellTime(rate int) float64 {
	for _, r := range [2]int{rate, d.rates.family[rate]} {
		if r < len(d.cellTimes) && d.cellTimes[r] > 0 {
			return d.cellTimes[r]
		}
	}
	return d.fallback
}

func (d *device) setCellTime(rate int, ns float64) {
	for len(d.cellTimes) <= rate {
		d.cellTimes = append(d.cellTimes, 0)
	}
	d.cellTimes[rate] = min(max(ns, 1e9/rateLimit), 1e9)
}

// run predicts how long the device takes for the job.
func (d *device) run(j *job) time.Duration {
	return scale(float64(j.Cells) * d.cellTime(j.rate))
}

// scale turns nanoseconds into a duration between a microsecond and durationMax.
func scale(ns float64) time.Duration {
	if !(ns < float64(durationMax)) {
		return durationMax
	}
	return max(time.Duration(ns), time.Microsecond)
}

// calibrate takes over the rates that a worker offers, keeping what was measured here.
func (s *Scheduler) calibrate(d *device, offer Device) {
	keys := make([]string, 0, len(offer.Rates))
	for key, rate := range offer.Rates {
		if rate >= 1 && rate <= rateLimit {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	keys = keys[:min(len(keys), rateKeysMax)]
	sum := 0.0
	for _, key := range keys {
		ns := 1e9 / offer.Rates[key]
		sum += ns
		i := s.rates.index(key)
		if i >= len(d.cellTimes) || d.cellTimes[i] == 0 {
			d.setCellTime(i, ns)
		}
	}
	if len(keys) > 0 {
		d.fallback = sum / float64(len(keys))
	} else {
		d.fallback = 1e9 / (s.config.RateDefault * float64(max(1, d.threads)))
	}
	s.rates.recount = true
}

// learn corrects the device's rate by what a part took. The mean is one of times, not of
// rates, so that a device that has become slow is believed at once.
func (s *Scheduler) learn(d *device, j *job, wall time.Duration) {
	if wall <= 0 {
		return
	}
	ns := float64(wall) / float64(j.Cells)
	if j.rate < len(d.cellTimes) && d.cellTimes[j.rate] > 0 {
		w := s.config.RateWeight
		ns = float64(w*ns) + float64((1-w)*d.cellTimes[j.rate])
	}
	d.setCellTime(j.rate, ns)
	if !s.rates.recount && j.rate < len(s.rates.capacity) {
		s.rates.capacity[j.rate] = s.sumRates(j.rate)
	}
}

func (s *Scheduler) sumRates(rate int) float64 {
	sum := 0.0
	for _, d := range s.devices {
		if d.standing() {
			sum += 1e9 / d.cellTime(rate)
		}
	}
	return sum
}

// capacity is cells a second of all devices that take work, zero without any.
func (s *Scheduler) capacity(rate int) float64 {
	if s.rates.recount {
		s.rates.capacity = slices.Grow(s.rates.capacity[:0], len(s.rates.byName))[:len(s.rates.byName)]
		for i := range s.rates.capacity {
			s.rates.capacity[i] = s.sumRates(i)
		}
		s.rates.recount = false
	}
	if rate >= len(s.rates.capacity) {
		return 0
	}
	return s.rates.capacity[rate]
}

// nominal is the time that all devices together would need for the job.
func (s *Scheduler) nominal(j *job) time.Duration {
	return s.drainTime(j.Cells, j.rate)
}

func (s *Scheduler) drainTime(cells uint64, rate int) time.Duration {
	if cells == 0 {
		return 0
	}
	capacity := s.capacity(rate)
	if capacity < 1 {
		capacity = s.config.RateDefault
	}
	return scale(float64(cells) / capacity * 1e9)
}

// account adds or takes away unproved work.
func (s *Scheduler) account(c Class, rate int, cells uint64, add bool) {
	for len(s.work[c]) <= rate {
		s.work[c] = append(s.work[c], 0)
	}
	if add {
		s.work[c][rate] += cells
	} else {
		s.work[c][rate] -= cells
	}
}

// backlog predicts how long the unproved work of the class and of more urgent ones lasts.
func (s *Scheduler) backlog(c Class) time.Duration {
	var total time.Duration
	for i := range int(c) + 1 {
		for rate, cells := range s.work[i] {
			total = min(total+s.drainTime(cells, rate), durationMax)
		}
	}
	return total
}
