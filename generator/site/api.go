package site

import (
	"bytes"
	"encoding/json"
	"time"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/output"
)

// The types below define the JSON files for programs, /api/v1/releases.json and /api/v1/latest.json. keys.go describes
// their keys, which are a contract: under /api/v1/, keys may be added, but never removed or changed in meaning.

// apiReleases is the content of releases.json.
type apiReleases struct {
	apiHead
	Releases []apiRelease `json:"releases"` // newest first
}

// apiLatest is the content of latest.json: the newest package by operating system and architecture. A platform without
// packages has no key.
type apiLatest struct {
	apiHead
	Release apiPlatforms `json:"release"`
	Nightly apiPlatforms `json:"nightly"`
}

type apiPlatforms map[catalog.OS]map[catalog.Arch]apiPackage

// apiHead holds the keys at the start of both files.
type apiHead struct {
	APIVersion int    `json:"api_version"` // 1
	SiteURL    string `json:"site_url"`
	Sample     bool   `json:"sample"` // whether the packages come from the embedded sample catalogue
}

type apiRelease struct {
	Version      string       `json:"version"`
	Revision     int          `json:"revision"`
	Date         string       `json:"date"` // YYYY-MM-DD
	Newest       bool         `json:"newest"`
	SupersededBy *string      `json:"superseded_by"` // the version that replaces it
	URL          string       `json:"url"`
	NotesURL     *string      `json:"notes_url"`
	ChecksumsURL *string      `json:"checksums_url"`
	Packages     []apiPackage `json:"packages"`
}

type apiPackage struct {
	ID          string            `json:"id"`
	Product     string            `json:"product"`
	Version     *string           `json:"version"`
	Revision    int               `json:"revision"`
	Stability   catalog.Stability `json:"stability"` // release or nightly
	OS          catalog.OS        `json:"os"`
	Arch        catalog.Arch      `json:"arch"`
	BuildDate   string            `json:"build_date"` // RFC 3339, UTC, whole seconds
	Size        int64             `json:"size"`       // bytes
	SHA256      *string           `json:"sha256,omitempty"`
	SHA512      *string           `json:"sha512"`
	FileName    *string           `json:"filename"`
	DownloadURL string            `json:"download_url"`
	RecordURL   string            `json:"record_url"`
	Signature   *string           `json:"signature_url,omitempty"`
	SBOM        *string           `json:"sbom_url,omitempty"`

	links []Link // the profile's links, written after the other keys as "<name>_url"
}

// MarshalJSON adds the links of the profile: a link named extensions is written with the key extensions_url.
func (p apiPackage) MarshalJSON() ([]byte, error) {
	type plain apiPackage // has no MarshalJSON, which would call itself
	b, err := json.Marshal(plain(p))
	if err != nil {
		return nil, err
	}
	for _, l := range p.links {
		if l.URL == "" {
			continue
		}
		pair, err := json.Marshal(map[string]string{l.Name + "_url": l.URL})
		if err != nil {
			return nil, err
		}
		b = append(append(b[:len(b)-1], ','), pair[1:]...)
	}
	return b, nil
}

// URLs of the JSON files.
const (
	releasesJSONURL = "/api/v1/releases.json"
	latestJSONURL   = "/api/v1/latest.json"
)

// addAPI adds the JSON files: the two documents above and, for the old API, the templates of /findall.
func addAPI(b *Build, releases []*Release) {
	b.AddFile(output.Pages, releasesJSONURL[1:], encodeJSON(releasesJSON(b, releases)))
	b.AddFile(output.Pages, latestJSONURL[1:], encodeJSON(latestJSON(b)))
	b.AddFile(output.Records, "-/null.json", []byte("null\n"))
	for _, v := range variants(b.Index.Spec()) {
		b.AddFile(output.Records, "-/findall/"+v.name()+".json", findAllJSON(v))
	}
}

// records returns one file per package with its record of the old API, which is the complete answer of /find.
func records(x *lookup.Index) []output.File {
	files := make([]output.File, len(x.Packages()))
	for i, p := range x.Packages() {
		files[i] = output.File{Root: output.Public, Group: output.Records, Path: recordPath(p.ID),
			Data: append(lookup.ObjectJSON(x.Spec(), p), '\n')}
	}
	return files
}

// recordPath returns the file of a package's record below public/.
func recordPath(id string) string { return "api/v1/packages/" + id + ".json" }

func releasesJSON(b *Build, releases []*Release) apiReleases {
	doc := apiReleases{apiHead: head(b), Releases: make([]apiRelease, len(releases))}
	for n, r := range releases {
		doc.Releases[n] = apiRelease{
			Version: r.Version, Revision: r.Revision, Date: r.Built.Format(time.DateOnly), Newest: r.Newest,
			SupersededBy: orNull(r.SupersededBy), URL: b.AbsURL(r.URL()), Packages: make([]apiPackage, len(r.Items)),
		}
		if r.Notes {
			doc.Releases[n].NotesURL = orNull(b.AbsURL(r.URL() + "#notes"))
		}
		if r.HasSums() {
			doc.Releases[n].ChecksumsURL = orNull(b.AbsURL(r.SumsURL()))
		}
		for m, i := range r.Items {
			doc.Releases[n].Packages[m] = packageJSON(b, i)
		}
	}
	return doc
}

func latestJSON(b *Build) apiLatest {
	return apiLatest{apiHead: head(b), Release: newestOf(b, catalog.Release), Nightly: newestOf(b, catalog.Nightly)}
}

func newestOf(b *Build, s catalog.Stability) apiPlatforms {
	all := apiPlatforms{}
	for _, pf := range b.Index.Platforms() {
		newest := b.Index.Table(pf, s).Newest
		if newest == nil {
			continue
		}
		if all[pf.OS] == nil {
			all[pf.OS] = map[catalog.Arch]apiPackage{}
		}
		all[pf.OS][pf.Arch] = packageJSON(b, Item{newest, b.Index.Spec()})
	}
	return all
}

func packageJSON(b *Build, i Item) apiPackage {
	return apiPackage{
		ID: i.ID, Product: i.ProductName, Version: orNull(i.Version), Revision: i.Revision, Stability: i.Stability(),
		OS: i.OS, Arch: i.Arch, BuildDate: i.Built.Format(time.RFC3339), Size: i.Size,
		SHA256: orNull(i.SHA256), SHA512: orNull(i.SHA512), FileName: orNull(i.FileName()),
		DownloadURL: b.AbsURL(lookup.Location(i.Package)), RecordURL: b.AbsURL("/" + recordPath(i.ID)),
		Signature: orNull(i.Signature), SBOM: orNull(i.SBOM), links: i.Links(),
	}
}

func head(b *Build) apiHead {
	return apiHead{APIVersion: 1, SiteURL: b.AbsURL("/"), Sample: b.Site.Sample}
}

// encodeJSON writes a document in compact JSON followed by a line feed.
func encodeJSON(v any) []byte {
	var buf bytes.Buffer
	if err := json.NewEncoder(&buf).Encode(v); err != nil {
		panic(err) // impossible: the documents consist of strings, numbers, booleans and maps of them
	}
	return buf.Bytes()
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
