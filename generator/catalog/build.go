package catalog

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of what can be published. They are the widest that every target can carry.
const (
	// MaxRevision is the highest revision that Nginx's geo ranges can hold: pairs of decimal digits in
	// the first three octets of an address (see redirect/nginx).
	MaxRevision = 2_539_999
	// MaxVersionLength bounds release names and versions, which become path segments and map keys.
	MaxVersionLength = 40
	// MaxNameLength bounds the free text that pages show (bytes).
	MaxNameLength = 200
	// MaxDateLength bounds the build date, which is published as it was given (bytes). Python's isoformat
	// has 32.
	MaxDateLength = 40
	// MaxSize is the largest integer that every JSON reader keeps exact (bytes).
	MaxSize = 1<<53 - 1
	// emptyUpload is the size of the empty zip that Girder serves for an upload that died (bytes).
	emptyUpload = 22
	// firstYear and lastYear are the years that the date tables can hold.
	firstYear, lastYear = 2000, 2099
)

// Record is what a source says about one item, before any of it is believed.
type Record struct {
	ID, Name, Created                   string
	Size                                int64 // bytes
	AppID, BaseName, OS, Arch, Revision string
	Version, Release, BuildDate, SHA512 string
	PreRelease                          string // as the source spells the boolean; "" when absent
}

// Held is a record that is not published, and why.
type Held struct {
	ID, Name string // as the source gave them; escape before showing
	Field    string // the field of the record that is to blame, in Girder's spelling
	Value    string // what it held
	Reason   string // a phrase that completes "held back: "
}

// String describes the record for a report, safe to print on a terminal.
func (h Held) String() string {
	return fmt.Sprintf("%.80q (%.80q): %s: %s (found %.80q)", h.Name, h.ID, h.Field, h.Reason, h.Value)
}

// Publish splits records into the packages to publish, newest first, and those held back. Only records of
// the app appID are published. Of two records with one id the first is kept.
func Publish(appID string, records []Record) (published []*Package, held []Held) {
	seen := make(map[string]bool, len(records))
	for i := range records {
		p, h := build(appID, &records[i])
		if h == nil && seen[p.ID] {
			h = &Held{Field: "_id", Value: p.ID, Reason: "listed twice"}
		}
		if h != nil {
			h.ID, h.Name = records[i].ID, records[i].Name
			held = append(held, *h)
			continue
		}
		seen[p.ID] = true
		published = append(published, p)
	}
	slices.SortFunc(published, Compare)
	slices.SortStableFunc(held, func(a, b Held) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Name, b.Name))
	})
	return published, held
}

