package worker

import (
	"strings"
	"unicode"
)

// plain makes a reason of what a device's process, or an error, has said: one line that can
// be printed, bounded. A leader ends the session of a worker that reports anything else,
// and would never learn of the attempt.
func plain(said string) string {
	said = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(said, " "), func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }), " ")
	if len(said) > MaxReasonBytes {
		said = strings.ToValidUTF8(said[:MaxReasonBytes], "")
	}
	return said
}
