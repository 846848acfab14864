// Package backup copies what a data folder cannot get back from anywhere else to another place, and restores it.
//
//	report, err := backup.Run(ctx, p, backup.Options{Target: "s3://backups/downloads", Keep: 30})
//	report, err := backup.Verify(ctx, p, backup.Options{Target: "s3://backups/downloads"})
//	report, err := backup.Restore(ctx, p, backup.Options{Target: "s3://backups/downloads"})
//
// A backup contains the databases of the data folder, each in the state of a single moment, while builds and statistics
// go on. The key of visitors is in it only if it can be encrypted (age). Everything else in the data folder is made
// again by the next run. Package archive describes the file, package place where it is stored.
//
// A backup counts only after it has been read back from its place and its databases have been opened and checked. Older
// ones are removed after that.
//
// Restore replaces all files together, see package swap. If it is interrupted after the moment of the change, Finish
// completes it; the program calls Finish before every command.
package backup

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/backup/archive"
	"github.com/Slicer/sitegen/generator/backup/place"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/stats"
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// Options are the inputs of a run, besides the project.
type Options struct {
	Target   string // see place.Address; "" for the one that is configured
	Keep     int    // number of backups to keep at the target; 0 for all
	Program  string // version of sitegen
	Identity string // Restore: file with the age identity for the key; "" for none
	Force    bool   // Restore: overwrite newer data, or that of another site
	DryRun   bool   // Restore: change nothing
	Place    place.Options
}

// database is a database in the data folder. The order of databases is that in which they are copied: the packages of
// the downloads are those of the catalogue, so the catalogue is never the older copy.
type database struct {
	name  string
	copy  func(ctx context.Context, path, to string) error
	check func(ctx context.Context, path string) (latest time.Time, err error)
}

func databases() []database {
	return []database{
		{downloads.FileName, downloads.Copy, downloads.Check},
		{history.FileName, history.Copy, history.Check},
	}
}

// keyName is the name of the encrypted key in an archive.
const keyName = stats.KeyFile + ".age"

// known returns the names of all files that an archive may contain.
func known() []string {
	names := []string{keyName}
	for _, d := range databases() {
		names = append(names, d.name)
	}
	return names
}

// Report describes a backup.
type Report struct {
	Backup  string         `json:"backup"`  // address
	Time    time.Time      `json:"time"`    // of the backup
	Bytes   int64          `json:"bytes"`   // size of the file
	SHA256  string         `json:"sha256"`  // of the file
	Files   []archive.File `json:"files"`   // what it contains
	Key     KeyState       `json:"key"`     // of visitors
	Kept    int            `json:"kept"`    // backups of this site at the target; 0 for a single file
	Removed []string       `json:"removed"` // older backups
	Seconds float64        `json:"seconds"` // duration of the run
}

// KeyState describes what has become of the key of visitors.
type KeyState string

// The states. The first three are those of a backup, the others those of a restore.
const (
	NoKey     KeyState = "none"      // there is no key
	Encrypted KeyState = "encrypted" // the backup contains it
	Apart     KeyState = "apart"     // the backup does not contain it
	Restored  KeyState = "restored"  // it is that of the backup now
	Same      KeyState = "same"      // the data folder has that of the backup already
	Other     KeyState = "other"     // the data folder has another one than the downloads need
	Missing   KeyState = "missing"   // the data folder has none
)

// timeFormat is the time in the name of a backup. Names in the order of the alphabet are in the order of time.
const timeFormat = "2006-01-02T150405Z"

var notWordRE = regexp.MustCompile(`[^0-9a-z]+`)

// series returns the beginning of the names of the backups of a site, such as "aurora-downf462-". The name of the
// site distinguishes staging from production.
func series(p *project.Project) string {
	word := strings.Trim(notWordRE.ReplaceAllString(strings.ToLower(p.Config.Project), "-"), "-")
	return cmp.Or(word, "site") + "-" + p.Config.Name + "-"
}