// build checks one record. Its order is the order of the contract: what is foreign or unfinished is said
// to be so, whatever else may be wrong with it.
func build(appID string, r *Record) (*Package, *Held) {
	hold := func(field, value, reason string) (*Package, *Held) {
		return nil, &Held{Field: field, Value: value, Reason: reason}
	}
	if r.AppID != appID {
		return hold("meta.app_id", r.AppID, "belongs to another application")
	}
	if !isDecimal(r.Revision) {
		return hold("meta.revision", r.Revision, "not a decimal number")
	}
	revision, err := strconv.Atoi(r.Revision)
	if err != nil || revision > MaxRevision {
		return hold("meta.revision", r.Revision, fmt.Sprintf("higher than %d, the highest that can be published", MaxRevision))
	}
	if r.Size <= emptyUpload {
		reason := "upload not finished"
		if r.Size == emptyUpload {
			reason = "upload died: an empty zip"
		}
		return hold("size", strconv.FormatInt(r.Size, 10), reason)
	}
	if r.Size > MaxSize {
		return hold("size", strconv.FormatInt(r.Size, 10), "larger than any file")
	}
	if !idRE.MatchString(r.ID) {
		return hold("_id", r.ID, "not 24 lower-case hex digits")
	}
	if !slices.Contains(OSes(), OS(r.OS)) {
		return hold("meta.os", r.OS, "not one of win, macosx, linux")
	}
	if !slices.Contains(Arches(), Arch(r.Arch)) {
		return hold("meta.arch", r.Arch, "not one of amd64, arm64, i386")
	}
	if r.Release != "" && !validVersion(r.Release) {
		return hold("meta.release", r.Release, "not a plain release name (letters, digits, . _ -)")
	}
	if r.SHA512 != "" && !sha512RE.MatchString(r.SHA512) {
		return hold("meta.sha512", r.SHA512, "not 128 hex digits")
	}
	for _, f := range []struct{ field, value string }{{"name", r.Name}, {"meta.baseName", r.BaseName}} {
		if !plainText(f.value) {
			return hold(f.field, f.value, "empty, too long or with characters that do not print")
		}
	}
	// The oldest items have no build date: the plugin's own default for it is the time of creation.
	buildDate := cmp.Or(r.BuildDate, r.Created)
	built, ok := ParseBuildDate(buildDate)
	if !ok {
		return hold("meta.build_date", buildDate, fmt.Sprintf("not a date and time in %d to %d", firstYear, lastYear))
	}
	version, unversioned := VersionOf(r.Release, r.Version), ""
	if version == "" && plainText(r.Version) {
		unversioned = r.Version
	}
	return &Package{
		ID: r.ID, Name: r.Name, ProductName: r.BaseName,
		OS: OS(r.OS), Arch: Arch(r.Arch), Revision: revision,
		Version: version, Unversioned: unversioned, Release: r.Release, PreRelease: isTrue(r.PreRelease),
		BuildDate: buildDate, Built: built, Size: r.Size, SHA512: strings.ToLower(r.SHA512),
	}, nil
}

var (
	idRE     = regexp.MustCompile(`^[0-9a-f]{24}$`)
	sha512RE = regexp.MustCompile(`^[0-9A-Fa-f]{128}$`)
	wordRE   = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]*$`)
	datedRE  = regexp.MustCompile(`^(.+?)-\d{4}-\d{2}-\d{2}`)
	plainRE  = regexp.MustCompile(`^\d+\.\d+\.\d+$`)
)

// VersionOf is the version of a package: its release name; else the part of meta.version before the date;
// else meta.version when it is plainly X.Y.Z; else "".
func VersionOf(release, version string) string {
	if release != "" {
		return release
	}
	if m := datedRE.FindStringSubmatch(version); m != nil {
		version = m[1]
	} else if !plainRE.MatchString(version) {
		return ""
	}
	if !validVersion(version) {
		return ""
	}
	return version
}

// validVersion reports whether v can stand in a path, a map key and a file name, and be a folder beside
// the index of all releases: no separators, no "..", no index.html.
func validVersion(v string) bool {
	return len(v) <= MaxVersionLength && wordRE.MatchString(v) &&
		!strings.Contains(v, "..") && !strings.HasPrefix(strings.ToLower(v), "index.")
}

func isDecimal(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// isTrue reads a boolean as the old server did.
func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "true", "on", "1", "yes":
		return true
	}
	return false
}

// plainText reports whether s is a line of text that shows as what it is: no control characters or line
// separators, and none of the marks that hide or reorder letters (zero width, bidirectional overrides).
func plainText(s string) bool {
	if s == "" || len(s) > MaxNameLength {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError })
}

// dateLayouts are the spellings of meta.build_date that were seen: Python's isoformat, and by hand.
var dateLayouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", time.DateOnly}

// ParseBuildDate reads a build date as Girder spells it, or a person who edited it; without a zone it is
// UTC. It reports false for what is no date, or one that cannot be published.
func ParseBuildDate(text string) (time.Time, bool) {
	if len(text) > MaxDateLength {
		return time.Time{}, false
	}
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, text); err == nil {
			t = t.UTC()
			return t, t.Year() >= firstYear && t.Year() <= lastYear
		}
	}
	return time.Time{}, false
}
