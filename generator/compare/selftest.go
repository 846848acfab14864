package compare

import (
	"bytes"
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/parallel"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/redirect/servers"
	"github.com/Slicer/sitegen/generator/replay"
	"github.com/Slicer/sitegen/generator/supply"
)

// Question is a request to a site, and the answer that it must have. Of an answer with none of the optional fields,
// only the status counts.
type Question struct {
	Q        string          `json:"q"` // path and query
	Status   int             `json:"status"`
	Location string          `json:"location,omitempty"` // anyLocation: any
	JSON     json.RawMessage `json:"json,omitempty"`     // the keys that an answer must have; it may have more
	Links    []string        `json:"links,omitempty"`    // the links to packages of a page, in order
}

// anyLocation is the Location of a question whose answer redirects to a place that is not known.
const anyLocation = "*"

// golden holds the questions for the sample that is built into the program, one per line. They were recorded.
//
//go:embed golden.jsonl
var golden []byte

// TestOptions are the inputs of a self-test besides its project.
type TestOptions struct {
	Address  string // of the site
	As       string // name of the server in the configuration, whose known limits are no failures; "" for none
	Parallel int
	Server   replay.Options
}

// SelfTest asks a running site questions whose answers are known: those recorded for the sample, or else questions made
// from the packages of the last build here, or else from the JSON that the site publishes itself.
func SelfTest(ctx context.Context, p *project.Project, o TestOptions) (*TestReport, error) {
	c, err := newComparison(Options{
		Old: o.Address, New: o.Address, Connect: [2]string{o.Server.Connect, o.Server.Connect}, Server: o.Server,
		Parallel: o.Parallel, Hosts: []string{hostOf(p.Config.BaseURL)}, HTML: PagesDownloads,
	}, [2]string{"the address", "the address"})
	if err != nil {
		return nil, err
	}
	if err := c.reach(ctx); err != nil {
		return nil, err
	}
	begin := p.Now()
	r := &TestReport{Server: c.servers[newServer].String(), Failures: []Failure{}, Declared: []Declared{}}
	questions, table, err := c.questions(ctx, p, r)
	if err != nil {
		return nil, err
	}
	declared, err := limitsOf(o.As, table)
	if err != nil {
		return nil, err
	}
	task := p.Terminal.Start("asking", int64(len(questions)), "questions")
	defer task.End()
	outcomes := make([]outcome, len(questions))
	err = parallel.For(ctx, o.Parallel, len(questions), func(i int) (err error) {
		defer task.Add(1)
		outcomes[i], err = c.question(ctx, questions[i])
		return err
	})
	if err != nil {
		return nil, err
	}
	for i, out := range outcomes {
		r.add(questions[i], out, declared)
	}
	r.Seconds = p.Now().Sub(begin).Seconds()
	return r, nil
}

// questions returns the questions for a site, and the table that answers them, nil if it is not known.
func (c *comparison) questions(ctx context.Context, p *project.Project, r *TestReport) (
	[]Question, *redirect.Table, error,
) {
	cat, err := supply.Stored(ctx, p)
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return nil, nil, err
	case err == nil && len(cat.Packages) > 0:
		table := &redirect.Table{Index: cat.Index(p)}
		r.From = cat.Label(p)
		if cat.Run.IsSample() && p.Profile.BuiltIn {
			r.From = "the questions recorded for the sample"
			list, err := parseGolden(golden)
			return list, table, err
		}
		return Questions(table.Index), table, nil
	}
	var site published
	if err := c.fetch(ctx, latestPath, &site); err != nil {
		return nil, nil, err
	}
	if site.Sample && p.Profile.BuiltIn {
		r.From = "the questions recorded for the sample"
		list, err := parseGolden(golden)
		return list, nil, err
	}
	r.From = "the packages in " + latestPath + " and " + releasesPath + " of the site itself"
	if err := c.fetch(ctx, releasesPath, &site); err != nil {
		return nil, nil, err
	}
	return site.questions(), nil, nil
}

// parseGolden parses recorded questions.
func parseGolden(lines []byte) (list []Question, err error) {
	for line := range bytes.Lines(lines) {
		var q Question
		if err := json.Unmarshal(line, &q); err != nil {
			return nil, fmt.Errorf("read the recorded questions: %w", err)
		}
		list = append(list, q)
	}
	return list, nil
}

