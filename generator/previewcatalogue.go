package generator

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/history"
	"github.com/Slicer/sitegen/generator/supply/fetch"
	"github.com/Slicer/sitegen/generator/supply/sample"
)

// patience is how long the start of a preview waits for a server: the stored catalogue is as good for most.
const patience = 20 * time.Second

// previewCatalogue gets the packages to show: those of the source; where its server cannot be reached, those
// published last; where there are none, the sample. The label says which.
func (o *Options) previewCatalogue(ctx context.Context) (cat *catalogue, label string, err error) {
	if !o.Config.Offline {
		cat, label, err = o.sourceCatalogue(ctx, min(o.Config.Girder.Timeout, patience), 0)
		_, isServer := errors.AsType[*fetch.Failure](err)
		if err == nil || ctx.Err() != nil || fault.KindOf(err) != fault.Source || !isServer {
			return cat, label, err
		}
		o.Log.Warn(err.Error())
	}
	cat, label, err = o.storedCatalogue(ctx)
	if err != nil || cat != nil {
		return cat, label, err
	}
	o.Log.Warn("there is no stored catalogue (" + o.catalogueFile() + ")")
	trial := *o
	trial.Config.Source = sample.Word
	return trial.sourceCatalogue(ctx, patience, 0)
}

// sourceCatalogue reads the source.
func (o *Options) sourceCatalogue(ctx context.Context, timeout time.Duration, retries int) (*catalogue, string, error) {
	src, err := o.source(timeout, retries)
	if err != nil {
		return nil, "", err
	}
	cat, err := o.readSource(ctx, src, history.Run{At: o.Now(), Source: src.Identity(), App: o.Config.App})
	if err != nil {
		return nil, "", err
	}
	if cat.run.IsSample() {
		return cat, fmt.Sprintf("the %d packages of the sample", len(cat.published)), nil
	}
	return cat, fmt.Sprintf("%d packages of %s of %s", len(cat.published), o.Config.Source, cat.run.At.Format(time.DateTime)), nil
}

// storedCatalogue returns the packages published last; nil when there are none.
func (o *Options) storedCatalogue(ctx context.Context) (*catalogue, string, error) {
	db, err := history.OpenReadOnly(ctx, o.catalogueFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, "", nil
	}
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
