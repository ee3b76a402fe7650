package bench

import "sync"

// ForRanges cuts [0, n) into at most workers ranges of nearly equal length and runs body
// on each, one goroutine a range; it returns when all have. Below two workers it runs on
// the caller's goroutine.
func ForRanges(n, workers int, body func(from, to int)) {
	workers = min(workers, n)
	if workers < 2 {
		body(0, n)
		return
	}
	var wg sync.WaitGroup
	for k := range workers {
		wg.Go(func() { body(k*n/workers, (k+1)*n/workers) })
	}
	wg.Wait()
}
