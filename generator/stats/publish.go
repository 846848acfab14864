package stats

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/google/renameio/v2"

	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// The published files, besides the cubes and the file in format 1.0.
const (
	SummaryFile     = "summary.json"
	BadgeTotalFile  = "badge-total.json"  // for shields.io: all downloads
	BadgeLatestFile = "badge-latest.json" // and those of the newest release
)

// Publish writes the published files into a folder, public/download-stats, and returns the names of those that changed.
// Each is replaced in one step, the summary last, which names the others. Only what changed is made anew: the file of
// a month is kept until one of its days changes. A dry run writes nothing.
func (e *Engine) Publish(ctx context.Context, dir string) (changed []string, err error) {
	o := &e.options
	made := fmt.Sprintf("format %d, least %d, attribution %q", formatVersion, o.MinCountry, o.attributions())
	if err := e.db.Documents.MadeWith(ctx, made); err != nil {
		return nil, err
	}
	if !o.DryRun {
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, fmt.Errorf("make the folder of the statistics: %w", err)
		}
	}
	p := &publisher{e.db, o, dir, nil}
	if err := p.publish(ctx); err != nil {
		return p.changed, fmt.Errorf("publish the statistics: %w", err)
	}
	return p.changed, nil
}

// Summary returns the summary that Publish has made.
func (e *Engine) Summary(ctx context.Context) (*Summary, error) {
	text, err := e.db.Documents.Get(ctx, allTime, SummaryFile)
	if err != nil {
		return nil, err
	}
	if text == nil {
		return summarizeNothing(), nil
	}
	s := new(Summary)
	if err := json.Unmarshal(text, s); err != nil {
		return nil, fmt.Errorf("read the summary of the statistics: %w", err)
	}
	return s, nil
}

// attributions is what the licences ask to be shown.
func (o *Options) attributions() []string {
	if o.Attribution != "" {
		return []string{o.Attribution}
	}
	g, err := OpenGeo(o.GeoIP...)
	if err != nil {
		return []string{} // reading has told of it
	}
	defer g.Close()
	return slices.Concat([]string{}, g.Attributions())
}

// allTime is the period of documents that tell of all days.
const allTime = ""

type publisher struct {
	db      *downloads.DB
	options *Options
	dir     string
	changed []string
}

func (p *publisher) publish(ctx context.Context) error {
	first, last, any, err := p.db.Span(ctx)
	if err != nil {
		return err
	}
	if !any {
		return p.publishSummary(summarizeNothing())
	}
	if p.options.LegacyFile != "" {
		if err := p.publishLegacy(ctx); err != nil {
			return err
		}
	}
	list := periods(first, last)
	stale, err := p.publishCubes(ctx, list)
	if err != nil {
		return err
	}
	text, err := p.db.Documents.Get(ctx, allTime, SummaryFile)
	if err != nil {
		return err
	}
	if !stale && text != nil {
		var s Summary
		if err := json.Unmarshal(text, &s); err != nil {
			return err
		}
		return p.publishSummary(&s)
	}
	s, err := p.summary(ctx, list, first, last)
	if err != nil {
		return err
	}
	return errors.Join(p.publishSummary(s), p.prune(list))
}

// publishCubes writes the cubes, and makes those that are not kept. It reports whether there were any.
func (p *publisher) publishCubes(ctx context.Context, list []period) (made bool, err error) {
	for _, period := range list {
		text, err := p.db.Documents.Get(ctx, period.name, period.grain)
		if err != nil {
			return made, err
		}
		if text == nil {
			made = true
			if text, err = p.makeCube(ctx, period); err != nil {
				return made, err
			}
		}
		if err := p.put(period.file(), text); err != nil {
			return made, err
		}
	}
	return made, nil
}

// partName is what the part of a period is kept as; its cube is kept by its grain, which changes as time passes.
const partName = "part"

// makeCube makes the cube of a period and its part of the summary, and keeps both.
func (p *publisher) makeCube(ctx context.Context, period period) ([]byte, error) {
	cells, err := p.db.Cells(ctx, period.first, period.last)
	if err != nil {
		return nil, err
	}
	series, err := p.db.Series(ctx)
	if err != nil {
		return nil, err
	}
	mergeCountries(cells, p.options.MinCountry)
	part := partOf(cells, series)
	cube := newCube(period, cells, series)
	part.Rows = len(cube.Downloads)
	text, err := encode(cube)
	if err != nil {
		return nil, err
	}
	sums, err := encode(part)
	if err != nil {
		return nil, err
	}
	if err := p.db.Documents.Set(ctx, period.name, partName, sums); err != nil {
		return nil, err
	}
	return text, p.db.Documents.Set(ctx, period.name, period.grain, text)
}

