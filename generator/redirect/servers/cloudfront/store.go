package cloudfront

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/Slicer/sitegen/generator/redirect"
)

// Store holds the keys of one edition of a site in the key-value store. Several editions can share a key-value store
// and a bucket: each has a root of its own, and they share all nodes that are the same.
type Store struct {
	RootKey string            // RootKey of the edition
	Root    string            // the value of that key; it names the nodes, directly or through other nodes
	Nodes   map[string]string // all nodes by key; the value of a key never changes
	Objects []string          // the keys in the bucket that the nodes name, sorted; none without Options.Objects
}

// Options tells Compile where a site is stored.
type Options struct {
	// Objects maps the paths of the site's files to keys in the bucket: "/docs/install/index.html" to "o/3f9a….html".
	// nil means that the bucket holds each file at its own path.
	Objects map[string]string
	// Edition is the name of the edition, of lower-case letters, digits and hyphens; "" for production.
	Edition string
	// Host is the host of production. The function looks requests to other hosts up in the table of hosts. "" means
	// that there are no other editions.
	Host string
}

// HostsKey is the key of the table of hosts.
const HostsKey = "hosts/2"

// RootKey returns the key of an edition's root; "" is production. It contains the number of the store's format: a
// function of another format never reads a root that it does not understand.
func RootKey(edition string) string {
	if edition == "" {
		return "root/5"
	}
	return "root/5/" + edition
}

var editionRE = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

// HostsTable returns the value of HostsKey for a map from hosts to editions. Requests to other hosts are answered from
// production.
func HostsTable(editions map[string]string) (string, error) {
	for _, host := range slices.Sorted(maps.Keys(editions)) {
		if e := editions[host]; e != "" && !editionRE.MatchString(e) {
			return "", fmt.Errorf("invalid name of an edition (found %q); use lower-case letters, digits and hyphens",
				e)
		}
	}
	b, err := json.Marshal(editions)
	if err != nil {
		return "", fmt.Errorf("write the table of hosts: %w", err)
	}
	if len(b) > MaxValue {
		return "", fmt.Errorf("the table of hosts has %d bytes, CloudFront's limit is %d; use fewer hosts", len(b),
			MaxValue)
	}
	return string(b), nil
}

// Compile compiles a table into an edition of the key-value store. The compilation has the findings of Server.Compile
// and the omissions of the edition, but no files.
func Compile(t *redirect.Table, o Options) (Store, *redirect.Compilation) {
	s := Store{RootKey: RootKey(o.Edition)}
	c := &redirect.Compilation{}
	if o.Edition != "" && !editionRE.MatchString(o.Edition) {
		c.Fail(nil, "invalid name of an edition (found %q); use lower-case letters, digits and hyphens", o.Edition)
		return s, c
	}
	s.Nodes = compilePairs(c, t, o, MaxStore)
	if c.Err() != nil {
		return Store{RootKey: s.RootKey}, c
	}
	c.Omitted = folderOmissions()
	if o.Objects != nil {
		c.Omitted = objectOmissions(t)
	}
	describe(c, t)
	s.Root = s.Nodes[RootKey("")]
	delete(s.Nodes, RootKey(""))
	named, records := map[string]bool{}, records(t)
	for path, key := range o.Objects {
		if !internal(path) && !records[path] {
			named[key] = true
		}
	}
	s.Objects = slices.Sorted(maps.Keys(named))
	return s, c
}

// Keys returns all keys of the edition with their values: the nodes and the root.
func (s Store) Keys() map[string]string {
	keys := maps.Clone(s.Nodes)
	if keys == nil {
		keys = map[string]string{}
	}
	keys[s.RootKey] = s.Root
	return keys
}

// Size returns the number of bytes of keys and values in the format of an import file, which MaxStore limits.
func Size(keys map[string]string) int { return len(importFile(keys)) }

// ParseStore parses keyvaluestore.json and returns its keys and values.
func ParseStore(data []byte) (map[string]string, error) {
	var file struct {
		Data []pair `json:"data"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("parse the key-value store: %w", err)
	}
	if len(file.Data) == 0 {
		return nil, errors.New("parse the key-value store: it has no keys")
	}
	keys := make(map[string]string, len(file.Data))
	for _, p := range file.Data {
		keys[p.Key] = p.Value
	}
	return keys, nil
}
