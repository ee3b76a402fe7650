package health

import "fmt"

// Level is how something is.
type Level uint8

// The levels, from good to bad.
const (
	Healthy Level = iota
	Degraded
	Unhealthy
)

var levels = [...]string{"healthy", "degraded", "unhealthy"}

func (l Level) String() string {
	if int(l) < len(levels) {
		return levels[l]
	}
	return fmt.Sprintf("level(%d)", uint8(l))
}

// MarshalText writes a level as its name.
func (l Level) MarshalText() ([]byte, error) {
	if int(l) >= len(levels) {
		return nil, fmt.Errorf("health: no level %d", uint8(l))
	}
	return []byte(levels[l]), nil
}

// UnmarshalText reads a level's name.
func (l *Level) UnmarshalText(text []byte) error {
	for i, name := range levels {
		if string(text) == name {
			*l = Level(i)
			return nil
		}
	}
	return fmt.Errorf("health: no level %q", text)
}

// ExitCode is what 'rpp-node validator health' exits with.
func (l Level) ExitCode() int {
	switch l {
	case Healthy:
		return 0
	case Degraded:
		return 20
	default:
		return 21
	}
}

// Finding is one thing that is not as it should be.
type Finding struct {
	Level  Level
	Reason string
}

// worst is the level of the worst finding, and every reason in the order given.
func worst(findings []Finding) (Level, []string) {
	level, reasons := Healthy, []string{}
	for _, f := range findings {
		level = max(level, f.Level)
		reasons = append(reasons, f.Reason)
	}
	return level, reasons
}
