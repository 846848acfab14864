package stats

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/Slicer/sitegen/generator/disk"
)

// Privacy is the mode in which addresses are stored.
type Privacy string

// The modes. In all of them, the id of a visitor is a keyed hash of the address.
const (
	// Keyed has one permanent key, so a visitor has the same id on all days. The statistics of format 1.0 need it.
	Keyed Privacy = "keyed"
	// Daily has one key for each day of the log, which is deleted after KeyDays days. After that, it is impossible to
	// find out whether an address was among the visitors, or whether visitors of two days are the same.
	Daily Privacy = "daily"
	// Full has one permanent key, and also stores the addresses.
	Full Privacy = "full"
)

// KeyDays is the number of days after which the key of a day is deleted in the mode Daily. This is long enough for a
// log to be rotated and read to its end. Older lines that are read later are not counted.
const KeyDays = 3

// keySize is the size of a key (bytes).
const keySize = sha256.Size

// visitors maps addresses to the ids that are stored.
type visitors struct {
	path  string // of the file with the keys
	dry   bool   // do not write the file
	mode  Privacy
	keys  map[int32]hash.Hash // by day; by 0 if there is one permanent key
	raw   map[string]string   // content of the file: see readKeys
	sum   [sha256.Size]byte
	dirty bool // raw has changes that are not saved
}

// openVisitors reads the keys of a data folder. The file is created, with mode 0600, when the first key is needed. A
// dry run does not change the file, and discards new keys.
func openVisitors(dir string, mode Privacy, dry bool) (*visitors, error) {
	v := &visitors{
		path: filepath.Join(dir, KeyFile), dry: dry, mode: mode, keys: map[int32]hash.Hash{},
	}
	var err error
	if v.raw, err = readKeys(v.path); err != nil {
		return nil, err
	}
	if info, err := os.Stat(v.path); !dry && err == nil && info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(v.path, 0o600); err != nil {
			return nil, fmt.Errorf("restrict access to the visitor key: %w", err)
		}
	}
	return v, nil
}

// id returns the id of a visitor on a day: the first 64 bits of the HMAC-SHA256 of the address. Among ten million
// visitors, the probability that any two have the same id is 1 in 370,000.
func (v *visitors) id(address []byte, day int32) (int64, error) {
	h, err := v.key(day)
	if err != nil {
		return 0, err
	}
	h.Reset()
	h.Write(address)
	return int64(binary.LittleEndian.Uint64(h.Sum(v.sum[:0]))), nil
}

// key returns the HMAC with the key of a day, and creates the key if there is none.
func (v *visitors) key(day int32) (hash.Hash, error) {
	if v.mode != Daily {
		day = 0
	}
	if h := v.keys[day]; h != nil {
		return h, nil
	}
	name := permanent
	if v.mode == Daily {
		name = dayString(day)
	}
	text, ok := v.raw[name]
	if !ok {
		key := make([]byte, keySize)
		rand.Read(key) // never returns an error
		text = hex.EncodeToString(key)
		v.raw[name] = text
		v.dirty = true
	}
	key, err := hex.DecodeString(text)
	if err != nil || len(key) != keySize {
		return nil, fmt.Errorf("read the visitor key: %s: the key %q is not %d hex digits", v.path, name, 2*keySize)
	}
	h := hmac.New(sha256.New, key)
	v.keys[day] = h
	return h, nil
}

// save writes the file if keys have been created or deleted since the last save. Call it before committing rows that
// were made with new keys: without its key, a row could never be matched with the same visitor again.
func (v *visitors) save() error {
	if !v.dirty || v.dry {
		return nil
	}
	data, err := encodeKeys(v.raw)
	if err != nil {
		return fmt.Errorf("save the visitor key: %w", err)
	}
	if err := disk.Replace(v.path, data, disk.PrivateFile); err != nil {
		return fmt.Errorf("save the visitor key: %w", err)
	}
	v.dirty = false
	return nil
}

// expire deletes the keys of days before the given one, and saves the file.
func (v *visitors) expire(before int32) error {
	for name := range v.raw {
		if day, err := parseDay(name); err == nil && day < before {
			delete(v.raw, name)
			delete(v.keys, day)
			v.dirty = true
		}
	}
	return v.save()
}

// addressKey appends the bytes of an address that are hashed to dst. All spellings of an address have the same bytes:
// an IPv4 address in IPv6 notation (::ffff:192.0.2.1) is the IPv4 address. A host name, which some logs have instead,
// is hashed in lower case; address is then invalid.
func addressKey(dst, text []byte) (key []byte, address netip.Addr) {
	address, err := netip.ParseAddr(string(text))
	if err != nil {
		return append(dst, strings.ToLower(string(text))...), netip.Addr{}
	}
	address = address.Unmap().WithZone("")
	if address.Is4() {
		bytes := address.As4()
		return append(dst, bytes[:]...), address
	}
	bytes := address.As16()
	return append(dst, bytes[:]...), address
}
