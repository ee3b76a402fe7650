package worker

import (
	"context"
	"maps"
	"sync"
)

// calibrate measures each device on the families of which no rate is remembered, all
// devices at once, as they will work.
func (w *Worker) calibrate() {
	var all sync.WaitGroup
	for _, s := range w.slots {
		all.Go(func() {
			for _, family := range w.cfg.Families {
				w.mu.Lock()
				_, known := s.rates[family]
				w.mu.Unlock()
				if known || w.ctx.Err() != nil {
					continue
				}
				ctx, cancel := context.WithTimeout(w.ctx, calibrateTimeout)
				rate, err := s.dev.Calibrate(ctx, family)
				cancel()
				if err != nil {
					w.cfg.Log.Warn("device not calibrated", "device", s.info.Name, "family", family, "error", err)
					continue
				}
				w.cfg.Log.Info("device calibrated", "device", s.info.Name, "family", family, "cells_per_second", rate)
				w.update(func() { s.rates[family] = rate })
			}
		})
	}
	all.Wait()
}

// Rates are the devices' cells a second, by device and family, as corrected by what parts
// took: for Config.Rates of the next start.
func (w *Worker) Rates() map[string]map[string]float64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	all := map[string]map[string]float64{}
	for _, s := range w.slots {
		all[s.info.Name] = maps.Clone(s.rates)
	}
	return all
}
