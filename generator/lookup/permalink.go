package lookup

import (
	"fmt"
	"net/url"
	"regexp"

	"github.com/Slicer/sitegen/generator/catalog"
)

// permalinkRE has the groups: 1 OS and 2 nightly of /latest/win/nightly; 3 version and 4 OS of
// /releases/5.12/win; 5 revision and 6 OS of /revision/34645/win; 7 the suffix .json.
var permalinkRE = regexp.MustCompile(`^/(?:latest/(win|macosx|linux)(?:/(nightly))?` +
	`|releases/([0-9A-Za-z][0-9A-Za-z._-]*)/(win|macosx|linux)` +
	`|revision/([0-9]+)/(win|macosx|linux))(\.json)?\z`)

// Permalink translates a path that needs no query string into the request that it stands for: /download,
// or /find for a path that ends in .json. ok is false for other paths. There need not be such a package.
func Permalink(path string) (route Route, rawQuery string, ok bool) {
	m := permalinkRE.FindStringSubmatch(path)
	if m == nil {
		return "", "", false
	}
	route = Download
	if m[7] != "" {
		route = Find
	}
	v := url.Values{"os": {m[1] + m[4] + m[6]}}
	for name, value := range map[string]string{"stability": m[2], string(Version): m[3], string(Revision): m[5]} {
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
