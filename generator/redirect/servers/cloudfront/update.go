package cloudfront

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// MaxUpdate is the maximum number of keys in one call of UpdateKeys (CloudFront developer guide, "Quotas"). A call
// changes either all of its keys or none.
const MaxUpdate = 50

// Change is a key to put or to delete.
type Change struct {
	Key    string
	Value  string // the value to put
	Delete bool
}

// ParseStore parses keyvaluestore.json.
func ParseStore(data []byte) (map[string]string, error) {
	var file struct {
		Data []pair `json:"data"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("parse the key-value store: %w", err)
	}
	store := make(map[string]string, len(file.Data))
	for _, p := range file.Data {
		store[p.Key] = p.Value
	}
	return store, nil
}

// Updates returns the changes that turn an old store into a new one, as calls of at most MaxUpdate keys. Send the calls
// in order. They put the new keys, then the root, and then delete the keys that only the old store has. For example, if
// 120 keys are new and 90 are no longer used, there are five calls:
//
//	1, 2   put 50 new keys each       requests still use the old root and its keys
//	3      put 20 new keys and root   from now on, requests use the new root
//	4, 5   delete 50 and 40 keys
//
// Before the first deletion, wait until every edge location has the new root, or leave the deletions to the next
// update.
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
