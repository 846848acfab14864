package stats

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
)

// Privacy says what is kept of an address.
type Privacy string

// The modes. Every one of them stores a visitor as a keyed hash; they differ in how long the key lives.
const (
	// Keyed has one key for all time, so that a visitor is known again: the statistics of format 1.0 need it.
	Keyed Privacy = "keyed"
	// Daily has a key for each day of the log, deleted KeyDays later: nobody can tell then whether an address
	// was among the visitors, nor whether visitors of two days are one.
	Daily Privacy = "daily"
	// Full keeps the addresses, too.
	Full Privacy = "full"
)

// KeyDays is how long the key of a day is kept in the Daily mode (days): long enough for a log to be rotated
// and read to its end. Lines of older days that come later are not counted.
const KeyDays = 3

// keySize is that of the hash (bytes).
const keySize = sha256.Size

// visitors turns addresses into the numbers that are stored.
type visitors struct {
	path  string // of the file with the keys
	dry   bool   // the file is not written
	mode  Privacy
	keys  map[int32]hash.Hash // by day; by 0 when there is one key
	raw   map[string]string   // what the file holds: day or "all" to key, in hex
	sum   [sha256.Size]byte
	dirty bool // keys were made that the file does not have
}

// openVisitors reads the keys of a data folder. The file is created, with mode 0600, when the first key is needed. In a
// dry run it is not touched, and new keys are lost.
func openVisitors(dir string, mode Privacy, dry bool) (*visitors, error) {
	v := &visitors{
		path: filepath.Join(dir, keyFile), dry: dry, mode: mode, keys: map[int32]hash.Hash{}, raw: map[string]string{},
	}
	data, err := os.ReadFile(v.path)
	if errors.Is(err, fs.ErrNotExist) {
		return v, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the visitor key: %w", err)
	}
	if err := json.Unmarshal(data, &v.raw); err != nil {
		return nil, fmt.Errorf("read the visitor key: %s: %w; without it visitors are not known again, restore it "+
			"from a backup", v.path, err)
	}
	if info, err := os.Stat(v.path); !dry && err == nil && info.Mode().Perm()&0o077 != 0 {
		if err := os.Chmod(v.path, 0o600); err != nil {
			return nil, fmt.Errorf("keep the visitor key from other users: %w", err)
		}
	}
	return v, nil
}

// of gives the number of a visitor on a day: the first 64 bits of HMAC-SHA256 of the address. Among ten
// million visitors the chance that any two share a number is 1 in 370,000.
func (v *visitors) of(address []byte, day int32) (int64, error) {
	h, err := v.key(day)
	if err != nil {
		return 0, err
	}
	h.Reset()
	h.Write(address)
	return int64(binary.LittleEndian.Uint64(h.Sum(v.sum[:0]))), nil
}

// key gives the hash with the key of a day, and makes the key when there is none.
func (v *visitors) key(day int32) (hash.Hash, error) {
	if v.mode != Daily {
		day = 0
	}
	if h := v.keys[day]; h != nil {
		return h, nil
	}
	name := "all"
	if v.mode == Daily {
		name = dayString(day)
	}
	text, ok := v.raw[name]
	if !ok {
		key := make([]byte, keySize)
		rand.Read(key) // never fails, says crypto/rand
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

// save writes keys made since the last save. It must come before the commit of rows made with them.
func (v *visitors) save() error {
	if !v.dirty || v.dry {
		return nil
	}
	data, err := json.MarshalIndent(v.raw, "", "\t")
	if err != nil {
		return fmt.Errorf("keep the visitor key: %w", err)
	}
	if err := renameio.WriteFile(v.path, append(data, '\n'), 0o600, renameio.IgnoreUmask()); err != nil {
		return fmt.Errorf("keep the visitor key: %w", err)
	}
	v.dirty = false
	return nil
}

// expire deletes the keys of days before the given one.
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

// addressKey is what is hashed of an address, and the address when it is one: IPv4 in IPv6's notation is
// IPv4, and all spellings of an IPv6 address are one. A name counts in lower case.
func addressKey(dst, text []byte) (key []byte, address netip.Addr) {
	address, err := netip.ParseAddr(string(text))
	if err != nil {
		return append(dst, strings.ToLower(string(text))...), netip.Addr{}
	}
	address = address.Unmap().WithZone("")
	return append(dst, address.AsSlice()...), address
}
