package config

import "strings"

// find is the option of a key; nil when there is none.
func find(key string) *Option {
	for _, o := range options {
		if o.Key == key {
			return o
		}
	}
	return nil
}

// isGroup reports whether options stand below the key.
func isGroup(key string) bool {
	for _, o := range options {
		if strings.HasPrefix(o.Key, key+".") {
			return true
		}
	}
	return false
}

// knownKeys lists the keys of all options and groups.
func knownKeys() []string {
	var keys []string
	for _, o := range options {
		for i, c := range o.Key {
			if c == '.' {
				keys = append(keys, o.Key[:i])
			}
		}
		keys = append(keys, o.Key)
	}
	return keys
}
