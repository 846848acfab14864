package edge

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"html"
	"io/fs"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/supply/source"
	"github.com/Slicer/sitegen/generator/supply/sources/girder"
	"github.com/Slicer/sitegen/generator/testutil"
)

// site is a built site, and what a fresh deploy of it consists of.
type site struct {
	name  string
	dir   string // site folder
	table *redirect.Table

	hash    string              // live.State.Site
	answers map[string]answer   // by request, all that visitors ask, without the assets
	links   map[string][]string // by request that a page answers: links to the same site, without the assets
	styles  map[string][]string // by request that a page answers: paths of its assets
	assets  map[string][]byte   // by path
	objects map[string]string   // in the bucket: ETag by key
	keys    map[string]string   // in the store, without the state
}

// answer is what visitors see of an answer.
type answer struct {
	Status                      int
	Location, MediaType, Caches string
	Sum                         [sha256.Size]byte // of the body
}

func (a answer) String() string {
	return fmt.Sprintf("%d %q %q %q %.4x", a.Status, a.Location, a.MediaType, a.Caches, a.Sum)
}

// newAnswer returns the answer of a response.
func newAnswer(res *http.Response, body string) answer {
	return answer{res.StatusCode, res.Header.Get("Location"), res.Header.Get("Content-Type"),
		res.Header.Get("Cache-Control"), sha256.Sum256([]byte(body))}
}

