package live

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"

	"github.com/Slicer/sitegen/generator/deploy/objects"
)

// Plan is what a deploy does.
type Plan struct {
	Edition    string
	Unchanged  bool             // there is nothing to do; the fields below are empty
	Record     *Record          // the record of the deploy
	Before     *Record          // the record of the deploy that is live now; nil for none
	Upload     []objects.Object // objects that are missing in the bucket, each key once
	Nodes      []Change         // nodes that are missing in the store, sorted by key
	Kept       int              // number of objects that the bucket has already
	Shared     []Change         // keys that all editions share
	Production *Record          // the live deploy of production, if Edition is another one; nil if it has no record
	live       State            // the state when the plan was made
	version    Version          // the version of the store from before anything was read that the plan relies on
	require    []string         // keys of objects that must exist, but are not uploaded
	site       *Site            // the files; nil if an earlier deploy is made live again
	root       bool             // the root is missing or different, and put back; only of PlanMend
}

// Bytes returns the number of bytes to upload.
func (p *Plan) Bytes() (n int64) {
	for _, o := range p.Upload {
		n += o.Size
	}
	return n
}

// ID returns the id of the deploy that is live after Apply.
func (p *Plan) ID() string {
	if p.Unchanged {
		return p.live.ID
	}
	return p.Record.ID
}

// Replaces returns the id of the deploy that was live when the plan was made; "" for none.
func (p *Plan) Replaces() string { return p.live.ID }

// BaseSize returns the number of bytes of the record's base, if Apply uploads it, and 0 otherwise.
func (p *Plan) BaseSize() int64 {
	if p.Unchanged || p.Record.Base == nil || p.Record.Base.data == nil {
		return 0
	}
	return p.Record.Base.Size
}

// Checks returns the number of objects whose existence Apply checks, with one request each.
func (p *Plan) Checks() int { return len(p.require) }

// Calls returns the number of updates of the store.
func (p *Plan) Calls() int {
	if p.Unchanged {
		return 0
	}
	return len(calls(p.Nodes, p.last()))
}

// stored is what is known to be in the bucket and in the store.
type stored struct {
	objects map[string]bool
	nodes   map[string]string
}

func (s *stored) add(r *Record) {
	maps.Copy(s.objects, r.keys())
	maps.Copy(s.nodes, r.Nodes)
}

// remove removes what is missing.
func (s *stored) remove(d *Damage) {
	if d == nil {
		return
	}
	for _, key := range slices.Concat(d.Objects, d.Sizes) {
		delete(s.objects, key)
	}
	for _, key := range d.Nodes {
		delete(s.nodes, key)
	}
}

// Plan returns what has to be done to make a site live. If the site is live already and undamaged, that takes one
// request. damage, if it is not nil, is what Verify has found.
func (l *Live) Plan(ctx context.Context, edition string, site *Site, damage *Damage) (*Plan, error) {
	files := make([]File, len(site.Objects))
	for i, o := range site.Objects {
		files[i] = File{Path: o.Path, Key: o.Key, Size: o.Size}
	}
	tree, err := site.Compile(paths(files, nil))
	if err != nil {
		return nil, err
	}
	hash := l.hashOf(files, tree, site.Shared)
	state, err := l.State(ctx, edition)
	if err != nil {
		return nil, err
	}
	if state.Site == hash && (damage == nil || !damage.Any()) {
		return &Plan{Edition: edition, Unchanged: true, live: state}, nil
	}
	version, state, err := l.begin(ctx, edition)
	if err != nil {
		return nil, err
	}
	before, production, have, err := l.known(ctx, edition, state)
	if err != nil {
		return nil, err
	}
	have.remove(damage)
	r := l.newRecord(edition, before, "", site.Facts)
	r.Site, r.Files = hash, files
	earlier := carry([]*Record{before, production}, files, r.Time)
	r.Assets = slices.DeleteFunc(earlier, func(a Asset) bool { return !have.objects[a.Key] })
	if len(r.Assets) > 0 {
		if tree, err = site.Compile(paths(files, r.Assets)); err != nil {
			return nil, err
		}
	}
	r.Root, r.Nodes = tree.Root, tree.Nodes
	r.markInline(tree.Objects)
	var former *Base
	if before != nil && before.Base != nil && have.objects[before.Base.Key] {
		former = before.Base
	}
	if err := r.chooseBase(former); err != nil {
		return nil, err
	}
	p := &Plan{
		Edition: edition, Record: r, Before: before, Shared: site.Shared, live: state, version: version,
		Production: production, site: site,
	}
	p.missing(have, site.Objects)
	if len(p.Upload) > worthListing*(len(have.objects)/listPage+1) {
		if err := l.addListed(ctx, have, site.Objects); err != nil {
			return nil, err
		}
		have.remove(damage)
		p.missing(have, site.Objects)
	}
	// A site that does not fit is found before anything is uploaded.
	if _, err := l.room(ctx, p, version); err != nil {
		return nil, err
	}
	return p, nil
}

