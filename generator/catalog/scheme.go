package catalog

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
)

// OS is the id of an operating system: the value of the os parameter, for instance win.
type OS string

// Arch is the id of a processor architecture: the value of the arch parameter, for instance amd64.
type Arch string

// Platform is an operating system and an architecture. Each platform's packages are ordered separately.
type Platform struct {
	Arch Arch
	OS   OS
}

// String returns the platform as one word, for instance amd64-win. Ids have no dash, so it is unambiguous.
func (p Platform) String() string { return string(p.Arch) + "-" + string(p.OS) }

// Family is the kind of an operating system. It determines which shell commands a page shows.
type Family string

// The families.
const (
	WindowsFamily Family = "windows"
	MacFamily     Family = "macos"
	UnixFamily    Family = "unix"
)

// Families lists the families in the order in which messages name them.
func Families() []Family { return []Family{WindowsFamily, MacFamily, UnixFamily} }

// System is an operating system that a project has packages for.
type System struct {
	ID      OS
	Title   string   // name to show: macOS
	Family  Family   // determines the shell commands on pages
	Aliases []string // other names that sources use, in lower case; matching ignores case
	File    Template // makes the file name of a release if the source does not list it; zero if unknown
	Runs    []Emulation
}

// Emulation is the ability of computers of one architecture to run packages for another one on the same system.
type Emulation struct {
	Arch     Arch   // of the computer: arm64
	Packages Arch   // of the packages that it can run: amd64
	By       string // what makes it possible: Rosetta
}

// Architecture is a processor architecture that a project has packages for.
type Architecture struct {
	ID      Arch
	Title   string        // name to show: 64-bit ARM
	Titles  map[OS]string // names on particular systems: Apple chip on macOS
	Aliases []string      // like a System's
}

// Link is a page on another site about a package.
type Link struct {
	Name  string   // for instance extensions
	Title string   // heading: Extensions
	Text  string   // text of the link: Browse extensions
	Key   string   // key in the package object of /find: extensions_browse_url
	URL   Template // uses SafeFields only; a package has no such page if one of them is empty
}

// IDForm is the form of package ids. Ids of all forms are safe in paths, maps and scripts.
type IDForm string

// The forms of ids.
const (
	// HexIDs are the ids of Girder items: 24 hexadecimal digits in lower case.
	HexIDs IDForm = "hex24"
	// NameIDs are words of letters, digits and . _ -, up to MaxIDLength long, for instance aurora-3.1-linux.
	NameIDs IDForm = "name"
)

// MaxIDLength is the maximum length of an id of the form NameIDs (bytes). Ids become file names and keys of Nginx maps.
const MaxIDLength = 80

var idForms = map[IDForm]struct{ pattern, what string }{
	HexIDs: {`[0-9a-f]{24}`, "24 lower-case hex digits"},
	NameIDs: {`[0-9A-Za-z][0-9A-Za-z._-]{0,79}`,
		"letters, digits and . _ - beginning with a letter or digit, 80 at most"},
}

// IDForms lists the forms.
func IDForms() []IDForm { return []IDForm{HexIDs, NameIDs} }

// Pattern returns the regular expression of an id, not anchored. It means the same in Go, PCRE and JavaScript.
func (f IDForm) Pattern() string { return idForms[f].pattern }

// Describe returns a description of the form for messages.
func (f IDForm) Describe() string { return idForms[f].what }

// Canonical returns an id in the form that the catalogue uses: it converts hexadecimal digits to lower case.
func (f IDForm) Canonical(id string) string {
	if f == HexIDs {
		return strings.ToLower(id)
	}
	return id
}

// Scheme defines the systems, architectures and ids that a project's packages can have. It is part of the profile, and
// the only list of systems and architectures.
type Scheme struct {
	Systems   []System       // in the order of the download page's columns
	Arches    []Architecture // the first is the default
	IDs       IDForm
	Revisions bool // whether packages have a revision of the source; if not, see Publish
}

// OSes returns the ids of the systems, in order.
func (s *Scheme) OSes() []OS {
	list := make([]OS, len(s.Systems))
	for i := range s.Systems {
		list[i] = s.Systems[i].ID
	}
	return list
}