// ours returns the names that are backups of the site, the newest first.
func ours(p *project.Project, names []string) (list []string) {
	for _, name := range names {
		rest, ok := strings.CutPrefix(name, series(p))
		at, ended := strings.CutSuffix(rest, place.Ending)
		if _, err := time.Parse(timeFormat, at); ok && ended && err == nil {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	slices.Reverse(list)
	return list
}

// Run makes a backup, checks it at its place, and removes older ones.
func Run(ctx context.Context, p *project.Project, o Options) (*Report, error) {
	begin := p.Now()
	to, err := target(p, o)
	if err != nil {
		return nil, err
	}
	o.Place.Write = true
	at, err := place.Open(ctx, to, o.Place)
	if err != nil {
		return nil, err
	}
	w, err := openWork(p.Config.Data)
	if err != nil {
		return nil, err
	}
	defer w.close()
	now := begin.UTC().Truncate(time.Second)
	if to.Name == "" {
		if to.Name, now, err = newName(ctx, p, at, now); err != nil {
			return nil, err
		}
	} else {
		o.Keep = 0 // a single file, which is replaced
	}
	m := &archive.Manifest{Format: archive.Format, Site: p.Config.Name, Project: p.Config.Project, Program: o.Program,
		Time: now}
	r := &Report{Time: now, Removed: []string{}}
	task := p.Terminal.Start("copying the databases", 0, "")
	r.Key, err = collect(ctx, p, w, m)
	task.End()
	if err != nil {
		return nil, w.explain(err)
	}
	r.Backup, r.Files = to.String(), m.Files
	file, err := w.pack(m)
	if err != nil {
		return nil, w.explain(err)
	}
	defer file.Close()
	if r.Bytes, r.SHA256, err = archive.Hash(file.Name()); err != nil {
		return nil, err
	}
	task = p.Terminal.Start("storing "+r.Backup, 0, "")
	err = at.Put(ctx, to.Name, file, r.Bytes)
	task.End()
	if err != nil {
		return nil, fmt.Errorf("store the backup: %w", diskFull(err, to.Folder))
	}
	if err := confirm(ctx, p, w, at, to, r.SHA256); err != nil {
		return nil, err
	}
	if o.Keep > 0 {
		err = prune(ctx, p, at, to.Name, o.Keep, r)
	}
	r.Seconds = p.Now().Sub(begin).Seconds()
	return r, err
}

// newName returns the name of a new backup, and its time: now, or the next second without a backup.
func newName(ctx context.Context, p *project.Project, at place.Place, now time.Time) (string, time.Time, error) {
	names, err := at.Names(ctx)
	if err != nil {
		return "", now, fmt.Errorf("list the backups: %w", err)
	}
	for ; ; now = now.Add(time.Second) {
		name := series(p) + now.Format(timeFormat) + place.Ending
		if !slices.Contains(names, name) {
			return name, now, nil
		}
	}
}

// target parses the address of the options, or the one that is configured.
func target(p *project.Project, o Options) (place.Address, error) {
	text := cmp.Or(o.Target, p.Config.Backup.Target)
	if text == "" {
		return place.Address{}, fault.Wrap(fault.Usage, errors.New("needs the place of the backups"),
			"Name it, or set backup.target: "+place.Forms+".")
	}
	return place.Parse(text)
}

// collect copies everything that belongs to a backup, checks the copies, and lists them in the manifest.
func collect(ctx context.Context, p *project.Project, w *work, m *archive.Manifest) (KeyState, error) {
	state := NoKey
	for i, d := range databases() {
		err := d.copy(ctx, filepath.Join(p.Config.Data, d.name), w.path(d.name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		latest, err := d.check(ctx, w.path(d.name))
		if err != nil {
			return "", fault.Wrap(fault.Unexpected, fmt.Errorf("check the copy of %s: %w", d.name, err),
				"Nothing was stored, and no older backup was removed. Restore an older backup: sitegen restore.")
		}
		if err := w.list(m, d.name, latest); err != nil {
			return "", err
		}
		if i > 0 {
			continue
		}
		// A run stores a key before the rows that need it, so the key is read after them.
		if state, err = collectKey(p, w, m); err != nil {
			return "", err
		}
	}
	if len(m.Files) == 0 {
		return "", fault.Wrap(fault.Usage, fmt.Errorf("%s: there is nothing to back up", p.Config.Data),
			"Run sitegen build first, or name the data folder with --data.")
	}
	return state, nil
}

// collectKey encrypts the key of visitors for the recipients, if there are any.
func collectKey(p *project.Project, w *work, m *archive.Manifest) (KeyState, error) {
	key, err := stats.PermanentKey(p.Config.Data)
	if err != nil || key == "" {
		return NoKey, err
	}
	m.Key = archive.Fingerprint(key)
	recipients := p.Config.Backup.Recipients
	if len(recipients) == 0 {
		return Apart, nil
	}
	data, err := archive.Encrypt(key, recipients)
	if err != nil {
		return "", err
	}
	if err := os.WriteFile(w.path(keyName), data, 0o600); err != nil {
		return "", err
	}
	return Encrypted, w.list(m, keyName, time.Time{})
}

// confirm reads a new backup back from its place and checks it. If it is not as it was written, it is removed.
func confirm(ctx context.Context, p *project.Project, w *work, at place.Place, a place.Address, sum string) error {
	task := p.Terminal.Start("checking "+a.String(), 0, "")
	defer task.End()
	b, err := fetch(ctx, w, at, a)
	damaged := archive.IsInvalid(err)
	if err == nil {
		defer b.close()
		if damaged = b.Sum != sum; damaged {
			err = fmt.Errorf("%s: another file than the one that was stored", a)
		} else {
			err = b.unpack(ctx)
		}
	}
	if err == nil {
		return nil
	}
	err = fmt.Errorf("check the new backup: %w", err)
	if damaged {
		err = errors.Join(err, at.Remove(ctx, []string{a.Name}))
	}
	kind := fault.KindOf(err)
	if kind == fault.Usage { // the new backup is not there
		kind = fault.Remote
	}
	return fault.Wrap(kind, err, "No older backup was removed.")
}

// prune removes the oldest backups of the site, but never the new one.
func prune(ctx context.Context, p *project.Project, at place.Place, current string, keep int, r *Report) error {
	names, err := at.Names(ctx)
	if err != nil {
		return fmt.Errorf("list the backups: %w", err)
	}
	list := ours(p, names)
	others := slices.DeleteFunc(slices.Clone(list), func(name string) bool { return name == current })
	if n := keep - 1; len(others) > n {
		r.Removed = slices.Clone(others[n:])
		slices.Reverse(r.Removed)
	}
	r.Kept = len(list) - len(r.Removed)
	gone := append(unfinished(p, names), r.Removed...)
	if len(gone) == 0 {
		return nil
	}
	if err := at.Remove(ctx, gone); err != nil {
		return fault.Wrap(fault.KindOf(err), fmt.Errorf("remove old backups: %w", err), "The new backup is complete.")
	}
	return nil
}

// unfinished returns the names of the backups of the site that killed runs have left. No other run is writing one,
// because this one has the lock.
func unfinished(p *project.Project, names []string) (list []string) {
	for _, name := range names {
		if whole := place.Whole(name); whole != "" && len(ours(p, []string{whole})) > 0 {
			list = append(list, name)
		}
	}
	return list
}

// Verify reads a backup, or the newest one of the site at a place, and checks everything in it.
func Verify(ctx context.Context, p *project.Project, o Options) (*Report, error) {
	begin := p.Now()
	w, err := temporaryWork()
	if err != nil {
		return nil, err
	}
	defer w.close()
	b, err := find(ctx, p, w, o)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if err := b.unpack(ctx); err != nil {
		return nil, err
	}
	r := &Report{Backup: b.address.String(), Time: b.Manifest.Time, Bytes: b.size, SHA256: b.Sum,
		Files: b.Manifest.Files, Key: b.keyState(), Removed: []string{}}
	r.Seconds = p.Now().Sub(begin).Seconds()
	return r, nil
}

// find opens the backup that the options name, or the newest one of the site at the place.
func find(ctx context.Context, p *project.Project, w *work, o Options) (*stored, error) {
	from, err := target(p, o)
	if err != nil {
		return nil, err
	}
	at, err := place.Open(ctx, from, o.Place)
	if err != nil {
		return nil, err
	}
	if from.Name == "" {
		names, err := at.Names(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the backups: %w", err)
		}
		list := ours(p, names)
		if len(list) == 0 {
			return nil, fault.Wrap(fault.Usage, fmt.Errorf("%s: no backup of this site (%s…%s)", from, series(p),
				place.Ending), foreignHint(from, names))
		}
		from.Name = list[0]
	}
	task := p.Terminal.Start("reading "+from.String(), 0, "")
	defer task.End()
	return fetch(ctx, w, at, from)
}

// foreignHint returns what to do if a place has no backups of the site.
func foreignHint(a place.Address, names []string) string {
	for _, name := range names {
		if strings.HasSuffix(name, place.Ending) {
			return "There are others. To use one, name it: " + a.With(name).String() + "."
		}
	}
	return "Check the place, and project, name and base_url in sitegen.yaml, which the name begins with."
}

// fetch copies a backup from its place, and checks its SHA-256 and manifest.
func fetch(ctx context.Context, w *work, at place.Place, a place.Address) (*stored, error) {
	from, err := at.Get(ctx, a.Name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("%s: there is no such backup", a), "")
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", a, err)
	}
	defer from.Close()
	file, err := w.create("fetched" + place.Ending)
	if err != nil {
		return nil, w.explain(err)
	}
	size, err := io.Copy(file, from)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", a, w.explain(err)), file.Close())
	}
	r, err := archive.Open(file, size, known())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", a, err), file.Close())
	}
	return &stored{Reader: r, address: a, size: size, file: file, work: w}, nil
}