// prune deletes cubes that were published and that the summary no longer names: the months of a year that is
// published by week now.
func (p *publisher) prune(list []period) error {
	files, err := os.ReadDir(p.dir)
	if err != nil {
		return ignoreMissing(err)
	}
	var errs []error
	for _, f := range files {
		ours, err := filepath.Match("cube-*.json", f.Name())
		if err == nil && ours && !slices.ContainsFunc(list,
			func(period period) bool { return period.file() == f.Name() }) {
			if !p.options.DryRun {
				errs = append(errs, os.Remove(filepath.Join(p.dir, f.Name())))
			}
			p.changed = append(p.changed, f.Name())
		}
	}
	return errors.Join(errs...)
}

// summary adds the parts of the periods up.
func (p *publisher) summary(ctx context.Context, list []period, first, last int32) (*Summary, error) {
	all := newPart()
	var cubes []CubeFile
	for _, period := range list {
		text, err := p.db.Documents.Get(ctx, period.name, partName)
		if err != nil {
			return nil, err
		}
		part := newPart()
		if err := json.Unmarshal(text, part); err != nil {
			return nil, err
		}
		all.add(part)
		cubes = append(cubes, CubeFile{period.name, period.grain, dayString(period.first), period.file(), part.Rows})
	}
	packages, err := p.db.Packages(ctx)
	if err != nil {
		return nil, err
	}
	s := summarize(all, first, last, releaseDays(packages))
	s.Cubes, s.MinCountry, s.Attribution = cubes, p.options.MinCountry, p.options.attributions()
	text, err := encode(s)
	if err != nil {
		return nil, err
	}
	return s, p.db.Documents.Set(ctx, allTime, SummaryFile, text)
}

// summarizeNothing is the summary of no downloads.
func summarizeNothing() *Summary {
	return &Summary{Format: formatVersion, Attribution: []string{}, Periods: []Period{},
		Days:     Days{Downloads: []int64{}, Robots: []int64{}},
		Versions: []Share{}, Systems: []Share{}, Arches: []Share{}, Stabilities: []Share{}, Classes: []Share{},
		Countries: []CountryShare{}, Releases: []Release{}, Cubes: []CubeFile{}}
}

// publishSummary writes the summary and the badges made of it.
func (p *publisher) publishSummary(s *Summary) error {
	text, err := encode(s)
	if err != nil {
		return err
	}
	total, err := encode(badge("downloads", s.Total))
	if err != nil {
		return err
	}
	label, n := "downloads of the latest release", int64(0)
	if len(s.Releases) > 0 {
		label = "downloads of " + s.Releases[0].Version
		for _, v := range s.Versions {
			if v.Value == s.Releases[0].Version {
				n = v.Downloads
			}
		}
	}
	latest, err := encode(badge(label, n))
	if err != nil {
		return err
	}
	return errors.Join(p.put(BadgeTotalFile, total), p.put(BadgeLatestFile, latest), p.put(SummaryFile, text))
}

// Badge is what shields.io's endpoint badge reads.
type Badge struct {
	SchemaVersion int    `json:"schemaVersion"` // 1
	Label         string `json:"label"`
	Message       string `json:"message"`
}

func badge(label string, n int64) Badge { return Badge{1, label, short(n)} }

// publishLegacy writes the statistics of format 1.0 when they changed or their file is another. Without
// accesses there is none.
func (p *publisher) publishLegacy(ctx context.Context) error {
	path := filepath.Join(p.dir, p.options.LegacyFile)
	kept, err := p.db.Documents.Get(ctx, allTime, p.options.LegacyFile) // the size of the file
	if err != nil {
		return err
	}
	if info, err := os.Stat(path); kept != nil && err == nil && strconv.FormatInt(info.Size(), 10) == string(kept) {
		return nil
	}
	if p.options.DryRun {
		n, err := writeLegacy(ctx, p.db.Reader, io.Discard)
		if n > 0 {
			p.changed = append(p.changed, p.options.LegacyFile)
		}
		return err
	}
	f, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644), renameio.WithExistingPermissions())
	if err != nil {
		return err
	}
	defer f.Cleanup()
	n, err := writeLegacy(ctx, p.db.Reader, f)
	if err != nil || n == 0 {
		return err
	}
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return err
	}
	p.changed = append(p.changed, p.options.LegacyFile)
	return p.db.Documents.Set(ctx, allTime, p.options.LegacyFile, strconv.AppendInt(nil, info.Size(), 10))
}

// put writes a file if it has changed.
func (p *publisher) put(name string, data []byte) error {
	path := filepath.Join(p.dir, name)
	have, err := os.ReadFile(path)
	if ignoreMissing(err) != nil {
		return err
	}
	if err == nil && bytes.Equal(have, data) {
		return nil
	}
	if !p.options.DryRun {
		if err := renameio.WriteFile(path, data, 0o644, renameio.WithExistingPermissions()); err != nil {
			return err
		}
	}
	p.changed = append(p.changed, name)
	return nil
}

func ignoreMissing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
