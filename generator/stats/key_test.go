package stats

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPermanentKey reads the permanent key for a backup, and puts it back.
func TestPermanentKey(t *testing.T) {
	dir := t.TempDir()
	if key, err := PermanentKey(dir); key != "" || err != nil {
		t.Errorf("key %q without a file: %v", key, err)
	}
	e := open(t, options(t, dir))
	if _, err := e.visitors.id([]byte("192.0.2.1"), 20_000); err != nil {
		t.Fatal(err)
	}
	if err := e.visitors.save(); err != nil {
		t.Fatal(err)
	}
	key, err := PermanentKey(dir)
	if err != nil || !validKey(key) {
		t.Fatalf("key %q: %v", key, err)
	}

	// Keys of days are not part of a backup, and a restore leaves them.
	write(t, dir, KeyFile, []byte(`{"2026-11-26": "`+strings.Repeat("ab", keySize)+`"}`))
	if key, err := PermanentKey(dir); key != "" || err != nil {
		t.Errorf("key %q in a file with the key of a day: %v", key, err)
	}
	text, err := WithPermanentKey(dir, key)
	if err != nil {
		t.Fatal(err)
	}
	write(t, dir, KeyFile, text)
	raw, err := readKeys(filepath.Join(dir, KeyFile))
	if err != nil || len(raw) != 2 || raw[permanent] != key {
		t.Errorf("keys %v: %v", raw, err)
	}
	again, err := openVisitors(dir, Keyed, true)
	if err != nil {
		t.Fatal(err)
	}
	a, errA := again.id([]byte("192.0.2.1"), 20_001)
	b, errB := e.visitors.id([]byte("192.0.2.1"), 20_001)
	if a != b || errA != nil || errB != nil {
		t.Errorf("ids %d and %d: %v, %v", a, b, errA, errB)
	}

	// A damaged file is an error for a backup. A restore replaces it.
	for _, damaged := range []string{"{", "null", "", "[]"} {
		write(t, dir, KeyFile, []byte(damaged))
		if _, err := PermanentKey(dir); err == nil || !strings.Contains(err.Error(), "restore it from a backup") {
			t.Errorf("the file %q: %v", damaged, err)
		}
		if _, err := openVisitors(dir, Keyed, false); err == nil {
			t.Errorf("the file %q is read", damaged)
		}
		if _, err := WithPermanentKey(dir, key); err != nil {
			t.Errorf("the file %q: %v", damaged, err)
		}
	}
	if _, err := WithPermanentKey(dir, "abc"); err == nil {
		t.Error("an invalid key is accepted")
	}
	if err := os.Remove(filepath.Join(dir, KeyFile)); err != nil {
		t.Fatal(err)
	}
}
