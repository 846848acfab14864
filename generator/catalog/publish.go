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

// Limits of the values that can be published. They are the widest that all servers support.
const (
	// MaxRevision is the highest revision that Nginx's geo ranges can hold: pairs of decimal digits in the first
	// three octets of an address (see redirect/servers/nginx).
	MaxRevision = 2_539_999
	// MaxVersionLength is the maximum length of release names and versions, which become path segments and map keys
	// (bytes).
	MaxVersionLength = 40
	// MaxNameLength is the maximum length of free text that pages show (bytes).
	MaxNameLength = 200
	// MaxDateLength is the maximum length of a build date, which is published as the source spells it (bytes). Python's
	// isoformat returns up to 32.
	MaxDateLength = 40
	// MaxURLLength is the maximum length of a file's URL (bytes). A value in CloudFront's key-value store can have 1
	// KB.
	MaxURLLength = 512
	// MaxSize is the largest integer that every JSON parser reads exactly (bytes).
	MaxSize = 1<<53 - 1
	// firstYear and lastYear are the first and the last year that the date tables support.
	firstYear, lastYear = 2000, 2099
)

// Record holds the values that a source lists for one package, before they are validated. The source interprets its own
// conventions (which records belong to the application, which texts mean "true"); Publish checks everything else.
type Record struct {
	ID, Name, ProductName string
	OS, Arch              string // ids or aliases of the scheme
	Revision              string // decimal
	Version, Release      string // "" for none
	Unversioned           string // see Package
	PreRelease            bool
	BuildDate             string
	Size                  int64 // bytes
	SHA256, SHA512        string
	FileName              string
	URL                   string   // URL of the file; "" if the source does not list it
	Signature, SBOM, Page string   // URLs, see Package
	Download              Template // makes the URL if URL is ""; zero if there is no template
	Place                 string   // place of the record, for instance packages.json:12; "" if the source has no lines
	Hold                  *Held    // why the record must not be published: set by the source, or by a person
}

// Field names a field of a Record in messages.
type Field string

// The fields.
const (
	FieldID        Field = "id"
	FieldName      Field = "name"
	FieldProduct   Field = "product"
	FieldOS        Field = "os"
	FieldArch      Field = "arch"
	FieldRevision  Field = "revision"
	FieldRelease   Field = "release"
	FieldVersion   Field = "version"
	FieldBuildDate Field = "build_date"
	FieldSize      Field = "size"
	FieldSHA256    Field = "sha256"
	FieldSHA512    Field = "sha512"
	FieldURL       Field = "url"
	FieldSignature Field = "signature"
	FieldSBOM      Field = "sbom"
)

// Spelling maps fields to the names that a source uses: Girder calls FieldOS meta.os. A field that is not in the map
// has the same name in the source.
type Spelling map[Field]string

func (s Spelling) of(f Field) string { return cmp.Or(s[f], string(f)) }

// Held describes a record that is held back, that is, not published, and the reason.
type Held struct {
	ID, Name string // as listed by the source; escape before showing
	Field    string // the invalid field of the record, by the source's name
	Value    string // the value of the field
	Reason   string // a phrase that completes "held back: "
	Hint     string // what to do, starting in lower case: "add an alias to the profile"; "" if unknown
	Place    string // place of the record, see Record; if a person holds it back, place of that entry
}

// String describes the record for a report, safe to print on a terminal.
func (h Held) String() string {
	return fmt.Sprintf("%.80q (%.80q): %s: %s (found %.80q)", h.Name, h.ID, h.Field, h.Reason, h.Value)
}

// HeldGroup is all records held back for one reason.
type HeldGroup struct {
	Field, Reason, Hint string
	Held                []Held // ordered by id
}

// String describes the group in one line with an example, safe to print on a terminal:
//
//	756 × meta.os: not one of win, macosx, linux, for example "windows"; add an alias to the profile
func (g HeldGroup) String() string {
	text := fmt.Sprintf("%d × %s: %s", len(g.Held), g.Field, g.Reason)
	if v := g.Held[0].Value; v != "" {
		text += fmt.Sprintf(", for example %.80q", v)
	}
	if g.Hint != "" {
		text += "; " + g.Hint
	}
	return text
}

// GroupHeld groups records by field and reason, the largest group first.
func GroupHeld(held []Held) []HeldGroup {
	var groups []HeldGroup
	for _, h := range held {
		i := slices.IndexFunc(groups, func(g HeldGroup) bool { return g.Field == h.Field && g.Reason == h.Reason })
		if i < 0 {
			i = len(groups)
			groups = append(groups, HeldGroup{Field: h.Field, Reason: h.Reason, Hint: h.Hint})
		}
		groups[i].Held = append(groups[i].Held, h)
	}
	slices.SortStableFunc(groups, func(a, b HeldGroup) int { return len(b.Held) - len(a.Held) })
	return groups
}

