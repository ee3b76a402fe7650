package main

import (
	"fmt"
	"slices"
	"strings"
)

// checkLayers holds every import of ours against the lattice.
func (t *tree) checkLayers() (found []violation) {
	for _, s := range t.source {
		from := top(s.dir)
		for _, imp := range s.imports {
			if imp.own == "" {
				continue
			}
			if to := top(imp.own); to != from && !slices.Contains(layers[from], to) {
				found = append(found, violation{s.path, imp.line, "layers", fmt.Sprintf(
					"%s must not import %s: declare the interface that it needs, and let a layer above connect the two", from, imp.own)})
			}
		}
	}
	return found
}

// checkVerifier walks the non-test imports from the verifier and reports each
// package of the prover's side once, with the chain that reaches it.
func (t *tree) checkVerifier() (found []violation) {
	edges := map[string][]string{}
	for _, s := range t.source {
		if s.test {
			continue
		}
		for _, imp := range s.imports {
			if imp.own != "" && !slices.Contains(edges[s.dir], imp.own) {
				edges[s.dir] = append(edges[s.dir], imp.own)
			}
		}
	}
	cameFrom := map[string]string{verifierRoot: ""}
	for queue := []string{verifierRoot}; len(queue) > 0; queue = queue[1:] {
		for _, next := range edges[queue[0]] {
			if _, seen := cameFrom[next]; seen || excepted(verifierExceptions, queue[0], next) {
				continue
			}
			cameFrom[next] = queue[0]
			if !withinAny(next, proverSide) {
				queue = append(queue, next)
				continue
			}
			chain := []string{next}
			for at := queue[0]; at != ""; at = cameFrom[at] {
				chain = append(chain, at)
			}
			slices.Reverse(chain)
			found = append(found, violation{queue[0], 0, "verifier", fmt.Sprintf(
				"the verifier reaches the prover's %s (%s): move what both need into a package of its own", next, strings.Join(chain, " → "))})
		}
	}
	return found
}

// checkHomes keeps each third party inside its folders.
func (t *tree) checkHomes() (found []violation) {
	for _, s := range t.source {
		for _, imp := range s.imports {
			for party, folders := range homes {
				if within(imp.path, party) && !withinAny(s.dir, folders) {
					found = append(found, violation{s.path, imp.line, "homes", fmt.Sprintf(
						"%s belongs to %s only", party, strings.Join(folders, " and "))})
				}
			}
		}
	}
	return found
}

// checkTestOnly keeps test support out of the product.
func (t *tree) checkTestOnly() (found []violation) {
	for _, s := range t.source {
		if s.test || withinAny(s.dir, testOnly) {
			continue
		}
		for _, imp := range s.imports {
			if withinAny(imp.own, testOnly) {
				found = append(found, violation{s.path, imp.line, "test only",
					fmt.Sprintf("only tests may import %s", imp.own)})
			}
		}
	}
	return found
}

// checkAssembler keeps the base of the generators, which writes files, to them.
func (t *tree) checkAssembler() (found []violation) {
	for _, s := range t.source {
		if within(s.dir, assembler) || strings.HasSuffix(s.dir, "/"+generatorFolder) {
			continue
		}
		for _, imp := range s.imports {
			if within(imp.own, assembler) {
				found = append(found, violation{s.path, imp.line, "generators", fmt.Sprintf(
					"only generators, in folders %s, may import %s", generatorFolder, assembler)})
			}
		}
	}
	return found
}
