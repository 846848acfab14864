package generator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/girder"
	"github.com/Slicer/sitegen/generator/store"
)

// patience is how long the start of a preview waits for a server: the stored catalogue is as good for most.
const patience = 20 * time.Second

// previewCatalogue gets the packages to show: those of the source; where its server cannot be reached, those
// published last; where there are none, the sample. The label says which.
func (o *Options) previewCatalogue(ctx context.Context) (cat *catalogue, label string, err error) {
	if !o.Config.Offline {
		cat, label, err = o.sourceCatalogue(ctx, min(o.Config.Girder.Timeout, patience), 0)
		if err == nil || ctx.Err() != nil || fault.KindOf(err) != fault.Source || !o.sourceIsServer() {
			return cat, label, err
		}
		o.Log.Warn(err.Error())
	}
	cat, label, err = o.storedCatalogue(ctx)
	if err != nil || cat != nil {
		return cat, label, err
	}
	o.Log.Warn("there is no stored catalogue (" + o.catalogueFile() + ")")
	sample := *o
	sample.Config.Source = girder.Source{Kind: girder.SampleSource}.String()
	return sample.sourceCatalogue(ctx, patience, 0)
}

func (o *Options) sourceIsServer() bool {
	source, err := girder.ParseSource(o.Config.Source)
	return err == nil && source.Kind == girder.ServerSource
}

// sourceCatalogue reads the source.
func (o *Options) sourceCatalogue(ctx context.Context, timeout time.Duration, retries int) (*catalogue, string, error) {
	source, err := girder.ParseSource(o.Config.Source)
	if err != nil {
		return nil, "", err
	}
	records, err := girder.Read(ctx, source, girder.Client{
		App: o.Config.App, Timeout: timeout, MaxSize: int64(o.Config.Girder.MaxSize), Retries: retries, Log: o.Log,
	})
	if err != nil {
		return nil, "", err
	}
	cat := &catalogue{spec: o.spec(), run: store.Run{At: o.Now(), Source: source.Identity(), App: o.Config.App}}
	cat.published, cat.held = o.publish(records)
	if source.Kind == girder.SampleSource {
		return cat, fmt.Sprintf("the %d packages of the sample", len(cat.published)), nil
	}
	return cat, fmt.Sprintf("%d packages of %s of %s", len(cat.published), source, cat.run.At.Format(time.DateTime)), nil
}

// storedCatalogue gives the packages published last; nil when there are none.
func (o *Options) storedCatalogue(ctx context.Context) (*catalogue, string, error) {
	if _, err := os.Stat(o.catalogueFile()); errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil // to open it would make it
	}
	db, err := store.Open(ctx, o.catalogueFile())
	if err != nil {
		return nil, "", err
	}
	defer db.Close()
	published, err := db.Published(ctx)
	if err != nil || len(published) == 0 {
		return nil, "", err
	}
	cat, err := o.stored(ctx, db, published)
	if err != nil {
		return nil, "", err
	}
	return cat, fmt.Sprintf("%d packages of the stored catalogue of %s", len(published), cat.run.At.Format(time.DateTime)), nil
}
