package deploy

import (
	"context"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/remote"
	"github.com/Slicer/sitegen/generator/redirect/servers/cloudfront"
)

// Report describes what a deploy did, or in a dry run what it would do. docs/deploy.md documents its JSON form field by
// field.
type Report struct {
	Edition   string    `json:"edition"`
	Deploy    string    `json:"deploy"`    // id of the deploy that is live now; "" in a dry run that has something to do
	Previous  string    `json:"previous"`  // id of the deploy that was live before; "" for none
	Of        string    `json:"of"`        // id of the deploy that a rollback or promotion made live again
	Unchanged bool      `json:"unchanged"` // the site was live already
	DryRun    bool      `json:"dry_run"`
	Files     Files     `json:"files"`
	Objects   Objects   `json:"objects"`
	Store     Store     `json:"store"`
	Collected Collected `json:"collected"`
	Damage    *Damage   `json:"damage"` // what --verify has found; nil without it
	Requests  Requests  `json:"requests"`
	Cost      float64   `json:"cost_usd"` // of the requests
	Seconds   float64   `json:"duration_seconds"`
}

// Files counts the files of a site, and lists those that differ from the previous deploy, sorted by path.
type Files struct {
	Total   int      `json:"total"`
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
}

// Damage counts the differences between what should be stored for the live deploy and what was. They were mended.
type Damage struct {
	Objects int `json:"objects"` // objects that were missing, or had another size
	Keys    int `json:"keys"`    // keys of the store that were missing or different
}

// plan describes a plan for a site with a number of files.
func (r *Report) plan(p *live.Plan, files int) {
	r.Unchanged = p.Unchanged
	if !r.DryRun || p.Unchanged {
		r.Deploy = p.ID()
	}
	r.Files = Files{Total: files, Added: []string{}, Changed: []string{}, Removed: []string{}}
	if p.Unchanged {
		r.Previous = p.ID()
		return
	}
	if p.Before != nil {
		r.Previous = p.Before.ID
	}
	r.Of = p.Record.Of
	r.Files.Added, r.Files.Changed, r.Files.Removed = compareFiles(p.Before, p.Record)
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

// compareFiles returns the paths of the files that differ between two deploys, sorted. before may be nil.
func compareFiles(before, after *live.Record) (added, changed, removed []string) {
	added, changed, removed = []string{}, []string{}, []string{}
	keys := map[string]string{}
	if before != nil {
		for _, f := range before.Files {
			keys[f.Path] = f.Key
		}
	}
	for _, f := range after.Files {
		switch key, ok := keys[f.Path]; {
		case !ok:
			added = append(added, f.Path)
		case key != f.Key:
			changed = append(changed, f.Path)
		}
		delete(keys, f.Path)
	}
	if before != nil {
		for _, f := range before.Files {
			if _, ok := keys[f.Path]; ok {
				removed = append(removed, f.Path)
			}
		}
	}
	return added, changed, removed
}

// expect describes what a deploy of a plan would remove, and adds the requests that it would need besides those that
// the plan has needed already.
func (e *engine) expect(ctx context.Context, p *live.Plan, damage *live.Damage, r *Report) error {
	if p.Unchanged && damage == nil {
		return nil
	}
	before := e.requests()
	c, err := e.live.PlanCollection(ctx, e.keep(), damage)
	if err != nil {
		return err
	}
	r.collect(c)
	if !p.Unchanged {
		for _, o := range p.Upload {
			r.Requests.Writes += remote.PutRequests(o.Size)
		}
		r.Requests.Writes++ // the record
		r.Requests.Reads += int64(p.Checks())
		r.Requests.Store += int64(p.Calls())
		if p.Before == nil {
			r.Requests.Store++ // a collection reads the state of every edition that has a record
		}
	}
	if !c.Empty() {
		// A collection reads the version and the lease of the store, takes the lease, and plans again.
		r.Requests.Store += 3 + int64(len(c.Nodes)/cloudfront.MaxUpdate+1)
		r.Requests.Deletes += int64((len(c.Objects)+999)/1000 + (len(c.Records)+999)/1000)
		r.Requests.add(e.requests(), 1)
		r.Requests.add(before, -1)
	}
	return nil
}
