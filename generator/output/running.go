package output

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/disk"
)

// Holder is the run that holds the lock of a data folder.
type Holder struct {
	PID   int       // 0 if unknown
	Since time.Time // when it took the lock
}

// Running returns the run that holds the lock of a data folder, or nil if there is none. It creates no file.
func Running(data string) (*Holder, error) {
	path := filepath.Join(data, lockName)
	held, err := disk.IsLocked(path)
	if err != nil {
		return nil, fmt.Errorf("look at the lock: %w", err)
	}
	if !held {
		return nil, nil
	}
	h := &Holder{}
	if info, err := os.Stat(path); err == nil {
		h.Since = info.ModTime()
	}
	text, _ := os.ReadFile(path) // if this fails, the process is unknown
	h.PID, _ = strconv.Atoi(strings.TrimSpace(string(text)))
	return h, nil
}