// The bucket is listed if more than worthListing objects for each request of the list are about to be uploaded. It may
// have them: an edition of an older site needs objects that only replaced deploys name, and a deploy that was cut off
// has no record. One more night of a large catalogue uploads some twenty objects, so it does not list thousands.
const (
	worthListing = 10
	listPage     = 1000 // objects that one request lists (S3 API reference)
)

// addListed adds those of the given objects that the bucket has. No record that is live names them, so a collection may
// delete them. But it changes the version of the store before, and then Apply checks each of them: see repair.
func (l *Live) addListed(ctx context.Context, have *stored, all []objects.Object) error {
	sizes := make(map[string]int64, len(all))
	for _, o := range all {
		sizes[o.Key] = o.Size
	}
	err := l.Bucket.List(ctx, objects.Prefix, func(o Listed) error {
		if size, needed := sizes[o.Key]; needed && size == o.Size {
			have.objects[o.Key] = true
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("list the objects: %w", err)
	}
	return nil
}

// begin returns the state of an edition, and a version of the store from before.
func (l *Live) begin(ctx context.Context, edition string) (v Version, s State, err error) {
	if v, err = l.awaitLease(ctx); err == nil {
		s, err = l.State(ctx, edition)
	}
	return v, s, err
}

// missing sets the objects to upload and the nodes to put.
func (p *Plan) missing(have *stored, all []objects.Object) {
	needed, seen := p.Record.keys(), map[string]bool{}
	p.Upload, p.Kept = nil, 0
	for _, o := range all {
		switch {
		case seen[o.Key], !needed[o.Key]:
		case have.objects[o.Key]:
			p.Kept++
		default:
			p.Upload = append(p.Upload, o)
		}
		seen[o.Key] = true
	}
	p.Nodes = p.Record.nodesWithout(have.nodes)
}

// nodesWithout returns the nodes of a record that are not among others, sorted by key.
func (r *Record) nodesWithout(others map[string]string) (nodes []Change) {
	for _, key := range slices.Sorted(maps.Keys(r.Nodes)) {
		if _, ok := others[key]; !ok {
			nodes = append(nodes, Change{Key: key, Value: r.Nodes[key]})
		}
	}
	return nodes
}

// known returns the record of the deploy that is live, for another edition than production also that of production,
// whose objects it shares, and what is stored according to both. Both are live, so no collection deletes what they
// name.
func (l *Live) known(ctx context.Context, edition string, state State) (before, production *Record, have *stored,
	err error) {
	have = &stored{map[string]bool{}, map[string]string{}}
	if state.ID != "" {
		if before, err = l.Record(ctx, state.ID); err != nil && !isMissing(err) {
			return nil, nil, nil, err
		}
		if before == nil {
			l.Log.Warn("the record of the live deploy is missing or damaged in the bucket, so all keys are written "+
				"again", "deploy", state.ID)
		} else {
			have.add(before)
		}
	}
	if edition == Production {
		return before, nil, have, nil
	}
	other, err := l.State(ctx, Production)
	if err == nil && other.ID == "" {
		l.Log.Warn("production has not been deployed: until it is, the function answers all requests with status 503")
	}
	if err != nil || other.ID == "" {
		return before, nil, have, err
	}
	production, err = l.Record(ctx, other.ID)
	if isMissing(err) {
		return before, nil, have, nil
	}
	if err == nil {
		have.add(production)
	}
	return before, production, have, err
}

// PlanAgain returns what has to be done to make an earlier deploy live again, or one of another edition. Like a deploy
// of files, it also serves the assets of the deploy that it replaces.
func (l *Live) PlanAgain(ctx context.Context, edition, id string, facts Facts) (*Plan, error) {
	version, state, err := l.begin(ctx, edition)
	if err != nil {
		return nil, err
	}
	again, err := l.Record(ctx, id)
	if err != nil {
		return nil, err
	}
	if again.RootKey != l.RootKey(again.Edition) {
		return nil, &FormatError{id, again.Program}
	}
	before, production, have, err := l.known(ctx, edition, state)
	if err != nil {
		return nil, err
	}
	if before != nil && before.Site == again.Site {
		return &Plan{Edition: edition, Unchanged: true, live: state}, nil
	}
	facts.Newest, facts.Packages, facts.Rules = again.Newest, again.Packages, again.Rules
	facts.Contents = again.Contents
	r := l.newRecord(edition, before, id, facts)
	r.Site, r.Files, r.Base = again.Site, again.Files, again.Base
	earlier := carry([]*Record{before, production}, r.Files, r.Time)
	earlier = slices.DeleteFunc(earlier, func(a Asset) bool { return !have.objects[a.Key] })
	var more map[string]string
	r.Assets, more = merge(again.Assets, earlier)
	tree := Tree{Root: again.Root, Nodes: again.Nodes}
	if len(more) > 0 {
		if tree, err = l.AddPaths(tree, more); err != nil {
			return nil, fmt.Errorf("add the assets of deploy %s to those of %s: %w", state.ID, id, err)
		}
	}
	r.Root, r.Nodes = tree.Root, tree.Nodes
	p := &Plan{Edition: edition, Record: r, Before: before, live: state, version: version}
	p.missing(have, nil)
	for key := range r.keys() {
		if have.objects[key] {
			p.Kept++
		} else {
			p.require = append(p.require, key)
		}
	}
	slices.Sort(p.require)
	return p, nil
}

// FormatError is the error of a rollback to a deploy whose nodes the function at the edge does not read.
type FormatError struct{ ID, Program string }

func (e *FormatError) Error() string {
	return fmt.Sprintf("deploy %s cannot return: it was made by %s for another version of the CloudFront function",
		e.ID, e.Program)
}

// paths returns the keys of files and assets by path.
func paths(files []File, assets []Asset) map[string]string {
	m := make(map[string]string, len(files)+len(assets))
	for _, a := range assets {
		m[a.Path] = a.Key
	}
	for _, f := range files {
		m[f.Path] = f.Key
	}
	return m
}

// hashOf returns the hash of a site for its State.
func (l *Live) hashOf(files []File, tree Tree, shared []Change) string {
	h := sha256.New()
	fmt.Fprintf(h, "%q\n", l.Place)
	for _, f := range files {
		fmt.Fprintf(h, "%q %s\n", f.Path, f.Key)
	}
	fmt.Fprintf(h, "%q\n", tree.Root)
	for _, key := range slices.Sorted(maps.Keys(tree.Nodes)) {
		fmt.Fprintf(h, "%q\n", key)
	}
	for _, c := range shared {
		fmt.Fprintf(h, "%q %q\n", c.Key, c.Value)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
