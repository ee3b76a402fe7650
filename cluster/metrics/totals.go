package metrics

import "sync"

// totals turns totals that others count into what a counter is to grow by.
type totals struct {
	mu   sync.Mutex
	last map[[2]string]float64 // guarded by mu; one for each value of closed sets
}

// grown is how much a total has grown since it was last told. One that shrank began anew.
func (t *totals) grown(what, value string, total float64) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	key := [2]string{what, value}
	last := t.last[key]
	t.last[key] = total
	if total < last {
		return total
	}
	return total - last
}
