package interop

import (
	"bytes"
	"encoding/json"
	"io"
	"strings"
)

// strict decodes one JSON value with nothing after it. Beyond what the standard decoder
// refuses when told to, it refuses keys that v lacks, keys in another spelling than the
// format's lower case, and keys that stand twice in an object: each would be read in two
// ways by two readers.
func strict(b []byte, v any) error {
	if len(b) > MaxFileBytes {
		return bad("%d bytes, at most %d", len(b), MaxFileBytes)
	}
	if err := checkKeys(b); err != nil {
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

// maxDepth bounds the nesting of objects and arrays; the formats need seven.
const maxDepth = 16

// checkKeys walks the tokens and looks at the keys of every object.
func checkKeys(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	type level struct {
		keys  map[string]bool // nil in an array
		isKey bool            // the next token is a key
	}
	var stack []level
	for {
		tok, err := d.Token()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return bad("%v", err)
		}
		top := len(stack) - 1
		if delim, ok := tok.(json.Delim); ok {
			switch delim {
			case '{', '[':
				if len(stack) == maxDepth {
					return bad("nested deeper than %d", maxDepth)
				}
				l := level{}
				if delim == '{' {
					l = level{keys: map[string]bool{}, isKey: true}
				}
				stack = append(stack, l)
				continue
			default:
				stack = stack[:top]
				top--
			}
		} else if top >= 0 && stack[top].isKey {
			key := tok.(string)
			if key != strings.ToLower(key) {
				return bad("key %q: want lower case", key)
			}
			if stack[top].keys[key] {
				return bad("key %q stands twice", key)
			}
			stack[top].keys[key] = true
			stack[top].isKey = false
			continue
		}
		if top >= 0 && stack[top].keys != nil { // a value has ended
			stack[top].isKey = true
		}
	}
}
