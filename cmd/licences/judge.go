package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"

	"github.com/google/licensecheck"
)

// allowed are the licences, by SPDX identifier, whose terms a binary of ours
// can meet: permissive ones, and MPL-2.0, which asks only for the source of
// the files under it.
var allowed = []string{
	"Apache-2.0",
	"BSD-2-Clause",
	"BSD-3-Clause",
	"CC0-1.0",
	"ISC",
	"MIT",
	"MPL-2.0",
}

// minCoverage is the share of a licence file, in percent, that must be text of
// known licences: a rider added to a known licence must not pass unread. The
// rest is names and years.
const minCoverage = 95

// reviewed files may say more than licence texts: somebody read the rest. They
// go by the SHA-256 of their bytes, so that an edited file is read again.
var reviewed = map[string]string{
	"3e7ed5dc00f1b3518b99284123bfc3e3c65b82c62988c0dcda5c86c13d913f7c": "honnef.co/go/tools LICENSE-THIRD-PARTY: names the projects above each text",
}

// licenceFile matches LICENSE, LICENCE.md, LICENSE-MIT, COPYING.txt and the
// like; licenceSource matches program text that is only named so.
var (
	licenceFile   = regexp.MustCompile(`(?i)^(licen[cs]e|copying)([-.].*)?$`)
	licenceSource = regexp.MustCompile(`\.(go|s|c|h)$`)
)

// judge reads every licence file at the root of a module and returns the
// licences found, or why the module is refused.
func judge(root fs.FS) ([]string, error) {
	entries, err := fs.ReadDir(root, ".")
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if !e.Type().IsRegular() || !licenceFile.MatchString(e.Name()) || licenceSource.MatchString(e.Name()) {
			continue
		}
		text, err := fs.ReadFile(root, e.Name())
		if err != nil {
			return nil, err
		}
		cover := licensecheck.Scan(text)
		_, read := reviewed[fmt.Sprintf("%x", sha256.Sum256(text))]
		if cover.Percent < minCoverage && !read {
			return nil, fmt.Errorf("%s: only %.1f%% is text of known licences, want %d%%: read it", e.Name(), cover.Percent, minCoverage)
		}
		for _, m := range cover.Match {
			if !slices.Contains(allowed, m.ID) {
				return nil, fmt.Errorf("%s: %s is not an allowed licence", e.Name(), m.ID)
			}
			if !slices.Contains(names, m.ID) {
				names = append(names, m.ID)
			}
		}
	}
	if len(names) == 0 {
		return nil, errors.New("no licence file")
	}
	return names, nil
}
