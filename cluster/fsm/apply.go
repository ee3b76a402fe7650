package fsm

// Result is what a command has done.
type Result struct {
	// Err is an error for whoever asked (*fault.Error), or what stopped the machine.
	Err error
	// Job is the job that the command was about, as it is now.
	Job *Job
	// Existing says of a submit that the job was known already.
	Existing bool
	// Token is the one that was spent.
	Token *Token
	// Expired is how much an Expire has removed. If it is not zero, another may find more.
	Expired int
	// Changes are what subscribers are told.
	Changes []Event
}

// change is one command on its way into the state.
type change struct {
	*State
	actor  string
	result Result
}

func (c *change) event(e Event) {
	e.Index = c.applied
	c.result.Changes = append(c.result.Changes, e)
}

// Apply changes the state by one command, the one at that index of the log. A refused
// command changes only the index and the clock.
func Apply(s *State, index uint64, c Command) Result {
	h := c.Stamp()
	s.applied = index
	s.nowMS = max(s.nowMS, h.NowMS)
	t := &change{State: s, actor: h.Actor}
	if err := c.apply(t); err != nil {
		return Result{Err: err}
	}
	return t.result
}
