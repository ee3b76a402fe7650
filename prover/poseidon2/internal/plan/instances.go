package plan

// Name ends the names of an instance's kernels.
type Name string

// Instances are the permutations of package poseidon2 by the names of their kernels.
var Instances = map[Name]*Plan{
	"KB16": New(KoalaBear, KoalaBear16, 20),
	"KB24": New(KoalaBear, KoalaBear24, 23),
	"BB16": New(BabyBear, BabyBear16, 13),
	"BB24": New(BabyBear, BabyBear24, 21),
}
