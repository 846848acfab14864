package stats

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"

	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/stats/downloads"
)

// SummaryFile is the name of the published summary.
const SummaryFile = "summary.json"

// Files returns the published files with their paths below download-stats/, except for those in BadgeFolder: the tables
// ("cubes") and the statistics of format 1.0, the files of single versions and systems, then the badges and the
// summary, which lists the tables. Tables are stored in the database, and generated again only if a number of one of
// their days has changed.
//
// The file of format 1.0 can have hundreds of megabytes, so its content is generated while it is written. The Engine
// must be open until then.
func (e *Engine) Files(ctx context.Context) ([]output.File, error) {
	o := &e.options
	attributions, err := e.attributions(ctx)
	if err != nil {
		return nil, err
	}
	settings := fmt.Sprintf("format %d with rule changes, series 1, least %d, attribution %q, properties %q",
		formatVersion, o.MinCountry, attributions, PackageProperties())
	if err := e.db.Documents.SetOptions(ctx, settings); err != nil {
		return nil, err
	}
	if err := e.setPublished(ctx, attributions); err != nil {
		return nil, err
	}
	p := &publisher{db: e.db.Reader, documents: e.db.Documents, options: o, attributions: attributions}
	if err := p.publish(ctx); err != nil {
		return nil, fmt.Errorf("generate the files of the statistics: %w", err)
	}
	return p.files, nil
}

// Generated holds what Generate has generated, in memory.
type Generated struct {
	Files     []output.File // as of Engine.Files
	documents documents
	db        *downloads.Reader
}

// Generate generates the published files without using or changing the stored ones. The Reader must be open until the
// files have been written.
func (r *Reader) Generate(ctx context.Context, o *Options) (*Generated, error) {
	attributions, err := r.attributions(ctx, o)
	if err != nil {
		return nil, err
	}
	p := &publisher{db: r.db, documents: memory{}, options: o, attributions: attributions}
	if err := p.publish(ctx); err != nil {
		return nil, fmt.Errorf("generate the files of the statistics: %w", err)
	}
	return &Generated{p.files, p.documents, r.db}, nil
}

// Summary returns the summary, as Engine.Summary does.
func (g *Generated) Summary(ctx context.Context) (*Summary, error) {
	return storedSummary(ctx, g.db, g.documents)
}

// Versions returns the series of all versions, as Engine.Versions does.
func (g *Generated) Versions(ctx context.Context) ([]Series, error) {
	return storedVersions(ctx, g.documents)
}

// IsTable reports whether a file in the folder download-stats is the table of a month or year.
func IsTable(name string) bool {
	ok, err := path.Match("cube-*.json", name)
	return ok && err == nil
}

// Summary returns the summary that Files has generated.
func (e *Engine) Summary(ctx context.Context) (*Summary, error) {
	return storedSummary(ctx, e.db.Reader, e.db.Documents)
}

// storedSummary returns the summary that a publisher has stored.
func storedSummary(ctx context.Context, db *downloads.Reader, d documents) (*Summary, error) {
	text, err := d.Get(ctx, allTime, SummaryFile)
	if err != nil {
		return nil, err
	}
	s := summarizeNothing()
	if text != nil {
		s = new(Summary)
		if err := json.Unmarshal(text, s); err != nil {
			return nil, fmt.Errorf("read the summary of the statistics: %w", err)
		}
	}
	return s, s.setNewest(ctx, db)
}

// setNewest sets the newest release. It is not that of a stored summary, which a release without downloads does not
// change.
func (s *Summary) setNewest(ctx context.Context, db *downloads.Reader) error {
	packages, err := db.Packages(ctx)
	if err != nil {
		return err
	}
	s.Newest = newestRelease(releaseDays(packages))
	return nil
}

// allTime is the period of documents that cover all days.
const allTime = ""

// documents stores generated files: see downloads.Documents.
type documents interface {
	Get(ctx context.Context, period, name string) ([]byte, error)
	Set(ctx context.Context, period, name string, data []byte) error
	Version(ctx context.Context, period, name string) (string, error)
}

// memory stores documents in memory, by period and name.
type memory map[[2]string][]byte

func (m memory) Get(_ context.Context, period, name string) ([]byte, error) {
	return m[[2]string{period, name}], nil
}

func (m memory) Set(_ context.Context, period, name string, data []byte) error {
	m[[2]string{period, name}] = data
	return nil
}

// Version returns "", the version of a file that is always produced.
func (m memory) Version(context.Context, string, string) (string, error) { return "", nil }

// publisher generates the published files.
type publisher struct {
	db           *downloads.Reader
	documents    documents
	options      *Options
	attributions []string // HTML that the licences of the GeoIP databases require
	files        []output.File
}

