package main

import (
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

const mit = `MIT License

Copyright (c) 2026 Somebody

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
`

// rider takes back what the licence above it gave.
const rider = `
The Software may not be used to offer a service to third parties for a fee
without the written consent of the copyright holder.
`

const gplNotice = `This program is free software: you can redistribute it and/or modify
it under the terms of the GNU General Public License as published by
the Free Software Foundation, either version 3 of the License, or
(at your option) any later version.
`

func TestJudge(t *testing.T) {
	apache, err := os.ReadFile("../../LICENSE")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		files  map[string]string
		want   []string
		reason string // part of the error, "" when allowed
	}{
		{"ours", map[string]string{"LICENSE": string(apache)}, []string{"Apache-2.0"}, ""},
		{"mit", map[string]string{"LICENSE.md": mit}, []string{"MIT"}, ""},
		{"british, and a source file named so", map[string]string{"licence": mit, "license.go": "package x"}, []string{"MIT"}, ""},
		{"two allowed", map[string]string{"LICENSE-APACHE": string(apache), "LICENSE-MIT": mit}, []string{"Apache-2.0", "MIT"}, ""},
		{"none", map[string]string{"README.md": mit, "doc/LICENSE": mit}, nil, "no licence file"},
		{"proprietary", map[string]string{"LICENSE": "All rights reserved. Do not copy.\n"}, nil, "text of known licences"},
		{"rider", map[string]string{"LICENSE": mit + rider}, nil, "text of known licences"},
		{"copyleft", map[string]string{"COPYING": gplNotice}, nil, "GPL-3.0"},
		{"one of two refused", map[string]string{"COPYING": gplNotice, "LICENSE": mit}, nil, "GPL-3.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			root := fstest.MapFS{}
			for name, text := range c.files {
				root[name] = &fstest.MapFile{Data: []byte(text)}
			}
			got, err := judge(root)
			if c.reason == "" && (err != nil || !slices.Equal(got, c.want)) {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
			if c.reason != "" && (err == nil || !strings.Contains(err.Error(), c.reason)) {
				t.Errorf("got %v, %v, want an error about %q", got, err, c.reason)
			}
		})
	}
}
