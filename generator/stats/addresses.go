package stats

import (
	"hash/maphash"
	"net/netip"
)

// addresses is a cache of the visitors with IP addresses, which saves a hash and a look-up in the GeoIP database for
// each request. Its size is fixed, so a log with millions of addresses takes no more memory than one with thousands. An
// address has four places, in a set that its hash selects; the most recently used addresses of a set stay. Entries have
// no pointers, so the garbage collector does not scan them.
type addresses struct {
	seed maphash.Seed
	sets [][addressWays]addressEntry
}

// A cache has addressSets * addressWays entries of 32 bytes: 262,144 addresses in 8 MB.
const addressSets, addressWays = 1 << 16, 4

// addressEntry is the entry of an address.
type addressEntry struct {
	address [16]byte // IPv4 addresses in the form of IPv6
	id      int64
	day     int32 // for which id is valid, in the mode Daily
	place   int32 // position in the tables, plus 1: 0 marks an empty entry
}

// visitor returns the visitor of an address, and reports whether it is in the cache.
func (a *addresses) visitor(ip netip.Addr) (visitor, bool) {
	if a.sets == nil {
		return visitor{}, false
	}
	key := ip.As16()
	set := a.set(key)
	for i, e := range set {
		if e.address == key && e.place > 0 {
			copy(set[1:], set[:i])
			set[0] = e
			return visitor{e.id, e.day, e.place - 1}, true
		}
	}
	return visitor{}, false
}

// put sets the visitor of an address. If the set is full, it replaces the address that was used least recently.
func (a *addresses) put(ip netip.Addr, v visitor) {
	if a.sets == nil {
		a.seed, a.sets = maphash.MakeSeed(), make([][addressWays]addressEntry, addressSets)
	}
	key := ip.As16()
	set := a.set(key)
	last := 0
	for last < addressWays-1 && set[last].place > 0 && set[last].address != key {
		last++
	}
	copy(set[1:], set[:last])
	set[0] = addressEntry{key, v.id, v.day, v.place + 1}
}

// set returns the set of an address.
func (a *addresses) set(key [16]byte) *[addressWays]addressEntry {
	return &a.sets[maphash.Bytes(a.seed, key[:])%addressSets]
}

// clear empties the cache.
func (a *addresses) clear() { clear(a.sets) }
