package worker

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

func TestPlain(t *testing.T) {
	for _, c := range []struct{ said, want string }{
		{"", ""},
		{"the process was killed", "the process was killed"},
		{"panic: no memory\n\ngoroutine 1 [running]:\n\tmain.main()\x00\n", "panic: no memory goroutine 1 [running]: main.main()"},
		{"a\xffb", "a b"},
	} {
		if got := plain(c.said); got != c.want {
			t.Errorf("%q: %q, want %q", c.said, got, c.want)
		}
	}
	long := plain("x" + strings.Repeat("é\n", 4000))
	if len(long) > MaxReasonBytes || len(long) < MaxReasonBytes-utf8.UTFMax || !utf8.ValidString(long) {
		t.Errorf("%d bytes, valid: %t", len(long), utf8.ValidString(long))
	}
	if i := strings.IndexFunc(long, func(r rune) bool { return !unicode.IsPrint(r) }); i >= 0 {
		t.Errorf("not printable at %d", i)
	}
}
