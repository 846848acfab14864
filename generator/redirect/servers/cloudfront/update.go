package cloudfront

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// MaxUpdate is how many keys one call of UpdateKeys takes, all or none (CloudFront developer guide, "Quotas").
const MaxUpdate = 50

// Change is one key to put or to delete.
type Change struct {
	Key    string
	Value  string // of a put
	Delete bool
}

// ParseStore reads keyvaluestore.json.
func ParseStore(data []byte) (map[string]string, error) {
	var file struct {
		Data []pair `json:"data"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("read the key-value store: %w", err)
	}
	store := make(map[string]string, len(file.Data))
	for _, p := range file.Data {
		store[p.Key] = p.Value
	}
	return store, nil
}

// Updates lists the changes from an old store to a new one, in calls of at most MaxUpdate keys to be sent one after the
// other: what the new root needs, the root, and then the deletion of what only the old root needed. Before the first
// call that deletes, wait until every edge has the new root, or leave the deletions to the next update.
func Updates(old, new map[string]string) [][]Change {
	var puts, deletions []Change
	for _, key := range slices.Sorted(maps.Keys(new)) {
		if v, ok := old[key]; key != rootKey && (!ok || v != new[key]) {
			puts = append(puts, Change{Key: key, Value: new[key]})
		}
	}
	if old[rootKey] != new[rootKey] {
		puts = append(puts, Change{Key: rootKey, Value: new[rootKey]})
	}
	for _, key := range slices.Sorted(maps.Keys(old)) {
		if _, ok := new[key]; !ok {
			deletions = append(deletions, Change{Key: key, Delete: true})
		}
	}
	return slices.Concat(slices.Collect(slices.Chunk(puts, MaxUpdate)),
		slices.Collect(slices.Chunk(deletions, MaxUpdate)))
}
