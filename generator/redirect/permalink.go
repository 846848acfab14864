package redirect

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// PermalinkExpr is the regular expression of the permalinks, the same in Go, PCRE and JavaScript, with no
// anchor at its end. Its groups: 1 OS and 2 nightly of /latest/win/nightly; 3 version and 4 OS of
// /releases/5.12/win; 5 revision and 6 OS of /revision/34645/win; 7 the suffix .json.
const PermalinkExpr = `^/(?:latest/(win|macosx|linux)(?:/(nightly))?` +
	`|releases/([0-9A-Za-z][0-9A-Za-z._-]*)/(win|macosx|linux)` +
	`|revision/([0-9]+)/(win|macosx|linux))(\.json)?`

var permalinkRE = regexp.MustCompile(PermalinkExpr + `\z`)

// Permalink translates a path that needs no query string into the request that it stands for: /download,
// or /find for a path that ends in .json. ok is false for other paths. There need not be such a package.
func Permalink(path string) (route lookup.Route, rawQuery string, ok bool) {
	m := permalinkRE.FindStringSubmatch(path)
	if m == nil {
		return "", "", false
	}
	route = lookup.Download
	if m[7] != "" {
		route = lookup.Find
	}
	v := url.Values{"os": {m[1] + m[4] + m[6]}}
	for name, value := range map[string]string{"stability": m[2], string(lookup.Version): m[3], string(lookup.Revision): m[5]} {
		if value != "" {
			v.Set(name, value)
		}
	}
	return route, v.Encode(), true
}

// LatestPath is the permalink of the newest release or nightly build for an operating system.
func LatestPath(o catalog.OS, s catalog.Stability) string {
	if s == catalog.Nightly {
		return fmt.Sprintf("/latest/%s/nightly", o)
	}
	return fmt.Sprintf("/latest/%s", o)
}

// VersionPath is the permalink of the newest release of a version or its beginning (5.12).
func VersionPath(version string, o catalog.OS) string {
	return fmt.Sprintf("/releases/%s/%s", version, o)
}

// RevisionPath is the permalink of the newest build of a revision.
func RevisionPath(revision int, o catalog.OS) string {
	return fmt.Sprintf("/revision/%d/%s", revision, o)
}

// RecordPath is the static file that holds the answer of /find for a package.
func RecordPath(p *catalog.Package) string { return "/api/v1/packages/" + p.ID + ".json" }

// Link is a permalink that leads to a package.
type Link struct {
	Path    string // without .json
	Package *catalog.Package
	Moves   bool // it will lead to another package one day: what is newest
}

// Links lists the permalinks of a catalogue: those that move first, then by path.
func Links(x *lookup.Index) []Link {
	var links []Link
	for _, o := range catalog.OSes() {
		pf := catalog.Platform{Arch: catalog.AMD64, OS: o}
		for _, s := range []catalog.Stability{catalog.Release, catalog.Nightly} {
			if t := x.Table(pf, s); t != nil && t.Newest != nil {
				links = append(links, Link{LatestPath(o, s), t.Newest, true})
			}
		}
		if t := x.Table(pf, catalog.Release); t != nil {
			for _, v := range slices.Sorted(maps.Keys(t.Versions)) {
				p := t.Versions[v]
				if path := VersionPath(v, o); permalinkRE.MatchString(path) {
					links = append(links, Link{path, p, p.Version != v})
				}
			}
		}
		for _, p := range x.Heads(pf) {
			links = append(links, Link{RevisionPath(p.Revision, o), p, false})
		}
	}
	slices.SortStableFunc(links, func(a, b Link) int {
		if a.Moves != b.Moves {
			return strings.Compare(strconv.FormatBool(b.Moves), strconv.FormatBool(a.Moves))
		}
		return strings.Compare(a.Path, b.Path)
	})
	return links
}