// listing returns the test catalogue "live", without the packages of its last nights.
func listing(t *testing.T, without int) []byte {
	t.Helper()
	var items []map[string]any
	if err := json.Unmarshal(testutil.Listing(t, "live"), &items); err != nil {
		t.Fatal(err)
	}
	revision := func(item map[string]any) string { return fmt.Sprint(item["meta"].(map[string]any)["revision"]) }
	var newest []string
	for _, p := range testutil.Packages(t, "live") {
		newest = append(newest, fmt.Sprint(p.Revision))
	}
	slices.Sort(newest)
	newest = slices.Compact(newest)
	gone := newest[len(newest)-without:]
	items = slices.DeleteFunc(items, func(item map[string]any) bool { return slices.Contains(gone, revision(item)) })
	data, err := json.Marshal(items)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// build writes the files of a site into a new folder and builds the site. The files are those of a site folder;
// listing.json is the catalogue.
func build(t *testing.T, dir, name string, files map[string]string) *site {
	t.Helper()
	s := &site{name: name, dir: filepath.Join(dir, name)}
	s.write(t, files)
	return s
}

// write writes files into the folder of a site and builds it. Files whose content is "" are deleted.
func (s *site) write(t *testing.T, files map[string]string) {
	t.Helper()
	for file, text := range files {
		place := filepath.Join(s.dir, file)
		if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
			t.Fatal(err)
		}
		if text == "" {
			if err := os.Remove(place); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(place, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p := (&cloud{t: t, env: os.Environ()}).run(s, "build", "--quiet", "--force")
	if p.code != 0 {
		t.Fatalf("build %s: exit code %d\n%s%s", s.name, p.code, &p.stdout, &p.stderr)
	}
	items, err := girder.DecodeListing(s.read(t, "listing.json"))
	if err != nil {
		t.Fatal(err)
	}
	published, _ := catalog.Publish(testutil.Scheme(t), girder.Spelling,
		girder.Records(items, source.Girder{App: testutil.App, API: testutil.API(t)}, nil))
	x := lookup.New(testutil.Spec(t), published)
	rules, err := redirect.Parse("rules.txt", string(s.read(t, "redirects/rules.txt")))
	if err != nil {
		t.Fatal(err)
	}
	s.table = &redirect.Table{Index: x, Rules: redirect.NewRules(append(rules, testutil.Inherited(t, x)...))}
}

// read reads a file of the site folder.
func (s *site) read(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// public returns the files to deploy, by path.
func (s *site) public(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	root := filepath.Join(s.dir, "public")
	err := filepath.WalkDir(root, func(place string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		file, err := filepath.Rel(root, place)
		if ext := path.Ext(file); err != nil || ext == ".gz" || ext == ".br" || strings.HasPrefix(file, "-/") ||
			strings.HasPrefix(file, ".") { // hidden
			return err
		}
		files[file], err = os.ReadFile(place)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// requestOf returns the request that a file of the site answers.
func requestOf(file string) string { return "/" + strings.TrimSuffix(file, "index.html") }

// fresh deploys each site to a cloud of its own and remembers its answers, objects and keys. It compares the answers
// with the index of the packages and with the files on disk, and checks that each page's links and assets exist. It
// asks each site for everything that is known of one of them.
func fresh(t *testing.T, sites ...*site) {
	t.Helper()
	clouds := make([]*cloud, len(sites))
	for i, s := range sites {
		if s.answers != nil {
			t.Fatalf("%s: its answers are known", s.name)
		}
		c := start(t)
		c.must(s, "deploy")
		clouds[i] = c
		s.hash = c.state(live.Production).Site
		s.objects, s.keys = c.objects("o/"), c.store.Keys()
		if base := c.record(recordKey(c.state(live.Production).ID)).Base; base != nil {
			delete(s.objects, base.Key) // later deploys may have another base
		}
		delete(s.keys, "deploy:"+live.Production)
		s.learn(t, c, host)
	}
	all := map[string]bool{}
	for _, s := range sites {
		for q := range s.answers {
			all[q] = true
		}
		for _, links := range s.links {
			for _, link := range links {
				all[link] = true
			}
		}
	}
	for i, s := range sites {
		for _, q := range slices.Sorted(maps.Keys(all)) {
			if _, known := s.answers[q]; !known {
				res, body := send(t, clouds[i].near.url, host, q)
				s.answers[q] = newAnswer(res, body)
			}
		}
		for q, links := range s.links {
			for _, link := range links {
				if a := s.answers[link]; a.Status >= 400 {
					t.Errorf("%s: %s links to %s, which answers %d", s.name, q, link, a.Status)
				}
			}
		}
		for q, styles := range s.styles {
			for _, style := range styles {
				if _, ok := s.assets[style]; !ok {
					t.Errorf("%s: %s needs %s, which is not in the site", s.name, q, style)
				}
			}
		}
	}
}

// learn asks the near edge location of a cloud, on which the site is live, for all golden requests and files of the site,
// and remembers the answers. It compares them with the index of the packages and with the files on disk. It returns the
// number of requests.
func (s *site) learn(t *testing.T, c *cloud, host string) int {
	t.Helper()
	s.answers, s.links, s.styles = map[string]answer{}, map[string][]string{}, map[string][]string{}
	s.assets = map[string][]byte{}
	for _, g := range s.goldens(t) {
		s.know(t, c, host, g)
	}
	for file, data := range s.public(t) {
		q := requestOf(file)
		if strings.HasPrefix(file, "assets/") {
			s.assets[q] = data
		}
		if body := s.know(t, c, host, testutil.Golden{Q: q, Status: 200}); body != string(data) {
			t.Errorf("%s: %s differs from the file on disk", s.name, q)
		}
	}
	n := len(s.answers)
	for asset := range s.assets { // visitors ask for them only after they have seen a page that needs them
		delete(s.answers, asset)
	}
	return n
}

// know asks for a request, compares the answer with a golden one and remembers it.
func (s *site) know(t *testing.T, c *cloud, host string, g testutil.Golden) (body string) {
	t.Helper()
	res, body := send(t, c.near.url, host, g.Q)
	if g.Status != 0 {
		if diff := compare(g, res, body); diff != "" {
			t.Errorf("%s: %s: %s", s.name, g.Q, diff)
		}
	}
	s.answers[g.Q] = newAnswer(res, body)
	if !strings.HasPrefix(res.Header.Get("Content-Type"), "text/html") || res.StatusCode != 200 {
		return body
	}
	for _, link := range linksOf(g.Q, body) {
		if strings.HasPrefix(link, "/assets/") {
			s.styles[g.Q] = append(s.styles[g.Q], link)
		} else {
			s.links[g.Q] = append(s.links[g.Q], link)
		}
	}
	return body
}

// client does not follow redirects.
var client = testutil.Client()

// send sends a GET request and returns the response and its body.
func send(t *testing.T, base, host, q string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", base+q, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	return testutil.Send(t, client, req)
}

// goldens returns the expected answers of the requests in the files of golden answers, for the packages of the site.
func (s *site) goldens(t *testing.T) (list []testutil.Golden) {
	t.Helper()
	for _, file := range []string{"golden.jsonl", "golden-objects.jsonl"} {
		for _, g := range testutil.Goldens(t, file) {
			list = append(list, s.golden(g.Q))
		}
	}
	return list
}

// golden returns the expected answer of a request, according to the index of the packages.
func (s *site) golden(q string) testutil.Golden {
	p, query, _ := strings.Cut(q, "?")
	if decoded, err := url.PathUnescape(p); err == nil {
		p = decoded
	}
	a := s.table.Answer(p, query)
	g := testutil.Golden{Q: q, Status: a.Status, Location: a.Location}
	switch {
	case a.API.Kind == lookup.Page:
		g.Links = []string{}
		for _, cell := range a.API.Cells {
			if cell.Package != nil {
				g.Links = append(g.Links, cell.Package.ID)
			}
		}
	case a.API.Kind == lookup.Objects:
		g.JSON = lookup.ObjectsJSON(s.table.Index.Spec(), a.API.Cells)
	case a.File != "" && a.API.Package != nil:
		g.ID = a.API.Package.ID
	}
	return g
}

// compare compares a response with a golden answer. It returns "" if they are the same.
func compare(g testutil.Golden, res *http.Response, body string) string {
	if at := res.Header.Get("Location"); res.StatusCode != g.Status || at != g.Location {
		return fmt.Sprintf("status %d to %q, want %d to %q", res.StatusCode, at, g.Status, g.Location)
	}
	switch {
	case g.JSON != nil && !sameJSON(g.JSON, []byte(body)):
		return fmt.Sprintf("got %s, want %s", body, g.JSON)
	case g.ID != "" && !strings.Contains(body, `"/bitstream/`+g.ID+`"`):
		return fmt.Sprintf("got %s, want the package %s", body, g.ID)
	case g.Links != nil && !slices.Equal(testutil.PageIDs(body), g.Links):
		return fmt.Sprintf("links to %q, want %q", testutil.PageIDs(body), g.Links)
	}
	return ""
}

// sameJSON reports whether two JSON texts have the same value.
func sameJSON(a, b []byte) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	p, _ := json.Marshal(x)
	q, _ := json.Marshal(y)
	return bytes.Equal(p, q)
}

var linkRE = regexp.MustCompile(`(?:src|href)=(?:"([^"]*)"|([^\s">]+))`)

// linksOf returns the requests on the same site to which a page links, in their order. Links to the page itself are left
// out.
func linksOf(q, page string) (links []string) {
	base, err := url.Parse("https://" + host + q)
	if err != nil {
		return nil
	}
	for _, m := range linkRE.FindAllStringSubmatch(page, -1) {
		to, err := base.Parse(html.UnescapeString(m[1] + m[2]))
		if err != nil || to.Host != host || !strings.HasPrefix(to.Scheme, "http") {
			continue
		}
		to.Fragment = ""
		if link := to.RequestURI(); link != base.RequestURI() && !slices.Contains(links, link) {
			links = append(links, link)
		}
	}
	return links
}

// objects returns the ETags of the objects whose keys have a prefix, by key.
func (c *cloud) objects(prefix string) map[string]string {
	c.t.Helper()
	all := map[string]string{}
	pages := s3.NewListObjectsV2Paginator(c.Client,
		&s3.ListObjectsV2Input{Bucket: aws.String(bucketName), Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(c.t.Context())
		if err != nil {
			c.t.Fatal(err)
		}
		for _, o := range page.Contents {
			all[aws.ToString(o.Key)] = aws.ToString(o.ETag)
		}
	}
	return all
}

// check asks an edition for everything and compares the answers with those of a fresh deploy of a site. It returns the
// number of requests.
func (c *cloud) check(s *site, host string) int {
	c.t.Helper()
	wrong := 0
	for q, want := range s.answers {
		res, body := send(c.t, c.near.url, host, q)
		if got := newAnswer(res, body); got != want {
			if wrong++; wrong <= 5 {
				c.t.Errorf("%s: %s: %v, want %v", s.name, q, got, want)
			}
		}
	}
	for asset, want := range s.assets {
		if res, body := send(c.t, c.near.url, host, asset); res.StatusCode != 200 || body != string(want) {
			c.t.Errorf("%s: %s: status %d, or the content differs", s.name, asset, res.StatusCode)
		}
	}
	if wrong > 5 {
		c.t.Errorf("%s: %d wrong answers", s.name, wrong)
	}
	return len(s.answers) + len(s.assets)
}
