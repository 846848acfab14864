package live

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/parallel"
)

// recordFormat is the version of Record.
const recordFormat = 1

// Record describes one deploy, with everything that is needed to make it live again.
type Record struct {
	Format   int       `json:"format"`
	ID       string    `json:"id"` // 20261126T084652Z-production-4f2a91c3
	Edition  string    `json:"edition"`
	Time     time.Time `json:"time"`
	Previous string    `json:"previous,omitempty"` // id of the deploy that was live before; "" for the first
	// Of is the id of the deploy that a rollback or promotion made live again; "" for a deploy of files.
	Of string `json:"of,omitempty"`
	Facts
	Site    string            `json:"site"`     // hash of the site, see State
	RootKey string            `json:"root_key"` // contains the format of the nodes
	Root    string            `json:"root"`
	Nodes   map[string]string `json:"-"` // stored as a difference from Base
	Files   []File            `json:"-"` // sorted by path; also stored as a difference
	Base    *Base             `json:"base,omitempty"`
	Assets  []Asset           `json:"assets"` // sorted by path

	// lost is the key of the object that is missing or damaged, so that the record is incomplete: its base, without
	// which Nodes, Files and Contents are empty, or the record itself, of which only its id is known. "" for none.
	lost string
}

// File is a file of a deploy.
type File struct {
	Path string `json:"path"`
	Key  string `json:"key"` // key of its object
	Size int64  `json:"size"`
	// Inline is true for a file that the function at the edge puts together from the store. It is not in the bucket.
	Inline bool `json:"inline,omitempty"`
}

// Asset is a file of an earlier deploy that the site no longer has, but that is still served: a page that was loaded
// before a deploy finds its style sheet after it.
type Asset struct {
	File
	Since time.Time `json:"since"` // when the site lost it
}

// assetTime is the time for which the assets of earlier deploys are served. A browser tab that stays open for longer
// has loaded what it needs.
const assetTime = 7 * 24 * time.Hour

// assetFolder is the folder of the files whose names contain a hash of their content.
const assetFolder = "assets/"

// recordPrefix is the prefix of the keys of records.
const recordPrefix = "deploys/"

const recordSuffix = ".json.gz"

func recordKey(id string) string { return recordPrefix + id + recordSuffix }

// timeLayout is the layout of the time in an id. Ids sort by time.
const timeLayout = "20060102T150405Z"

// idRE matches the id of a deploy: its time, edition and a random number.
var idRE = regexp.MustCompile(`^(\d{8}T\d{6}Z)-([a-z0-9][a-z0-9-]*)-([0-9a-f]{8})$`)

