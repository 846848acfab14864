package stats

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// KeyFile is the name of the file with the keys of visitors, in the data folder.
const KeyFile = "stats.key"

// permanent is the name of the permanent key in the file.
const permanent = "all"

// PermanentKey returns the permanent key of a data folder, 64 hex digits, for a backup. It returns "" if there is none.
// The keys of days are left out: they are deleted after KeyDays, and a copy would outlive them.
func PermanentKey(dir string) (string, error) {
	raw, err := readKeys(filepath.Join(dir, KeyFile))
	return raw[permanent], err
}

// WithPermanentKey returns the content of the key file of a data folder with the given permanent key. The keys of days
// stay as they are.
func WithPermanentKey(dir, key string) ([]byte, error) {
	if !validKey(key) {
		return nil, fmt.Errorf("the visitor key is not %d hex digits", 2*keySize)
	}
	raw, err := readKeys(filepath.Join(dir, KeyFile))
	if err != nil {
		raw = map[string]string{} // a damaged file is replaced
	}
	raw[permanent] = key
	return encodeKeys(raw)
}

// readKeys reads the keys of a file, in hex, by day (YYYY-MM-DD) or by permanent. There are none if the file does not
// exist.
func readKeys(path string) (map[string]string, error) {
	raw := map[string]string{}
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return raw, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the visitor key: %w", err)
	}
	err = json.Unmarshal(data, &raw)
	if err == nil && raw == nil {
		err = errors.New("it is null")
	}
	if err != nil {
		return nil, fmt.Errorf("read the visitor key: %s: %w; restore it from a backup: a new key counts known "+
			"visitors again", path, err)
	}
	return raw, nil
}

func encodeKeys(raw map[string]string) ([]byte, error) {
	data, err := json.MarshalIndent(raw, "", "\t")
	return append(data, '\n'), err
}

func validKey(text string) bool {
	key, err := hex.DecodeString(text)
	return err == nil && len(key) == keySize
}
