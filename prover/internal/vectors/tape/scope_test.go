package tape

import (
	"testing"

	"rpp-node/prover/internal/vectors"
)

// TestScope: the configurations and fields that ByName and the tests of transforms pass
// over are those that out_of_scope.txt lists.
func TestScope(t *testing.T) {
	for _, file := range []string{"challenger.json", "merkle.json", "pcs.json", "ntt.json"} {
		var list []struct{ Config, Field string }
		vectors.JSON(t, file, &list)
		var names []string
		for _, v := range list {
			names = append(names, v.Config+v.Field)
		}
		vectors.CheckScope(t, file, names, func(name string) bool {
			if file == "ntt.json" {
				return name == "koala-bear" || name == "baby-bear"
			}
			_, ok := ByName(t, name)
			return ok
		})
	}
}