// editionRE matches the name of an edition.
var editionRE = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$`)

// ValidEdition reports whether a text can be the name of an edition: up to 32 letters, digits and hyphens.
func ValidEdition(name string) bool { return editionRE.MatchString(name) }

// editionOf returns the edition in an id.
func editionOf(id string) string {
	if m := idRE.FindStringSubmatch(id); m != nil {
		return m[2]
	}
	return ""
}

// timeOf returns the time in an id.
func timeOf(id string) time.Time {
	at, _ := time.Parse(timeLayout, id[:min(len(id), len(timeLayout))])
	return at
}

// keys returns the keys of all objects of a record.
func (r *Record) keys() map[string]bool {
	keys := make(map[string]bool, len(r.Files)+len(r.Assets))
	for _, f := range r.Files {
		if !f.Inline {
			keys[f.Key] = true
		}
	}
	for _, a := range r.Assets {
		keys[a.Key] = true
	}
	if r.Base != nil {
		keys[r.Base.Key] = true
	}
	return keys
}

// markInline marks the files whose objects are not among those that the nodes name.
func (r *Record) markInline(named []string) {
	set := make(map[string]bool, len(named))
	for _, key := range named {
		set[key] = true
	}
	for i := range r.Files {
		r.Files[i].Inline = !set[r.Files[i].Key]
	}
}

// storedRecord is a record as it is stored.
type storedRecord struct {
	*Record
	*difference
}

// encode returns the record as compressed JSON.
func (r *Record) encode() ([]byte, error) {
	d := r.details()
	return compress(storedRecord{r, d.from(r.Base)})
}

// NoRecordError is the error of a deploy that has no record. It is an fs.ErrNotExist.
type NoRecordError struct{ ID string }

func (e *NoRecordError) Error() string {
	return fmt.Sprintf("the bucket has no record of deploy %.80q", e.ID)
}

// Unwrap returns fs.ErrNotExist.
func (e *NoRecordError) Unwrap() error { return fs.ErrNotExist }

// Record reads the record of a deploy. The error is a NoRecordError if there is none, and fs.ErrNotExist if it or
// its base is damaged, or its base is missing.
func (l *Live) Record(ctx context.Context, id string) (*Record, error) {
	r, err := l.readRecord(ctx, id)
	if err == nil && r.lost != "" {
		return nil, fmt.Errorf("read the record of deploy %s: %s is missing or damaged: %w", id, r.lost, fs.ErrNotExist)
	}
	return r, err
}

// readRecord reads a record, also one that is damaged or whose base is missing.
func (l *Live) readRecord(ctx context.Context, id string) (*Record, error) {
	data, err := l.Bucket.Get(ctx, recordKey(id))
	if isMissing(err) {
		return nil, &NoRecordError{id}
	}
	r, diff := &Record{}, &difference{}
	if err == nil && !isIntact(data, &storedRecord{r, diff}) {
		return &Record{ID: id, Edition: editionOf(id), Time: timeOf(id), lost: recordKey(id)}, nil
	}
	if err == nil && r.Format != recordFormat {
		err = fmt.Errorf("unsupported format %d (want %d); use the sitegen that wrote it", r.Format, recordFormat)
	}
	if err == nil && r.Base != nil {
		var b *Base
		if b, err = l.readBase(ctx, r.Base); isMissing(err) {
			r.lost = r.Base.Key
			return r, nil
		}
		r.Base = b
	}
	if err != nil {
		return nil, fmt.Errorf("read the record of deploy %s: %w", id, err)
	}
	r.setDetails(diff.apply(r.Base))
	return r, nil
}

// isIntact reads what compress returned, and reports whether that is possible.
func isIntact(data []byte, v any) bool { return decompress(data, v) == nil }

// putRecord writes a record.
func (l *Live) putRecord(ctx context.Context, r *Record) error {
	data, err := r.encode()
	if err == nil {
		err = l.Bucket.Put(ctx, recordKey(r.ID), int64(len(data)), recordHeaders(), opener(data))
	}
	if err != nil {
		return fmt.Errorf("write the record of deploy %s: %w", r.ID, err)
	}
	return nil
}

// ids returns the ids of all records, the newest first.
func (l *Live) ids(ctx context.Context) ([]string, error) {
	var ids []string
	err := l.Bucket.List(ctx, recordPrefix, func(o Listed) error {
		id := strings.TrimSuffix(strings.TrimPrefix(o.Key, recordPrefix), recordSuffix)
		if idRE.MatchString(id) {
			ids = append(ids, id)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list the deploys: %w", err)
	}
	slices.SortFunc(ids, func(a, b string) int { return strings.Compare(b, a) })
	return ids, nil
}

// records reads the records with the given ids, also those that are damaged.
func (l *Live) records(ctx context.Context, ids []string) ([]*Record, error) {
	list := make([]*Record, len(ids))
	err := parallel.For(ctx, l.Jobs, len(ids), func(i int) (err error) {
		list[i], err = l.readRecord(ctx, ids[i])
		return err
	})
	return list, err
}

// newRecord returns a record that succeeds previous, which is nil for the first deploy of an edition.
func (l *Live) newRecord(edition string, previous *Record, of string, facts Facts) *Record {
	now := l.Now().UTC().Truncate(time.Second)
	r := &Record{
		Format: recordFormat, Edition: edition, Time: now, Of: of, Facts: facts, RootKey: l.RootKey(edition),
	}
	if previous != nil {
		r.Previous = previous.ID
		if !now.After(previous.Time) { // the clock of another deployer is ahead
			r.Time = previous.Time.Add(time.Second)
		}
	}
	r.ID = fmt.Sprintf("%s-%s-%s", r.Time.Format(timeLayout), edition, l.Random())
	return r
}

// carry returns the assets that a deploy of files serves in addition: those that earlier deploys served and the site no
// longer has. The earlier deploys are the previous one and, for another edition than production, that of production:
// when the edition is promoted, visitors of production find the style sheets of their pages. Each may be nil.
func carry(earlier []*Record, files []File, now time.Time) []Asset {
	have := make(map[string]bool, len(files))
	for _, f := range files {
		have[f.Path] = true
	}
	var assets []Asset
	add := func(a Asset) {
		if !have[a.Path] {
			have[a.Path], assets = true, append(assets, a)
		}
	}
	for _, r := range earlier {
		if r == nil {
			continue
		}
		for _, f := range r.Files {
			if strings.HasPrefix(f.Path, assetFolder) {
				add(Asset{f, now})
			}
		}
		for _, a := range r.Assets {
			if now.Sub(a.Since) < assetTime {
				add(a)
			}
		}
	}
	slices.SortFunc(assets, func(a, b Asset) int { return cmp.Compare(a.Path, b.Path) })
	return assets
}

// merge returns the assets that a record serves when it is live again: those that it served then, and earlier ones.
// more has the keys of those that are new to it, by path.
func merge(served, earlier []Asset) (assets []Asset, more map[string]string) {
	byPath := make(map[string]Asset, len(served)+len(earlier))
	for _, a := range served {
		byPath[a.Path] = a
	}
	more = map[string]string{}
	for _, a := range earlier {
		if s, ok := byPath[a.Path]; ok {
			a.File = s.File
		} else {
			more[a.Path] = a.Key
		}
		byPath[a.Path] = a
	}
	for _, path := range slices.Sorted(maps.Keys(byPath)) {
		assets = append(assets, byPath[path])
	}
	return assets, more
}
