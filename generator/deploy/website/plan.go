package website

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/deploy/objects"
)

// Why is the reason why an object is uploaded.
type Why string

// The reasons.
const (
	New        Why = "new"
	Content    Why = "content"    // the content has changed
	Headers    Why = "headers"    // only the headers have changed, or the location of a redirect
	Unfinished Why = "unfinished" // a deploy that was cut off may have stored it
	Damaged    Why = "damaged"    // Verify found it missing or different
)

// Upload is an object to store.
type Upload struct {
	Key      string
	Size     int64 // bytes
	Why      Why
	Location string // where a redirect object leads; "" for a file
	file     objects.Object
	redirect Redirect
	want     entry
	stage    stage
}

// stage is the stage of a deploy in which an object is stored. All objects of a stage may be stored at the same time.
type stage struct {
	class int
	depth int // of a redirect: the number of redirects that follow it
}

// Classes of stages, in their order.
const (
	newFiles = iota
	changedFiles
	newPages
	newRedirects
	changedPages
	changedRedirects
)

// classOf returns the class of an object.
func classOf(k kind, isNew bool) int {
	switch {
	case k == plain && isNew:
		return newFiles
	case k == plain:
		return changedFiles
	case k == page && isNew:
		return newPages
	case isNew:
		return newRedirects
	case k == page:
		return changedPages
	}
	return changedRedirects
}

// Plan is what a deploy does.
type Plan struct {
	ID        string   // of the deploy
	Before    string   // id of the last deploy; "" if there is none
	Unchanged bool     // there is nothing to do; only ID, Before and Kept are set
	Upload    []Upload // objects to store, in their order
	Kept      int      // number of objects that the bucket has already
	Config    *Config  // the website configuration to write; nil if the bucket has it already
	Gone      []string // keys of objects that the site has lost since the last deploy, sorted. They are kept for now
	Delete    []string // keys of objects to delete, in their order
	Later     int      // number of objects that the site does not have and that a later deploy deletes

	site   *Site
	before *manifest
	etag   string           // of the manifest before; "" if there is none
	after  map[string]entry // the manifest afterwards. Those that are uploaded have no ETag yet
	config string           // hash of the website configuration afterwards
}

// Bytes returns the number of bytes to upload.
func (p *Plan) Bytes() (n int64) {
	for _, u := range p.Upload {
		n += u.Size
	}
	return n
}

// Changes returns the keys of files and redirect objects that differ from those of the last deploy, sorted. Call it
// before Apply.
func (p *Plan) Changes() (added, changed, removed []string) {
	compare := func(key string, now entry) {
		switch old, known := p.before.Files[key]; {
		case !known || !old.Gone.IsZero() || old.Sum == "":
			added = append(added, key)
		case old.Sum != now.Sum || old.Headers != now.Headers || old.Kind != now.Kind:
			changed = append(changed, key)
		}
	}
	for _, o := range p.site.Files {
		compare(o.Path, p.after[o.Path])
	}
	for _, r := range p.site.Redirects {
		compare(r.Key, p.after[r.Key])
	}
	slices.Sort(added)
	slices.Sort(changed)
	return added, changed, p.Gone
}

// deletions returns the keys to delete for each request, in their order: all of a kind before the first of the next.
func (p *Plan) deletions() (requests [][]string) {
	sameKind := func(a, b string) bool { return p.before.Files[a].Kind == p.before.Files[b].Kind }
	for keys := range chunks(p.Delete, sameKind) {
		requests = slices.AppendSeq(requests, slices.Chunk(keys, maxDelete))
	}
	return requests
}

// Requests returns the numbers of requests that Apply sends besides those that store the objects of Upload, if it takes
// less than a minute: later ones renew the claim.
func (p *Plan) Requests() (writes, deletes int) {
	if p.Unchanged {
		return 0, 0
	}
	writes = 2 // the first and the last manifest
	if p.Config != nil {
		writes++
	}
	return writes, len(p.deletions())
}

// timeLayout is the layout of the time in the id of a deploy. Ids sort by time.
const timeLayout = "20060102T150405Z"

