package stats

import (
	"context"
	"encoding/json"
	"fmt"
)

// Published are the options with which the files were published last. Commands that run without them use them, too: the
// licence of a GeoIP database applies as long as its countries are published, whatever a later run is called with.
type Published struct {
	MinCountry   int      `json:"min_country"`
	Legacy       bool     `json:"legacy"` // format 1.0
	Privacy      Privacy  `json:"privacy"`
	Attributions []string `json:"attributions"` // HTML that the licences of the GeoIP databases require
}

// Published returns the options with which the files were published last, false if no run has stored them.
func (r *Reader) Published(ctx context.Context) (p Published, ok bool, err error) {
	text, err := r.db.Published(ctx)
	if err != nil || text == "" {
		return p, false, err
	}
	if err := json.Unmarshal([]byte(text), &p); err != nil {
		return p, false, fmt.Errorf("read the options of the published files: %w", err)
	}
	return p, true, nil
}

// setPublished stores the options with which the files are being published.
func (e *Engine) setPublished(ctx context.Context, attributions []string) error {
	o := &e.options
	text, err := json.Marshal(Published{o.MinCountry, o.LegacyFile != "", o.Privacy, attributions})
	if err != nil {
		return err
	}
	return e.db.Documents.SetPublished(ctx, string(text))
}

// attributions returns the HTML that the licences of the GeoIP databases of the options require, nil without a
// database.
func (o *Options) attributions() []string {
	if o.Attribution != "" {
		return []string{o.Attribution}
	}
	g, err := OpenGeo(o.GeoIP...)
	if err != nil || len(o.GeoIP) == 0 {
		return nil // Read has reported the error
	}
	defer g.Close()
	return append([]string{}, g.Attributions()...)
}

// attributions returns those of the options or, without a database, those with which the files were published last.
func (e *Engine) attributions(ctx context.Context) ([]string, error) {
	if list := e.options.attributions(); list != nil {
		return list, nil
	}
	p, _, err := e.Published(ctx)
	return append([]string{}, p.Attributions...), err // not null in JSON
}

// attributions returns those with which the files were published last or, if an earlier version of sitegen has
// published them, those of the options.
func (r *Reader) attributions(ctx context.Context, o *Options) ([]string, error) {
	p, ok, err := r.Published(ctx)
	if ok || err != nil {
		return p.Attributions, err
	}
	return append([]string{}, o.attributions()...), nil
}