// publish adds all files. It generates the summary only if a cube has been generated or no summary is stored.
func (p *publisher) publish(ctx context.Context) error {
	first, last, any, err := p.db.Span(ctx)
	if err != nil {
		return err
	}
	if !any {
		s := summarizeNothing()
		return errors.Join(s.setNewest(ctx, p.db), p.publishVersions(nil), p.publishSummary(s))
	}
	if p.options.LegacyFile != "" {
		if err := p.publishLegacy(ctx); err != nil {
			return err
		}
	}
	list := periods(first, last)
	made, err := p.publishCubes(ctx, list)
	if err != nil {
		return err
	}
	text, err := p.documents.Get(ctx, allTime, SummaryFile)
	if err != nil {
		return err
	}
	var summary *Summary
	if !made && text != nil {
		summary = new(Summary)
		err = json.Unmarshal(text, summary)
	} else {
		summary, err = p.summary(ctx, list, first, last)
	}
	if err != nil {
		return err
	}
	if err := errors.Join(summary.setNewest(ctx, p.db), p.publishSeries(ctx)); err != nil {
		return err
	}
	return p.publishSummary(summary)
}

// publishCubes adds the cubes, and generates those that are not stored. It reports whether it generated any.
func (p *publisher) publishCubes(ctx context.Context, list []period) (made bool, err error) {
	for _, period := range list {
		text, err := p.documents.Get(ctx, period.name, period.grain)
		if err != nil {
			return made, err
		}
		if text == nil {
			made = true
			if text, err = p.makeCube(ctx, period); err != nil {
				return made, err
			}
		}
		p.add(output.Records, period.file(), text)
	}
	return made, nil
}

// partName is the name under which the part of a period is stored. The name of a cube is its grain, day or week: when a
// year becomes old enough to be published by week, no document has that name yet, so the cube is generated again.
const partName = "part"

// makeCube generates the cube of a period and its part of the summary, and stores both.
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
	if err := p.documents.Set(ctx, period.name, partName, sums); err != nil {
		return nil, err
	}
	return text, p.documents.Set(ctx, period.name, period.grain, text)
}

// summary generates the summary from the parts of the periods, and stores it.
func (p *publisher) summary(ctx context.Context, list []period, first, last int32) (*Summary, error) {
	all := newPart()
	var cubes []CubeFile
	for _, period := range list {
		text, err := p.documents.Get(ctx, period.name, partName)
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
	s.Cubes, s.MinCountry, s.Attribution = cubes, p.options.MinCountry, p.attributions
	imported, err := p.db.ImportedDays(ctx)
	if err != nil {
		return nil, err
	}
	s.RuleChanges = all.ruleChanges(imported)
	text, err := encode(s)
	if err != nil {
		return nil, err
	}
	series, err := encode(seriesTable{seriesOf(all.Versions), seriesOf(all.Systems)})
	if err != nil {
		return nil, err
	}
	if err := p.documents.Set(ctx, allTime, seriesName, series); err != nil {
		return nil, err
	}
	return s, p.documents.Set(ctx, allTime, SummaryFile, text)
}

// summarizeNothing returns the summary if there are no downloads.
func summarizeNothing() *Summary {
	s := &Summary{
		Format: formatVersion, Attribution: []string{}, Periods: []Period{},
		Days:    Days{Downloads: []int64{}, Robots: []int64{}},
		Classes: []Share{}, Countries: []CountryShare{}, Releases: []Release{}, Cubes: []CubeFile{},
		RuleChanges: []RuleChange{},
	}
	for _, p := range properties() {
		*p.shares(&s.PackageShares) = []Share{}
	}
	return s
}

// publishSummary adds the badges and the summary.
func (p *publisher) publishSummary(s *Summary) error {
	if err := p.publishBadges(s); err != nil {
		return err
	}
	return p.encoded(SummaryFile, s)
}

// encoded adds a page's JSON file.
func (p *publisher) encoded(name string, v any) error {
	text, err := encode(v)
	p.add(output.Pages, name, text)
	return err
}

// publishLegacy adds the file of format 1.0 if it has at least one access. The file can be as large as the logs, so the
// database stores only its version, by which package output decides whether the file on disk is current.
func (p *publisher) publishLegacy(ctx context.Context) error {
	any, err := hasLegacy(ctx, p.db)
	if err != nil || !any {
		return err
	}
	version, err := p.documents.Version(ctx, allTime, p.options.LegacyFile)
	if err != nil {
		return err
	}
	file := output.File{
		Group: output.Records, Path: p.options.LegacyFile, Version: version,
		Write: func(w io.Writer) error { return writeLegacy(ctx, p.db, w) },
	}
	p.files = append(p.files, file)
	for _, name := range p.options.LegacyPaths {
		again := file
		again.Group, again.Path, again.CopyOf = output.Pages, name, file.Path
		p.files = append(p.files, again)
	}
	return nil
}

// add adds a file with the given content.
func (p *publisher) add(group output.Group, name string, data []byte) {
	p.files = append(p.files, output.File{Group: group, Path: name, Data: data})
}
