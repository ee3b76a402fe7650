package interop

import (
	"bytes"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"rpp-node/prover/air"
	"rpp-node/prover/system"
)

// strict decodes one JSON value with nothing after it. Beyond what the standard decoder
// refuses when told to, it refuses keys in another spelling than the format's lower case,
// keys that stand twice in an object, keys left out and nulls where a value belongs: each
// would be read in two ways by two readers. Lists are bounded before anything is
// allocated for them. root names the value, for the rules.
func strict(b []byte, root string, v any) error {
	if len(b) > MaxFileBytes {
		return bad("%d bytes, at most %d", len(b), MaxFileBytes)
	}
	if err := checkTokens(b, root); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return bad("%v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return bad("something follows the JSON value")
	}
	return nil
}

// The names of the values that a file may be.
const (
	rootCircuit  = "circuit file"
	rootInstance = "instance file"
	rootTables   = "tables"
)

// required lists the keys of the objects that stand under a key, directly or in a list.
var required = map[string][]string{
	rootCircuit:    {"format", "name", "field", "degree", "hash", "fri", "seed", "tables"},
	rootInstance:   {"format", "circuit", "log_heights", "public_values"},
	"fri":          {"log_blowup", "log_final_poly_len", "max_log_arity", "num_queries", "commit_pow_bits", "query_pow_bits", "cap_height"},
	rootTables:     {"name", "width", "publics", "preprocessed", "main_next", "preprocessed_next", "max_degree", "nodes", "constraints", "lookups"},
	"preprocessed": {"width", "values"},
	"lookups":      {"kind"},
	"tuples":       {"fields", "count", "weight"},
	"branches":     {"flag", "fields", "count", "weight"},
}

// lengths bounds the lists that stand under a key; lists inside them are not bounded
// here.
var lengths = map[string]int{
	rootTables: air.MaxTables, "nodes": air.MaxNodes, "constraints": air.MaxConstraints, "lookups": air.MaxLookups,
	"tuples": air.MaxTuples, "branches": air.MaxTuples, "fields": air.MaxTupleWidth, "seed": system.SeedElements,
	"log_heights": air.MaxTables, "public_values": air.MaxTables, "traces": air.MaxTables,
}

// nullable are the keys whose value may be null.
var nullable = []string{"preprocessed", "max_degree"}

// maxDepth bounds the nesting of objects and arrays; the formats need seven.
const maxDepth = 16

// level is an object or array that the walk is in.
type level struct {
	key    string          // under which it stands, or its list
	keys   map[string]bool // of an object, nil for an array
	isKey  bool            // the next token of the object is a key
	at     string          // the key whose value comes next
	count  int             // elements of the array so far
	nested bool            // an array directly in an array
}

// checkTokens walks the tokens and applies the rules.
func checkTokens(b []byte, root string) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var stack []level
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return bad("%v", err)
		}
		delim, isDelim := tok.(json.Delim)
		if isDelim && (delim == '}' || delim == ']') {
			closed := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			if closed.keys != nil {
				for _, k := range required[closed.key] {
					if !closed.keys[k] {
						return bad("%s: key %q is missing", closed.key, k)
					}
				}
			}
			continue
		}
		var in *level
		if len(stack) > 0 {
			in = &stack[len(stack)-1]
		}
		if in != nil && in.isKey {
			if err := in.takeKey(tok.(string)); err != nil {
				return err
			}
			continue
		}
		next := level{key: root}
		if in != nil {
			if next, err = in.takeValue(tok); err != nil {
				return err
			}
		}
		if !isDelim {
			continue
		}
		if len(stack) == maxDepth {
			return bad("nested deeper than %d", maxDepth)
		}
		if delim == '{' {
			next.keys, next.isKey = map[string]bool{}, true
		}
		stack = append(stack, next)
	}
}

func (l *level) takeKey(key string) error {
	if key != strings.ToLower(key) {
		return bad("key %q: want lower case", key)
	}
	if l.keys[key] {
		return bad("key %q stands twice", key)
	}
	l.keys[key] = true
	l.at, l.isKey = key, false
	return nil
}

// takeValue counts a value that begins in l, and returns the level that it opens if it is
// an object or an array.
func (l *level) takeValue(tok json.Token) (level, error) {
	if l.keys != nil {
		l.isKey = true
		if tok == nil && !slices.Contains(nullable, l.at) {
			return level{}, bad("key %q: null", l.at)
		}
		return level{key: l.at}, nil
	}
	l.count++
	if limit, ok := lengths[l.key]; ok && !l.nested && l.count > limit {
		return level{}, bad("%s: more than %d", l.key, limit)
	}
	if tok == nil {
		return level{}, bad("%s: null in a list", l.key)
	}
	return level{key: l.key, nested: true}, nil
}
