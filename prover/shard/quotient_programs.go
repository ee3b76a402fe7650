package shard

import (
	"runtime"
	"sync"
	"weak"

	"rpp-node/prover/air/packet"
	"rpp-node/prover/system"
)

// programs are the compiled tables of a system, each made on first use.
type programs struct {
	quotient, fractions []func() *packet.Program // by table
}

// compiled keeps the programs of every system that is alive: they depend on it alone, and
// to compile a large table takes as long as to prove a small one.
var compiled sync.Map // weak.Pointer[system.System] → *programs

// Compile makes the programs of every table of a system now, so that its first proof need
// not. It takes milliseconds.
func Compile(s *system.System) {
	p := programsOf(s)
	for i := range s.Circuit.Tables {
		p.quotient[i]()
		if s.Layout.Tables[i].Width() > 0 {
			p.fractions[i]()
		}
	}
}

// programsOf returns a system's programs. They do not keep it alive: their callers do.
func programsOf(s *system.System) *programs {
	key := weak.Make(s)
	if p, ok := compiled.Load(key); ok {
		return p.(*programs)
	}
	p, loaded := compiled.LoadOrStore(key, newPrograms(key, len(s.Circuit.Tables)))
	if !loaded {
		runtime.AddCleanup(s, func(key weak.Pointer[system.System]) { compiled.Delete(key) }, key)
	}
	return p.(*programs)
}

func newPrograms(sys weak.Pointer[system.System], tables int) *programs {
	p := &programs{}
	for i := range tables {
		p.quotient = append(p.quotient, sync.OnceValue(func() *packet.Program { return quotientProgram(sys.Value(), i) }))
		p.fractions = append(p.fractions, sync.OnceValue(func() *packet.Program { return fractionProgram(sys.Value(), i) }))
	}
	return p
}
