//go:build linux

package netlab

import "slices"

// each calls f for every path that leads from one host to another.
func (l *Lab) each(f func(from, to string, p *path)) {
	for i, row := range l.paths {
		for j, p := range row {
			if i != j {
				f(l.hosts[i].name, l.hosts[j].name, p)
			}
		}
	}
}

// Weather sets the conditions between all hosts of the list, both ways; without a list,
// between all hosts.
func (l *Lab) Weather(c Conditions, among ...string) {
	l.each(func(from, to string, p *path) {
		if len(among) == 0 || slices.Contains(among, from) && slices.Contains(among, to) {
			p.change(func(p *path) { p.conditions = c })
		}
	})
}

// Cut withholds everything that one host sends to the others named, but nothing of what
// they send; frames that are under way too. Without names it is all others.
func (l *Lab) Cut(from string, to ...string) {
	l.each(func(a, b string, p *path) {
		if a == from && (len(to) == 0 || slices.Contains(to, b)) {
			p.change(func(p *path) { p.cut = true })
		}
	})
}

// Isolate withholds everything between the hosts of the list and the others, both ways.
func (l *Lab) Isolate(hosts ...string) {
	l.each(func(a, b string, p *path) {
		if slices.Contains(hosts, a) != slices.Contains(hosts, b) {
			p.change(func(p *path) { p.cut = true })
		}
	})
}

// Heal takes all cuts back. Conditions stay.
func (l *Lab) Heal() {
	l.each(func(_, _ string, p *path) { p.change(func(p *path) { p.cut = false }) })
}