// ArchIDs returns the ids of the architectures, the default one first.
func (s *Scheme) ArchIDs() []Arch {
	list := make([]Arch, len(s.Arches))
	for i := range s.Arches {
		list[i] = s.Arches[i].ID
	}
	return list
}

// DefaultArch returns the architecture of a request that does not specify one.
func (s *Scheme) DefaultArch() Arch { return s.Arches[0].ID }

// System returns the system with an id, or nil if there is none.
func (s *Scheme) System(id OS) *System {
	if i := slices.IndexFunc(s.Systems, func(o System) bool { return o.ID == id }); i >= 0 {
		return &s.Systems[i]
	}
	return nil
}

// Title returns the common name of a system. If the scheme does not have the system, because a package was published
// before the scheme changed, Title returns the id.
func (s *Scheme) Title(id OS) string {
	if o := s.System(id); o != nil {
		return o.Title
	}
	return string(id)
}

// ArchTitle returns the common name of a platform's architecture: "Apple chip" for an ARM Mac.
func (s *Scheme) ArchTitle(p Platform) string {
	for i := range s.Arches {
		if a := &s.Arches[i]; a.ID == p.Arch {
			return cmp.Or(a.Titles[p.OS], a.Title)
		}
	}
	return string(p.Arch)
}

// PlatformTitle returns the common name of a platform. It omits the default architecture.
func (s *Scheme) PlatformTitle(p Platform) string {
	if p.Arch == s.DefaultArch() {
		return s.Title(p.OS)
	}
	return s.Title(p.OS) + " (" + s.ArchTitle(p) + ")"
}

// Platforms returns all possible platforms, by system and then by architecture.
func (s *Scheme) Platforms() []Platform {
	var list []Platform
	for _, o := range s.OSes() {
		for _, a := range s.ArchIDs() {
			list = append(list, Platform{a, o})
		}
	}
	return list
}

// Compare orders platforms by system and then by architecture, as the scheme lists them.
func (s *Scheme) Compare(a, b Platform) int {
	return cmp.Or(
		cmp.Compare(slices.Index(s.OSes(), a.OS), slices.Index(s.OSes(), b.OS)),
		cmp.Compare(slices.Index(s.ArchIDs(), a.Arch), slices.Index(s.ArchIDs(), b.Arch)),
	)
}

// FindOS returns the system that has word as its id or, ignoring case, as an alias.
func (s *Scheme) FindOS(word string) (OS, bool) {
	for i := range s.Systems {
		if o := &s.Systems[i]; word == string(o.ID) || slices.Contains(o.Aliases, strings.ToLower(word)) {
			return o.ID, true
		}
	}
	return "", false
}

// FindArch is like FindOS, for architectures.
func (s *Scheme) FindArch(word string) (Arch, bool) {
	for i := range s.Arches {
		if a := &s.Arches[i]; word == string(a.ID) || slices.Contains(a.Aliases, strings.ToLower(word)) {
			return a.ID, true
		}
	}
	return "", false
}

// compiled returns a regular expression that matches a complete id of the form.
func (f IDForm) compiled() *regexp.Regexp { return regexp.MustCompile(`^(?:` + f.Pattern() + `)$`) }

// Check checks a package that was published earlier. If the scheme has changed since then, so the package can no longer
// be published, it returns the reason, and nil otherwise.
func (s *Scheme) Check(p *Package) *Held {
	var h *Held
	c := &checker{Scheme: s}
	switch {
	case s.System(p.OS) == nil:
		h = c.hold(FieldOS, string(p.OS), "not one of "+joined(s.OSes()))
	case !slices.Contains(s.ArchIDs(), p.Arch):
		h = c.hold(FieldArch, string(p.Arch), "not one of "+joined(s.ArchIDs()))
	case !s.IDs.compiled().MatchString(p.ID):
		h = c.hold(FieldID, p.ID, "not "+s.IDs.Describe())
	case p.URL == "":
		h = c.hold(FieldURL, "", "missing")
	default:
		return nil
	}
	h.ID, h.Name, h.Hint = p.ID, p.Name, "run a build that reads the source"
	return h
}
