package metrics

import "github.com/prometheus/client_golang/prometheus"

// Options say what a node is.
type Options struct {
	Version, Revision, Kernels string

	// Routes of the API, its label's closed set.
	Routes []string

	// Refresh, if there is one, is called before every collection: it sets the gauges that
	// are read rather than counted. It may run concurrently with itself.
	Refresh func(*Metrics)
}

// Metrics holds every metric of a node. It is a prometheus.Collector.
type Metrics struct {
	refresh func(*Metrics)
	all     []prometheus.Collector // fixed by New

	routes, rejections, outcomes set // fixed by New

	totals totals

	proofs  proofs
	raft    raft
	queue   queue
	members members
	disk    disk
	request request
}

// New makes the metrics, with everything at zero that must be seen before it happens.
func New(o Options) *Metrics {
	m := &Metrics{
		refresh: o.Refresh,
		routes:  o.Routes, rejections: rejections(), outcomes: outcomes(),
		totals: totals{last: map[[2]string]float64{}},
	}
	m.proofs = m.newProofs()
	m.raft = m.newRaft()
	m.queue = m.newQueue()
	m.members = m.newMembers()
	m.disk = m.newDisk()
	m.request = m.newRequest()
	m.gauges("rpp_build_info", "Always 1; the labels say what runs.", "version", "revision", "kernels").
		WithLabelValues(o.Version, o.Revision, o.Kernels).Set(1)
	return m
}

// Describe implements prometheus.Collector.
func (m *Metrics) Describe(out chan<- *prometheus.Desc) {
	for _, c := range m.all {
		c.Describe(out)
	}
}

// Collect implements prometheus.Collector.
func (m *Metrics) Collect(out chan<- prometheus.Metric) {
	if m.refresh != nil {
		m.refresh(m)
	}
	for _, c := range m.all {
		c.Collect(out)
	}
}

func (m *Metrics) gauge(name, help string) prometheus.Gauge {
	return m.gauges(name, help).WithLabelValues()
}

func (m *Metrics) gauges(name, help string, labels ...string) *prometheus.GaugeVec {
	return keep(m, prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: name, Help: help}, labels))
}

func (m *Metrics) counter(name, help string) prometheus.Counter {
	return m.counters(name, help).WithLabelValues()
}

func (m *Metrics) counters(name, help string, labels ...string) *prometheus.CounterVec {
	return keep(m, prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels))
}

func (m *Metrics) histograms(name, help string, buckets []float64, labels ...string) *prometheus.HistogramVec {
	return keep(m, prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, labels))
}

func keep[C prometheus.Collector](m *Metrics, c C) C {
	m.all = append(m.all, c)
	return c
}
