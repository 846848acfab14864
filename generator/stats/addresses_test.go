package stats

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// TestAddresses compares the cache with a map, for more addresses than it has room for. An entry must be right, and
// the address that was used last must be there.
func TestAddresses(t *testing.T) {
	var a addresses
	all := map[netip.Addr]visitor{}
	r := rand.New(rand.NewPCG(1, 1))
	found, known := 0, 0
	for n := range int32(2_000_000) {
		var b [4]byte
		binary.BigEndian.PutUint32(b[:], r.Uint32N(400_000))
		ip := netip.AddrFrom4(b)
		if r.IntN(4) == 0 {
			ip = netip.AddrFrom16([16]byte{12: b[0], b[1], b[2], b[3]}) // another address with the same digits
		}
		v, ok := a.visitor(ip)
		want, was := all[ip]
		if ok && (!was || v != want) {
			t.Fatalf("the visitor of %s is %v, want %v", ip, v, want)
		}
		if was {
			known++
		}
		if ok {
			found++
		}
		if !ok || r.IntN(3) == 0 {
			v = visitor{int64(n), n % 3, n % 5}
			all[ip] = v
			a.put(ip, v)
			if got, ok := a.visitor(ip); !ok || got != v {
				t.Fatalf("the visitor of %s is %v, %v directly after it was set to %v", ip, got, ok, v)
			}
		}
	}
	if found < known/4 {
		t.Errorf("%d of %d known addresses found", found, known)
	}
	a.clear()
	for ip := range all {
		if _, ok := a.visitor(ip); ok {
			t.Fatalf("%s is in the empty cache", ip)
		}
	}
}

// TestAddressesFew checks that none of a few thousand addresses is forgotten.
func TestAddressesFew(t *testing.T) {
	var a addresses
	for round := range 3 {
		missing := 0
		for n := range uint16(5000) {
			ip := netip.AddrFrom4([4]byte{192, 0, byte(n >> 8), byte(n)})
			if _, ok := a.visitor(ip); !ok {
				missing++
			}
			a.put(ip, visitor{id: int64(n)})
		}
		if round > 0 && missing > 0 {
			t.Errorf("%d of 5000 addresses are missing", missing)
		}
	}
}
