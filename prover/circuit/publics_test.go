package circuit

import (
	"reflect"
	"testing"
)

// Public values made without a trace are those that the trace has.
func TestPublicsAreTheTraces(t *testing.T) {
	for _, f := range Families() {
		for seed := range uint64(3) {
			w, err := f.Sample(f.DefaultSize, seed)
			if err != nil {
				t.Fatal(err)
			}
			got, err := w.Publics()
			if err != nil {
				t.Fatal(err)
			}
			_, want, err := w.Traces()
			if err != nil {
				t.Fatal(err)
			}
			if len(got) != len(want) {
				t.Fatalf("%s: %d tables, want %d", f.Name, len(got), len(want))
			}
			for i := range want {
				if len(got[i])+len(want[i]) > 0 && !reflect.DeepEqual(got[i], want[i]) {
					t.Errorf("%s, seed %d, table %d: %v, want %v", f.Name, seed, i, got[i], want[i])
				}
			}
		}
	}
}
