package pruning

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"

	"rpp-node/prover/circuit/gadget"
)

// WitnessFormat names the version of both encodings of a witness.
const WitnessFormat = "rpp-witness-pruning-1"

// MaxJSONBytes bounds a witness in JSON, white space included.
const MaxJSONBytes = 4 << 20

// AppendJSON appends w in its one canonical JSON text, a transaction a line.
func (w *Witness) AppendJSON(b []byte) []byte {
	b = fmt.Appendf(b, "{\n  \"format\": %q,\n  \"variant\": %q,\n  \"first_height\": %d,\n  \"parent\": \"%s\",\n  \"fold_in\": \"%s\",\n  \"blocks\": [",
		WitnessFormat, w.Variant, w.FirstHeight, w.Parent, w.FoldIn)
	for i, block := range w.Blocks {
		b = fmt.Appendf(b, "%s\n    [", comma(i))
		for k, t := range block {
			b = fmt.Appendf(b, "%s\n      {\"id\": \"%s\", \"removed\": %t}", comma(k), t.ID, t.Removed)
		}
		if len(block) > 0 {
			b = append(b, "\n    "...)
		}
		b = append(b, ']')
	}
	return append(b, "\n  ]\n}\n"...)
}

func comma(i int) string {
	if i == 0 {
		return ""
	}
	return ","
}

// DecodeJSON reads a witness in JSON. Keys may stand in any order; each must stand
// exactly once, spelt exactly, and no other may.
func DecodeJSON(data []byte) (*Witness, error) {
	if len(data) > MaxJSONBytes {
		return nil, bad("JSON: %d bytes, at most %d; use the binary form", len(data), MaxJSONBytes)
	}
	r := jsonReader{d: json.NewDecoder(bytes.NewReader(data))}
	r.d.UseNumber()
	w := new(Witness)
	if err := r.witness(w); err != nil {
		return nil, err
	}
	if _, err := r.d.Token(); err != io.EOF {
		return nil, bad("JSON: something follows the witness; remove it")
	}
	return w.checked()
}

// checked returns w if it is a witness of the variant that it names.
func (w *Witness) checked() (*Witness, error) {
	v, err := VariantByName(w.Variant)
	if err != nil {
		return nil, fmt.Errorf("%w: variant: %w", ErrWitness, err)
	}
	if err := w.Check(v); err != nil {
		return nil, err
	}
	return w, nil
}

// jsonReader reads tokens, where encoding/json's decoding into structs would accept
// keys in any case and repeated ones. Paths in errors start at the root, $.
type jsonReader struct{ d *json.Decoder }

// jsonField is a key of an object and what reads its value.
type jsonField struct {
	key  string
	read func(path string) error
}

func (r *jsonReader) witness(w *Witness) error {
	return r.object("$", []jsonField{
		{"format", func(path string) error {
			s, err := r.str(path)
			if err == nil && s != WitnessFormat {
				err = bad("%s: %q, want %q", path, s, WitnessFormat)
			}
			return err
		}},
		{"variant", func(path string) (err error) { w.Variant, err = r.str(path); return err }},
		{"first_height", func(path string) (err error) { w.FirstHeight, err = r.uint64(path); return err }},
		{"parent", func(path string) (err error) { w.Parent, err = r.digest(path); return err }},
		{"fold_in", func(path string) (err error) { w.FoldIn, err = r.digest(path); return err }},
		{"blocks", func(path string) error {
			return r.array(path, maxBlocks, func(path string) error {
				block, err := r.block(path)
				w.Blocks = append(w.Blocks, block)
				return err
			})
		}},
	})
}

func (r *jsonReader) block(path string) (Block, error) {
	block := Block{}
	err := r.array(path, maxTransactions, func(path string) error {
		var t Transaction
		err := r.object(path, []jsonField{
			{"id", func(path string) (err error) { t.ID, err = r.digest(path); return err }},
			{"removed", func(path string) (err error) { t.Removed, err = r.boolean(path); return err }},
		})
		block = append(block, t)
		return err
	})
	return block, err
}

// token reads a token of type T.
func token[T any](r *jsonReader, path, want string) (T, error) {
	t, err := r.d.Token()
	if err != nil {
		var none T
		return none, bad("%s: %v", path, err)
	}
	v, ok := t.(T)
	if !ok {
		return v, bad("%s: %v, want %s", path, t, want)
	}
	return v, nil
}

func (r *jsonReader) open(path string, delim json.Delim, want string) error {
	d, err := token[json.Delim](r, path, want)
	if err == nil && d != delim {
		err = bad("%s: %v, want %s", path, d, want)
	}
	return err
}

// object reads an object whose keys are exactly those of fields, in any order.
func (r *jsonReader) object(path string, fields []jsonField) error {
	if err := r.open(path, '{', "an object"); err != nil {
		return err
	}
	seen := make([]bool, len(fields))
	for r.d.More() {
		key, err := token[string](r, path, "a key")
		if err != nil {
			return err
		}
		i := slices.IndexFunc(fields, func(f jsonField) bool { return f.key == key })
		switch {
		case i < 0:
			return bad("%s: unknown key %q; remove it", path, key)
		case seen[i]:
			return bad("%s: key %q stands twice; remove one", path, key)
		}
		seen[i] = true
		if err := fields[i].read(path + "." + key); err != nil {
			return err
		}
	}
	if _, err := token[json.Delim](r, path, "the end of the object"); err != nil {
		return err
	}
	if i := slices.Index(seen, false); i >= 0 {
		return bad("%s: key %q is missing; add it", path, fields[i].key)
	}
	return nil
}

// array reads an array of at most limit elements.
func (r *jsonReader) array(path string, limit int, element func(path string) error) error {
	if err := r.open(path, '[', "an array"); err != nil {
		return err
	}
	for i := 0; r.d.More(); i++ {
		if i == limit {
			return bad("%s: more than %d elements; no variant takes them", path, limit)
		}
		if err := element(fmt.Sprintf("%s[%d]", path, i)); err != nil {
			return err
		}
	}
	_, err := token[json.Delim](r, path, "the end of the array")
	return err
}

func (r *jsonReader) str(path string) (string, error) { return token[string](r, path, "a string") }

func (r *jsonReader) boolean(path string) (bool, error) {
	return token[bool](r, path, "true or false")
}

// uint64 reads an integer without sign, fraction, exponent or leading zeros.
func (r *jsonReader) uint64(path string) (uint64, error) {
	n, err := token[json.Number](r, path, "a number")
	if err != nil {
		return 0, err
	}
	v, err := strconv.ParseUint(n.String(), 10, 64)
	if err != nil || strconv.FormatUint(v, 10) != n.String() {
		return 0, bad("%s: %s, want an integer from 0 to 2^64-1 in plain digits", path, n)
	}
	return v, nil
}

func (r *jsonReader) digest(path string) (gadget.Digest, error) {
	s, err := r.str(path)
	if err != nil {
		return gadget.Digest{}, err
	}
	d, err := gadget.ParseDigest(s)
	if err != nil {
		return d, bad("%s: %v", path, err)
	}
	return d, nil
}
