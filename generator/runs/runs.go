// Package runs remembers how the runs of a site ended: the last run of each command, its last good one, and how often
// it has failed since. The data folder has one file for all commands:
//
//	{"build": {"last": {"at": "2026-11-27T03:00:00Z", "exit_code": 4, "error": "fetch https://…: connection refused"},
//	           "good": {"at": "2026-11-27T02:45:00Z", "exit_code": 0, …},
//	           "failures": 1, "failing_since": "2026-11-27T03:00:00Z"},
//	 "stats": {…}}
//
// Every run of sitegen build, stats, deploy and backup ends with Update, under a lock of its own, so that commands that
// run at the same time do not lose each other's records. Metrics turns a State into the text that Prometheus reads, and
// Alerts decides which messages of a cron job are new.
package runs

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/Slicer/sitegen/generator/disk"
)

// FileName is the name of the file in the data folder. Its lock has the same name with the suffix ".lock".
const FileName = "runs.json"

// The commands whose runs are remembered.
const (
	Build  = "build"
	Stats  = "stats"
	Deploy = "deploy"
	Backup = "backup"
)

// Commands returns the commands whose runs are remembered, in the order in which they are shown.
func Commands() []string { return []string{Build, Stats, Deploy, Backup} }

// Run is one run of a command.
type Run struct {
	At      time.Time `json:"at"` // start, UTC
	Seconds float64   `json:"duration_seconds"`
	Code    int       `json:"exit_code"`
	Error   string    `json:"error,omitempty"` // without hints; "" for a good run
	Next    string    `json:"next,omitempty"`  // the hints of the error: what to do
	Counts  []Count   `json:"counts,omitempty"`
}

// End returns the time when the run ended.
func (r *Run) End() time.Time { return r.At.Add(time.Duration(r.Seconds * float64(time.Second))) }

// Count is a number that a run reports.
type Count struct {
	Name  string  `json:"name"` // part of the name of the metric: "published_packages"
	Help  string  `json:"help"` // what it counts: "packages on the site"
	Value float64 `json:"value"`
}

// Record describes the runs of one command.
type Record struct {
	Last         Run       `json:"last"`
	Good         *Run      `json:"good,omitempty"`         // the last run with exit code 0; nil if there was none
	Failures     int       `json:"failures"`               // failed runs since the last good one
	FailingSince time.Time `json:"failing_since,omitzero"` // start of the first of them

	// Alerts are the messages that cron has mailed, with the time of the last mail: see Alerts.
	Alerts map[string]time.Time `json:"alerts,omitempty"`
}

// Add adds a run.
func (r *Record) Add(run Run) {
	r.Last = run
	if run.Code == 0 {
		r.Good, r.Failures, r.FailingSince = &run, 0, time.Time{}
		return
	}
	if r.Failures == 0 {
		r.FailingSince = run.At
	}
	r.Failures++
}

// State holds the records of all commands that have run, by command.
type State map[string]*Record

// Of returns the record of a command, an empty one if it has never run.
func (s State) Of(command string) *Record {
	if r := s[command]; r != nil {
		return r
	}
	return &Record{}
}

// Read reads the records of a data folder, without waiting for a lock. There may be none.
func Read(data string) (State, error) {
	path := filepath.Join(data, FileName)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return State{}, nil
	}
	if err != nil {
		return State{}, fmt.Errorf("read the record of earlier runs: %w", err)
	}
	s := State{}
	if err := json.Unmarshal(text, &s); err != nil {
		return State{}, fmt.Errorf("%s: damaged record of earlier runs: %w", path, err)
	}
	return s, nil
}

// Update changes the records of a data folder, before another command can change them again. A damaged file is
// replaced; the error reports it. Without a data folder, nothing is stored, and change gets an empty state. If the
// file cannot be written, change has been called nevertheless.
func Update(data string, change func(State)) error {
	path := filepath.Join(data, FileName)
	if _, err := os.Stat(data); errors.Is(err, fs.ErrNotExist) {
		change(State{})
		return nil
	}
	lock := flock.New(path+".lock", flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		s, _ := Read(data) // the error of the lock is reported
		change(s)
		return fmt.Errorf("lock the record of runs: %w", err)
	}
	defer lock.Close()
	s, damaged := Read(data)
	change(s)
	return errors.Join(damaged, write(path, s))
}

// The file is longer than its text by room to roomUnit more bytes, so that a run on a full disk can be recorded.
const room, roomUnit = 8 << 10, 4 << 10

// write replaces the file. It is private: errors can quote the address of a source. On a full disk, where no file can
// be added, it overwrites the file instead. Otherwise cron would mail the same error after each run.
func write(path string, s State) error {
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		return err
	}
	size := len(text) + room
	err = disk.Replace(path, padded(text, size+roomUnit-size%roomUnit), disk.PrivateFile)
	if disk.IsFull(err) && overwrite(path, text) == nil {
		return nil
	}
	if err != nil {
		return fmt.Errorf("write the record of runs: %w", err)
	}
	return nil
}

// padded returns a text of the given size: the JSON, blanks, and a line break.
func padded(text []byte, size int) []byte {
	return append(append(text, bytes.Repeat([]byte(" "), size-len(text)-1)...), '\n')
}

// overwrite writes a text to the space that a file has on the disk. If the process is killed meanwhile, the file is
// damaged, and the next run replaces it.
func overwrite(path string, text []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil && int64(len(text)) >= info.Size() {
		err = errors.New("no room in the file")
	}
	if err == nil {
		_, err = f.WriteAt(padded(text, int(info.Size())), 0)
	}
	return errors.Join(err, f.Sync(), f.Close())
}
