package deploy

import (
	"maps"
	"slices"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/remote"
)

// Report describes what a deploy did, or in a dry run what it would do. docs/deploy.md documents its JSON form field by
// field.
type Report struct {
	Target    string  `json:"target"`    // "cloudfront" or "s3-website"
	Edition   string  `json:"edition"`   // "" for an S3 website
	Deploy    string  `json:"deploy"`    // id of the live deploy; "" in a dry run that has something to do
	Previous  string  `json:"previous"`  // id of the deploy that was live before; "" for none
	Of        string  `json:"of"`        // id of the deploy that a rollback or promotion made live again
	Unchanged bool    `json:"unchanged"` // the site was live already
	DryRun    bool    `json:"dry_run"`
	Files     Files   `json:"files"`
	Objects   Objects `json:"objects"`
	Store     Store   `json:"store"`
	// Configuration reports whether the website configuration of the bucket was written.
	Configuration bool      `json:"configuration"`
	Collected     Collected `json:"collected"`
	Damage        *Damage   `json:"damage"` // what --verify has found; nil without it
	Warnings      []string  `json:"warnings"`
	Requests      Requests  `json:"requests"`
	Cost          float64   `json:"cost_usd"` // of the requests
	Seconds       float64   `json:"duration_seconds"`
}

// Files lists the files that differ from the deploy before, sorted by path. The redirect objects of an S3 website are
// files, too.
type Files struct {
	Total   int      `json:"total"` // files of the site
	Added   []string `json:"added"`
	Changed []string `json:"changed"`
	Removed []string `json:"removed"`
}

// Objects counts objects of the bucket.
type Objects struct {
	Uploaded int   `json:"uploaded"`
	Bytes    int64 `json:"bytes"` // of the uploaded ones
	Kept     int   `json:"kept"`  // objects that were there already
}

// Store counts changes of the key-value store.
type Store struct {
	Keys  int `json:"keys"`  // keys that were put
	Calls int `json:"calls"` // updates
}

// Collected counts what was removed because no deploy needs it any more.
type Collected struct {
	Deploys int `json:"deploys"`
	Objects int `json:"objects"`
	Keys    int `json:"keys"` // keys of the store
	// Later counts the objects that an S3 website has lost and that a later deploy deletes: because of the grace time,
	// or because there are too many for one deploy. It is 0 for CloudFront.
	Later int `json:"later"`
}

// Damage counts the differences between what should be stored for the live deploy and what was. They were mended.
type Damage struct {
	Objects int `json:"objects"` // objects that were missing, or had another size
	Keys    int `json:"keys"`    // keys of the store that were missing or different
	// Configuration reports whether the website configuration of the bucket was missing or different.
	Configuration bool `json:"configuration"`
}

// plan describes a plan.
func (r *Report) plan(p *live.Plan) {
	r.Unchanged = p.Unchanged
	if !r.DryRun || p.Unchanged {
		r.Deploy = p.ID()
	}
	if p.Unchanged {
		r.Previous = p.ID()
		r.Files = compareFiles(&live.Record{}, &live.Record{})
		return
	}
	before := &live.Record{}
	if p.Before != nil {
		before = p.Before
	}
	r.Previous, r.Of = p.Replaces(), p.Record.Of
	r.Files = compareFiles(before, p.Record)
	r.Objects = Objects{Uploaded: len(p.Upload), Bytes: p.Bytes(), Kept: p.Kept}
	r.Store = Store{Keys: len(p.Nodes) + len(p.Shared) + 2, Calls: p.Calls()} // 2: state and root
}

// collect describes what was removed.
func (r *Report) collect(c *live.Collection) {
	r.Collected = Collected{Deploys: len(c.Records), Objects: len(c.Objects), Keys: len(c.Nodes)}
}

// damage describes what --verify has found.
func (r *Report) damage(d *live.Damage) {
	r.Damage = &Damage{Objects: len(d.Objects) + len(d.Sizes), Keys: len(d.Nodes)}
	if d.Root {
		r.Damage.Keys++
	}
}

// compareFiles returns the files of a deploy that differ from those of the deploy before.
func compareFiles(before, after *live.Record) Files {
	f := Files{Total: len(after.Files), Added: []string{}, Changed: []string{}, Removed: []string{}}
	keys := make(map[string]string, len(before.Files))
	for _, old := range before.Files {
		keys[old.Path] = old.Key
	}
	for _, file := range after.Files {
		switch key, ok := keys[file.Path]; {
		case !ok:
			f.Added = append(f.Added, file.Path)
		case key != file.Key:
			f.Changed = append(f.Changed, file.Path)
		}
		delete(keys, file.Path)
	}
	f.Removed = slices.AppendSeq(f.Removed, maps.Keys(keys))
	slices.Sort(f.Removed)
	return f
}

// end adds the requests of a run, and sets what they cost and how long it took.
func (r *Report) end(sent Requests, took time.Duration) {
	r.Requests.add(sent, 1)
	r.Cost, r.Seconds = r.Requests.Cost(), took.Seconds()
}

// planned returns the requests that a plan needs, without those that planning has needed.
func planned(p *live.Plan) (r Requests) {
	if p.Unchanged {
		return r
	}
	r = uploads(p)
	r.Writes++ // the record
	if size := p.BaseSize(); size > 0 {
		r.Writes += remote.PutRequests(size)
	}
	r.Reads, r.Store = int64(p.Checks()), int64(p.Calls())
	return r
}

// uploads returns the requests that the uploads of a plan need.
func uploads(p *live.Plan) (r Requests) {
	for _, o := range p.Upload {
		r.Writes += remote.PutRequests(o.Size)
	}
	return r
}