// Publish splits records into the packages to publish, newest first, and the records held back. Of several records with
// the same id, the first is published.
//
// In a scheme without revisions, the build day (UTC) is used as the revision, in the form yymmdd: all packages built on
// 2026-11-20 have the revision 261120. So newer packages have higher revisions, and offset moves from one day with
// builds to the next.
func Publish(scheme *Scheme, spelling Spelling, records []Record) (published []*Package, held []Held) {
	c := &checker{Scheme: scheme, spelling: spelling, id: scheme.IDs.compiled()}
	seen := make(map[string]string, len(records)) // by lower-case id, because file systems and Nginx maps ignore case
	for i := range records {
		r := &records[i]
		p, h := c.check(r)
		if h == nil {
			h = c.duplicate(p.ID, seen[strings.ToLower(p.ID)])
		}
		if h != nil {
			h.ID, h.Name, h.Place = r.ID, r.Name, cmp.Or(h.Place, r.Place)
			held = append(held, *h)
			continue
		}
		seen[strings.ToLower(p.ID)] = p.ID
		published = append(published, p)
	}
	slices.SortFunc(published, Compare)
	slices.SortStableFunc(held, func(a, b Held) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Name, b.Name))
	})
	return published, held
}

// duplicate returns the reason to hold back a record whose id is already used. other is the id of the earlier record,
// which may differ in case, or "".
func (c *checker) duplicate(id, other string) *Held {
	switch other {
	case "":
		return nil
	case id:
		h := c.hold(FieldID, id, "listed twice")
		h.Hint = "use a unique id for each package"
		return h
	}
	h := c.hold(FieldID, id, "differs only in case from the id of another record")
	h.Hint = "use a unique id for each package"
	return h
}

// checker checks records.
type checker struct {
	*Scheme
	spelling Spelling
	id       *regexp.Regexp
}

func (c *checker) hold(f Field, value, reason string) *Held {
	return &Held{Field: c.spelling.of(f), Value: value, Reason: reason}
}

// check returns the package of a record, or the reason why it is held back.
func (c *checker) check(r *Record) (*Package, *Held) {
	if r.Hold != nil {
		h := *r.Hold
		return nil, &h
	}
	p := &Package{
		ID: r.ID, Name: r.Name, ProductName: r.ProductName, Version: r.Version, Release: r.Release,
		PreRelease: r.PreRelease, BuildDate: r.BuildDate, Size: r.Size, URL: r.URL,
		SHA256: strings.ToLower(r.SHA256), SHA512: strings.ToLower(r.SHA512), Signature: r.Signature, SBOM: r.SBOM,
	}
	// The order of the checks is part of the download API's contract: an unfinished upload is reported as such, even if
	// it has other errors.
	for _, check := range []func(*Record, *Package) *Held{
		c.size, c.revision, c.identity, c.platform, c.texts, c.build, c.address,
	} {
		if h := check(r, p); h != nil {
			return nil, h
		}
	}
	return p, nil
}

func (c *checker) size(r *Record, _ *Package) *Held {
	switch {
	case r.Size <= 0:
		return c.hold(FieldSize, strconv.FormatInt(r.Size, 10), "upload not finished")
	case r.Size > MaxSize:
		return c.hold(FieldSize, strconv.FormatInt(r.Size, 10), "larger than the largest possible file")
	}
	return nil
}

func (c *checker) revision(r *Record, p *Package) *Held {
	if !c.Revisions {
		return nil
	}
	if r.Revision == "" || strings.Trim(r.Revision, "0123456789") != "" {
		return c.hold(FieldRevision, r.Revision, "not a decimal number")
	}
	n, err := strconv.Atoi(r.Revision)
	if err != nil || n > MaxRevision {
		return c.hold(FieldRevision, r.Revision,
			fmt.Sprintf("higher than %d, the highest that can be published", MaxRevision))
	}
	p.Revision = n
	return nil
}

func (c *checker) identity(r *Record, _ *Package) *Held {
	if !c.id.MatchString(r.ID) {
		return c.hold(FieldID, r.ID, "not "+c.IDs.Describe())
	}
	return nil
}

func (c *checker) platform(r *Record, p *Package) *Held {
	const addAlias = "add an alias to the profile"
	var ok bool
	if p.OS, ok = c.FindOS(r.OS); !ok {
		h := c.hold(FieldOS, r.OS, "not one of "+joined(c.OSes()))
		h.Hint = addAlias
		return h
	}
	if p.Arch, ok = c.FindArch(r.Arch); !ok {
		h := c.hold(FieldArch, r.Arch, "not one of "+joined(c.ArchIDs()))
		h.Hint = addAlias
		return h
	}
	return nil
}