// Plan returns what has to be done to deploy a site. If the bucket has that site already, this takes one request.
// damage, if it is not nil, is what Verify has found.
func (w *Website) Plan(ctx context.Context, site *Site, damage *Damage) (*Plan, error) {
	if err := site.check(); err != nil {
		return nil, err
	}
	before, etag, err := w.await(ctx)
	if damage != nil && damage.Manifest != nil && isDamaged(err) {
		before, err = &manifest{Format: manifestFormat}, nil
	}
	if err != nil {
		return nil, err
	}
	if damage == nil {
		damage = &Damage{}
	}
	p := &Plan{
		ID: w.Now().UTC().Format(timeLayout) + "-" + w.Random(), Before: before.ID, site: site, before: before,
		etag: etag, after: map[string]entry{}, config: site.Config.hash(),
	}
	p.uploads(damage.objects())
	changed := p.leftovers(w)
	if before.Config != p.config || damage.Config {
		changed = true
		if err := p.compareConfig(ctx, w.Bucket); err != nil {
			return nil, err
		}
	}
	p.Unchanged = !changed && len(p.Upload) == 0 && before.Claim.IsZero() && etag != "" && damage.Manifest == nil
	return p, nil
}

// uploads plans the uploads. damaged has the keys of damaged objects.
func (p *Plan) uploads(damaged map[string]bool) {
	add := func(u Upload) {
		old, known := p.before.Files[u.Key]
		p.after[u.Key] = u.want
		switch w := u.want; {
		case !known:
			u.Why = New
		case old.Unsure:
			u.Why = Unfinished
		case damaged[u.Key]:
			u.Why = Damaged
		case old.Sum != w.Sum || old.Size != w.Size:
			u.Why = Content
		case old.Headers != w.Headers || old.Kind != w.Kind:
			u.Why = Headers
		default:
			w.ETag = old.ETag
			p.after[u.Key] = w
			p.Kept++
			return
		}
		u.stage.class = classOf(u.want.Kind, old.Sum == "")
		p.Upload = append(p.Upload, u)
	}
	for _, o := range p.site.Files {
		add(Upload{Key: o.Path, Size: o.Size, file: o, want: fileEntry(o)})
	}
	depth := depths(p.site.Redirects)
	for _, r := range p.site.Redirects {
		add(Upload{Key: r.Key, Location: r.Location, redirect: r, want: redirectEntry(r),
			stage: stage{depth: depth[r.Key]}})
	}
	slices.SortFunc(p.Upload, func(a, b Upload) int {
		return cmp.Or(a.stage.class-b.stage.class, a.stage.depth-b.stage.depth, strings.Compare(a.Key, b.Key))
	})
}

// maxDepth is the maximum depth of a redirect. Browsers follow 20 redirects.
const maxDepth = 20

// depths returns for each redirect how many redirects follow it. For example, if /latest leads to /5.2 and /5.2 to a
// URL, the depth of 5.2 is 0 and that of latest is 1.
func depths(redirects []Redirect) map[string]int {
	next := make(map[string]string, len(redirects))
	for _, r := range redirects {
		if target, ok := strings.CutPrefix(r.Location, "/"); ok {
			next[r.Key], _, _ = strings.Cut(target, "?")
		} else {
			next[r.Key] = ""
		}
	}
	depth := make(map[string]int, len(redirects))
	for key := range next {
		for at := next[key]; depth[key] < maxDepth; at = next[at] { // redirects in a circle end there, too
			if _, ok := next[at]; !ok {
				break
			}
			depth[key]++
		}
	}
	return depth
}

// leftovers plans what to do about the objects that the site does not have. It reports whether that changes the
// manifest.
func (p *Plan) leftovers(w *Website) (changed bool) {
	var expired []string
	for _, key := range slices.Sorted(maps.Keys(p.before.Files)) {
		e := p.before.Files[key]
		_, wanted := p.after[key]
		switch {
		case wanted:
			changed = changed || !e.Gone.IsZero()
			continue
		case e.Gone.IsZero():
			p.Gone = append(p.Gone, key)
			changed = true
		case w.Now().Sub(e.Gone) >= w.Grace:
			expired = append(expired, key)
			continue
		}
		p.after[key] = e
		p.Later++
	}
	// What refers to others is deleted first, so that nothing refers to a deleted object if only some are deleted.
	order := map[kind]int{redirect: 0, page: 1, plain: 2}
	slices.SortStableFunc(expired, func(a, b string) int {
		return order[p.before.Files[a].Kind] - order[p.before.Files[b].Kind]
	})
	n := min(len(expired), max(w.MaxDeletes, 0))
	p.Delete = expired[:n]
	p.Later += len(expired) - n
	for _, key := range expired[n:] {
		p.after[key] = p.before.Files[key]
	}
	return changed || n > 0
}

// compareConfig sets Config if the bucket has another website configuration. A deploy that may not read it stops here,
// before anything is stored.
func (p *Plan) compareConfig(ctx context.Context, b Bucket) error {
	now, err := b.Config(ctx)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the website configuration: %w", err)
	}
	if now == nil || now.hash() != p.config {
		p.Config = &p.site.Config
	}
	return nil
}