// Numbers of questions made from packages.
const (
	randomQuestions = 150
	packageCount    = 20
)

// Questions makes questions from packages: for the home page, the permalinks that move, such as /latest/win, the newest
// packages, and random requests to the download API, valid and invalid ones.
func Questions(x *lookup.Index) []Question {
	table := &redirect.Table{Index: x}
	l := requests{seen: map[string]bool{}}
	for _, route := range lookup.Routes() {
		l.add(string(route))
	}
	for _, link := range redirect.Links(x) {
		if link.Moves {
			l.add(link.Path)
			l.add(link.Path + lookup.RecordSuffix)
		}
	}
	for _, p := range x.Packages()[:min(packageCount, len(x.Packages()))] {
		l.add(lookup.BitstreamPrefix + p.ID)
	}
	if len(x.Packages()) > 0 {
		for target := range x.RandomRequests(seed, randomQuestions) {
			l.add(target)
		}
	}
	var list []Question
	for _, r := range l.all {
		list = append(list, QuestionOf(table, r.Target))
	}
	return list
}

// QuestionOf returns the question for a target, with the answer of a table.
func QuestionOf(t *redirect.Table, target string) Question {
	path, query, _ := strings.Cut(target, "?")
	a := t.Answer(path, query)
	q := Question{Q: target, Status: a.Status, Location: a.Location}
	switch spec := t.Index.Spec(); a.API.Kind {
	case lookup.Object:
		q.JSON = lookup.ObjectJSON(spec, a.API.Package)
	case lookup.Objects:
		q.JSON = lookup.ObjectsJSON(spec, a.API.Cells)
	case lookup.Page:
		q.Links = []string{}
		for _, cell := range a.API.Cells {
			if cell.Package != nil {
				q.Links = append(q.Links, lookup.Location(cell.Package))
			}
		}
	}
	return q
}

// The files that a site publishes for programs.
const (
	latestPath   = "/api/v1/latest.json"
	releasesPath = "/api/v1/releases.json"
)

// published is what both files contain, as far as questions can be made from it.
type published struct {
	Sample   bool                                             `json:"sample"`
	Release  map[catalog.OS]map[catalog.Arch]publishedPackage `json:"release"`
	Nightly  map[catalog.OS]map[catalog.Arch]publishedPackage `json:"nightly"`
	Releases []struct{ Packages []publishedPackage }          `json:"releases"`
}

type publishedPackage struct {
	ID     string       `json:"id"`
	OS     catalog.OS   `json:"os"`
	Arch   catalog.Arch `json:"arch"`
	Size   int64        `json:"size"`
	SHA512 *string      `json:"sha512"`
}

// fetch reads a JSON file of the site.
func (c *comparison) fetch(ctx context.Context, path string, into any) error {
	reply, err := c.servers[newServer].Ask(ctx, replay.Request{Method: http.MethodGet, Target: path})
	switch {
	case err != nil && ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		return c.unreachable(newServer, replay.Reason(err))
	case reply.Status != http.StatusOK:
		err = fmt.Errorf("%s%s: status %d", c.servers[newServer], path, reply.Status)
	default:
		if err = json.Unmarshal(reply.Body, into); err != nil {
			err = fmt.Errorf("%s%s: %w", c.servers[newServer], path, err)
		}
	}
	return fault.Wrap(fault.Differences, err,
		"Check that the address is that of a site of sitegen, or run the command in the folder of the site.")
}

