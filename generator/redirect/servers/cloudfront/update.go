package cloudfront

import (
	"maps"
	"regexp"
	"slices"
)

// MaxUpdate is the maximum number of keys in one call of UpdateKeys (CloudFront developer guide, "Quotas"). A call
// changes either all of its keys or none.
const MaxUpdate = 50

// Change is a key to put, with its value.
type Change struct{ Key, Value string }

// Updates returns the changes that make an edition the one that visitors see, as calls of at most MaxUpdate keys. old
// holds all keys of the key-value store, also those of other editions. Send the calls in order: the last key of the
// last call is the root. For example, if 120 nodes are new, there are three calls:
//
//	1, 2   put 50 new nodes each      requests still use the old root and its nodes
//	3      put 20 new nodes and root  from now on, requests use the new root
//
// There are no calls if the edition is the one in the store. Nothing is deleted; see Unused.
func Updates(old map[string]string, s Store) [][]Change {
	var puts []Change
	for _, key := range slices.Sorted(maps.Keys(s.Nodes)) {
		if v, ok := old[key]; !ok || v != s.Nodes[key] {
			puts = append(puts, Change{key, s.Nodes[key]})
		}
	}
	if v, ok := old[s.RootKey]; len(puts) > 0 || !ok || v != s.Root {
		puts = append(puts, Change{s.RootKey, s.Root})
	}
	return slices.Collect(slices.Chunk(puts, MaxUpdate))
}

// Unused returns the nodes of a key-value store that no edition of keep has, sorted. They can be deleted as soon as no
// request can still use an older root: a few seconds after the last root was put, when all edge locations have it.
// Other keys are never among them: roots, the table of hosts, and keys of other programs.
func Unused(old map[string]string, keep ...Store) []string {
	var unused []string
	for key := range old {
		used := !IsNode(key)
		for _, s := range keep {
			_, ok := s.Nodes[key]
			used = used || ok
		}
		if !used {
			unused = append(unused, key)
		}
	}
	slices.Sort(unused)
	return unused
}

// nodeRE matches the keys of nodes: a letter for the kind and a hash, in the keys of texts of pages followed by a name.
var nodeRE = regexp.MustCompile(`^(?:[` + idNodes + pathNodes + stepNodes + packageNodes + patternNodes + textNodes +
	`][A-Za-z0-9_-]{8}|[` + pageNodes + cellNodes + `][A-Za-z0-9_-]{8}[a-z0-9_-]+)\z`)

// IsNode reports whether a key has the form of a node's.
func IsNode(key string) bool { return nodeRE.MatchString(key) }
