package generator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/girder"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/preview"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/site"
	"github.com/Slicer/sitegen/generator/store"
)

// Serve builds the site in memory and shows it until ctx is done, whose error it gives then. Nothing is
// written: not the site, not the redirects, not the catalogue.
func Serve(ctx context.Context, o Options) error {
	cat, err := o.previewCatalogue(ctx)
	if err != nil {
		return err
	}
	in, err := o.siteInput(cat)
	if err != nil {
		return err
	}
	files, _, err := site.Render(ctx, in)
	if err != nil {
		return err
	}
	shown := preview.NewSite(newMemory(files), &redirect.Table{Index: in.Index, Files: o.files()})
	return preview.New(preview.Options{Listen: o.Config.Preview.Listen, Log: o.Log}, shown).Run(ctx)
}

// previewCatalogue gets the packages to show: those of the source; where it cannot be reached, those published
// last; where there are none, the sample. It says which.
func (o *Options) previewCatalogue(ctx context.Context) (*catalogue, error) {
	if !o.Config.Offline {
		cat, err := o.sourceCatalogue(ctx)
		if err == nil || ctx.Err() != nil || fault.KindOf(err) != fault.Source || o.sourceKind() != girder.ServerSource {
			return cat, err
		}
		o.Log.Warn(err.Error())
	}
	cat, err := o.storedCatalogue(ctx)
	if err != nil || cat != nil {
		return cat, err
	}
	o.Log.Info("showing the sample packages: there is no stored catalogue")
	o.Config.Source = girder.Source{Kind: girder.SampleSource}.String()
	return o.sourceCatalogue(ctx)
}

func (o *Options) sourceKind() girder.SourceKind {
	source, err := girder.ParseSource(o.Config.Source)
	if err != nil {
		return girder.FileSource
	}
	return source.Kind
}

// patience is how long the start of a preview waits for a server: the stored catalogue is as good for most.
const patience = 20 * time.Second

// sourceCatalogue reads the source, once.
func (o *Options) sourceCatalogue(ctx context.Context) (*catalogue, error) {
	source, err := girder.ParseSource(o.Config.Source)
	if err != nil {
		return nil, err
	}
	c := &o.Config.Girder
	records, err := girder.Read(ctx, source, girder.Client{App: o.Config.App, Timeout: min(c.Timeout, patience), MaxSize: int64(c.MaxSize), Log: o.Log})
	if err != nil {
		return nil, err
	}
	cat := &catalogue{run: store.Run{At: o.Now(), Source: source.Identity(), App: o.Config.App}, offline: true}
	cat.published, cat.held = catalog.Publish(o.Config.App, records)
	o.Log.Info(fmt.Sprintf("showing %d packages of %s", len(cat.published), source))
	return cat, nil
}

// storedCatalogue gives the packages published last; nil when there are none.
func (o *Options) storedCatalogue(ctx context.Context) (*catalogue, error) {
	if _, err := os.Stat(o.catalogueFile()); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	db, err := store.Open(ctx, o.catalogueFile())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	published, err := db.Published(ctx)
	if err != nil || len(published) == 0 {
		return nil, err
	}
	cat, err := o.stored(ctx, db, published)
	if err == nil {
		o.Log.Info(fmt.Sprintf("showing %d packages of the stored catalogue of %s", len(published), cat.run.At.Format(time.DateOnly)))
	}
	return cat, err
}

// memory is a rendered site as package preview wants it.
type memory struct {
	paths []string
	data  map[string][]byte
}

func newMemory(files []output.File) *memory {
	m := &memory{data: make(map[string][]byte, len(files))}
	for _, f := range files {
		m.paths = append(m.paths, f.Path)
		m.data[f.Path] = f.Data
	}
	slices.SortFunc(m.paths, strings.Compare)
	return m
}

// Paths implements preview.Files.
func (m *memory) Paths() []string { return m.paths }

// File implements preview.Files.
func (m *memory) File(path string) ([]byte, error) {
	if data, ok := m.data[path]; ok {
		return data, nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}
