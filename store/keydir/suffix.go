package keydir

import (
	"strconv"
	"strings"
)

// Files that are no entries end in one of these.
const (
	tempSuffix    = ".tmp"     // key file, number, suffix: what a write has left over
	corruptSuffix = ".corrupt" // key file, suffix: what was set aside
)

// maxTemps is how many leftovers of one key a write passes over before it gives up.
const maxTemps = 100

// tempName is the i-th temporary file for writing the named one. Numbers, not random
// text: a file that exists is passed over, so nothing needs to be unpredictable.
func tempName(name string, i int) string { return name + "." + strconv.Itoa(i) + tempSuffix }

// tempOf returns the key whose writing left the file.
func tempOf(file string) (Name, bool) {
	rest, ok := strings.CutSuffix(file, tempSuffix)
	if !ok {
		return Name{}, false
	}
	dot := strings.LastIndexByte(rest, '.')
	if dot < 0 {
		return Name{}, false
	}
	i, err := strconv.Atoi(rest[dot+1:])
	if err != nil || i < 0 || i >= maxTemps || tempName(rest[:dot], i) != file {
		return Name{}, false
	}
	n, err := ParseName(rest[:dot])
	return n, err == nil
}

// corruptOf returns the key that the file was an entry of before it was set aside.
func corruptOf(file string) (Name, bool) {
	rest, ok := strings.CutSuffix(file, corruptSuffix)
	if !ok {
		return Name{}, false
	}
	n, err := ParseName(rest)
	return n, err == nil
}
