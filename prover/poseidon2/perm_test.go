package poseidon2

import (
	"encoding/hex"
	"testing"

	"rpp-node/prover/field"
)

func TestNew(t *testing.T) {
	rounds := map[string]int{"koala-bear-16": 20, "koala-bear-24": 23, "baby-bear-16": 13, "baby-bear-24": 21}
	for name, p := range instances {
		if New(p.Field(), p.Width()) != p {
			t.Errorf("%s: New makes a second instance", name)
		}
		if p.FullRoundsHalf() != 4 || p.PartialRounds() != rounds[name] {
			t.Errorf("%s: %d full rounds in a half, %d partial; want 4, %d", name, p.FullRoundsHalf(), p.PartialRounds(), rounds[name])
		}
	}
}

// TestPanics covers the misuses that only a defect in a caller can cause.
func TestPanics(t *testing.T) {
	p := instances["koala-bear-16"]
	buf := make([]field.Elem, MaxWidth)
	for what, misuse := range map[string]func(){
		"New of width 8":       func() { New(field.KoalaBear, 8) },
		"New of width 32":      func() { New(field.BabyBear, 32) },
		"a state of 15":        func() { p.Permute(buf[:15]) },
		"a state of 17":        func() { p.Permute(buf[:17]) },
		"a rate above width":   func() { p.Sponge(buf[:8], buf, 17) },
		"an output over width": func() { p.Sponge(buf[:17], nil, 8) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s does not panic", what)
				}
			}()
			misuse()
		}()
	}
}

// TestDigest pins the digests: a change refuses every verifying key made before it.
func TestDigest(t *testing.T) {
	want := map[string]string{
		"koala-bear-16": "db48dfcb28691e47e80967beb63f097b814e623cc53df9bae726d3d501a964f1",
		"koala-bear-24": "d9c8c9793c9f8b53f2b2280a1de4b103954c5a5e23f9b04615e4cc780780c7d0",
		"baby-bear-16":  "245f63f9db176dc8372fa280e94c10063072c42db28b87eacdaa2cffb45d1154",
		"baby-bear-24":  "f3e74ed217e00bbdb62581588223f08ef705b1206f40dc4017fb77d5f8d74f43",
	}
	for name, p := range instances {
		d := p.Digest()
		if got := hex.EncodeToString(d[:]); got != want[name] {
			t.Errorf("%s: digest %s, want %s", name, got, want[name])
		}
	}
}