// questions makes questions from what a site publishes.
func (s *published) questions() []Question {
	list := []Question{{Q: "/", Status: 200}, {Q: "/find", Status: 400}, {Q: "/findall", Status: 200},
		{Q: lookup.BitstreamPrefix + "0", Status: 404}}
	seen := map[string]bool{}
	add := func(p publishedPackage) {
		if seen[p.ID] {
			return
		}
		seen[p.ID] = true
		record, err := json.Marshal(map[string]any{"download_url": lookup.BitstreamPrefix + p.ID, "os": p.OS,
			"arch": p.Arch, "size": p.Size, "sha512": p.SHA512})
		if err != nil {
			return // impossible for text and numbers
		}
		list = append(list, Question{Q: lookup.BitstreamPrefix + p.ID, Status: 302, Location: anyLocation},
			Question{Q: redirect.RecordPath(&catalog.Package{ID: p.ID}), Status: 200, JSON: record})
	}
	for _, stability := range []struct {
		name      catalog.Stability
		platforms map[catalog.OS]map[catalog.Arch]publishedPackage
	}{{catalog.Release, s.Release}, {catalog.Nightly, s.Nightly}} {
		for os, arches := range stability.platforms {
			for arch, p := range arches {
				list = append(list, Question{
					Q:      fmt.Sprintf("%s?os=%s&arch=%s&stability=%s", lookup.Download, os, arch, stability.name),
					Status: 302, Location: lookup.BitstreamPrefix + p.ID})
				add(p)
			}
		}
	}
	for _, r := range s.Releases {
		for _, p := range r.Packages {
			add(p)
		}
	}
	slices.SortStableFunc(list, func(a, b Question) int { return cmp.Compare(a.Q, b.Q) })
	return list
}

// outcome is what a server answered to a question.
type outcome struct {
	reply       *replay.Reply
	differences []Difference
}

// question asks a question. The differences lead from the expected answer to the one received.
func (c *comparison) question(ctx context.Context, q Question) (outcome, error) {
	reply, err := c.servers[newServer].Ask(ctx, replay.Request{Method: http.MethodGet, Target: q.Q})
	if err != nil {
		reason := replay.Reason(err)
		if ctx.Err() != nil {
			return outcome{}, ctx.Err()
		}
		if c.silent[newServer].Add(1) == maxSilent {
			return outcome{}, c.unreachable(newServer, reason)
		}
		return outcome{differences: []Difference{{Kind: Unanswered, Old: fmt.Sprint(q.Status), New: reason}}}, nil
	}
	c.silent[newServer].Store(0)
	want := &replay.Reply{Status: q.Status, Header: http.Header{}}
	got := &replay.Reply{Status: reply.Status, Header: http.Header{}}
	switch location := reply.Header.Get("Location"); {
	case q.Location == anyLocation && location != "":
	case q.Location != "" || location != "":
		want.Header.Set("Location", strings.TrimSuffix(q.Location, anyLocation))
		got.Header.Set("Location", location)
	}
	switch {
	case q.JSON != nil:
		want.Header.Set("Content-Type", "application/json")
		got.Header.Set("Content-Type", mediaType(reply))
		want.Body, got.Body = q.JSON, reply.Body
	case q.Links != nil:
		for _, r := range []*replay.Reply{want, got} {
			r.Header.Set("Content-Type", "text/html")
		}
		for _, link := range q.Links {
			want.Body = append(want.Body, "<a href="+link+">"...)
		}
		got.Body = reply.Body
	}
	var list []Difference
	for _, d := range c.differ.compare(http.MethodGet, want, got) {
		if d.Kind != JSON || d.Old != nothing { // a key may be added
			list = append(list, d)
		}
	}
	return outcome{reply, list}, nil
}

// limits finds out whether a server is known to answer a request differently. It returns "" if it is not.
type limits func(q Question, got *replay.Reply) string

// limitsOf returns the known limits of a server.
func limitsOf(name string, table *redirect.Table) (limits, error) {
	if name == "" {
		return func(Question, *replay.Reply) string { return "" }, nil
	}
	server, err := servers.Find(name)
	if err != nil {
		return nil, err
	}
	if table == nil {
		return nil, fault.Wrap(fault.Usage,
			fmt.Errorf("the limits of %s are known only for the packages of a build", name),
			"Run the command in the folder of the site.")
	}
	compiled := server.Compile(table)
	return func(q Question, got *replay.Reply) string {
		if got == nil {
			return ""
		}
		path, query, _ := strings.Cut(q.Q, "?")
		path = redirect.CleanPath(path)
		reply := emulate.Reply{Status: got.Status, Header: got.Header, Body: got.Body}
		return compiled.Reason(path, table.Answer(path, query), reply)
	}, nil
}