func (c *checker) texts(r *Record, p *Package) *Held {
	const badVersion = "not a plain %s (letters, digits, . _ -)"
	switch {
	case r.Release != "" && !ValidVersion(r.Release):
		return c.hold(FieldRelease, r.Release, fmt.Sprintf(badVersion, "release name"))
	case r.Version != "" && !ValidVersion(r.Version):
		return c.hold(FieldVersion, r.Version, fmt.Sprintf(badVersion, "version"))
	case r.SHA512 != "" && !sha512RE.MatchString(r.SHA512):
		return c.hold(FieldSHA512, r.SHA512, "not 128 hex digits")
	case r.SHA256 != "" && !sha256RE.MatchString(r.SHA256):
		return c.hold(FieldSHA256, r.SHA256, "not 64 hex digits")
	case !plainText(r.Name):
		return c.hold(FieldName, r.Name, notPlain)
	case !plainText(r.ProductName):
		return c.hold(FieldProduct, r.ProductName, notPlain)
	}
	if ValidURL(r.Page) {
		p.Page = r.Page
	}
	if plainText(r.Unversioned) {
		p.Unversioned = r.Unversioned
	}
	// Pages show file names in shell commands, so an unsafe name is treated as unknown.
	if fileNameRE.MatchString(r.FileName) {
		p.FileName = r.FileName
	}
	return nil
}

const notPlain = "empty, too long or with unprintable characters"

func (c *checker) build(r *Record, p *Package) *Held {
	built, ok := ParseBuildDate(r.BuildDate)
	if !ok {
		return c.hold(FieldBuildDate, r.BuildDate, fmt.Sprintf("not a date and time in %d to %d", firstYear, lastYear))
	}
	p.Built = built
	if !c.Revisions {
		y, m, d := built.Date()
		p.Revision = y%100*10_000 + int(m)*100 + d
	}
	return nil
}

// address sets the URL and checks all URLs. It must run last, because a template may use any other field.
func (c *checker) address(r *Record, p *Package) *Held {
	if p.URL == "" {
		p.URL = r.Download.ExpandURL(p)
	}
	switch {
	case p.URL == "" && r.Download.IsZero():
		h := c.hold(FieldURL, "", "missing")
		h.Hint = "list it, or set download in the profile"
		return h
	case p.URL == "":
		return c.hold(FieldURL, "", fmt.Sprintf("missing, and the package lacks a field of %.120q", r.Download))
	case !ValidURL(p.URL):
		return c.hold(FieldURL, p.URL, badURL)
	case p.Signature != "" && !ValidURL(p.Signature):
		return c.hold(FieldSignature, p.Signature, badURL)
	case p.SBOM != "" && !ValidURL(p.SBOM):
		return c.hold(FieldSBOM, p.SBOM, badURL)
	}
	return nil
}

const badURL = "not an http or https URL that can be sent without escaping"

var (
	sha512RE   = regexp.MustCompile(`^[0-9A-Fa-f]{128}$`)
	sha256RE   = regexp.MustCompile(`^[0-9A-Fa-f]{64}$`)
	wordRE     = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._-]*$`)
	fileNameRE = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z._+-]{0,199}$`)
	urlRE      = regexp.MustCompile(`^https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?` +
		`/[A-Za-z0-9._~:/?#@!&'()*+,;=%-]*$`)
)

// ValidVersion reports whether v can be used in a path, a map key and a file name, and as the name of a folder next to
// the index of all releases: no separators, no "..", no index.html.
func ValidVersion(v string) bool {
	return len(v) <= MaxVersionLength && wordRE.MatchString(v) &&
		!strings.Contains(v, "..") && !strings.HasPrefix(strings.ToLower(v), "index.")
}

// ValidURL reports whether a URL can be used without escaping in a Location header, an Nginx string and a JSON file. It
// rejects the dollar sign, which is valid in a URL but begins a variable in Nginx.
func ValidURL(u string) bool { return len(u) <= MaxURLLength && urlRE.MatchString(u) }

// plainText reports whether s is a single line of visible text: no control characters or line separators, and no marks
// that hide or reorder letters (zero width, bidirectional overrides).
func plainText(s string) bool {
	if s == "" || len(s) > MaxNameLength {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) || r == utf8.RuneError })
}

// dateLayouts are the formats of build dates that occur in real listings: RFC 3339, Python's isoformat, and dates typed
// by hand.
var dateLayouts = []string{time.RFC3339Nano, "2006-01-02 15:04:05.999999999Z07:00", "2006-01-02T15:04:05.999999999",
	"2006-01-02 15:04:05.999999999", time.DateOnly}

// ParseBuildDate parses a build date. A date without a time zone is in UTC. It returns false if the date is invalid or
// its year is out of range.
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

func joined[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, v := range list {
		words[i] = string(v)
	}
	return strings.Join(words, ", ")
}
