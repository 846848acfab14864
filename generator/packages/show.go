package packages

import (
	"net/url"
	"slices"
	"strconv"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/holds"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Description is everything that is known about a package.
type Description struct {
	Package
	SHA256    string   `json:"sha256"` // "" if unknown
	SHA512    string   `json:"sha512"`
	URL       string   `json:"url"`       // of the file
	Signature string   `json:"signature"` // URL; "" if there is none
	SBOM      string   `json:"sbom"`
	Addresses []string `json:"addresses"` // paths of the site that lead to it
	Rules     []Rule   `json:"rules"`     // redirect rules that lead to it
	Changes   []Change `json:"changes"`   // oldest first
}

// Show describes a package.
func (c *Catalogue) Show(p *Package) (*Description, error) {
	d := &Description{Package: *p, Addresses: []string{}, Rules: []Rule{}}
	if p.Package != nil {
		d.SHA256, d.SHA512, d.URL, d.Signature, d.SBOM = p.SHA256, p.SHA512, p.URL, p.Signature, p.SBOM
	}
	if p.State == Published {
		x := lookup.New(c.project.Spec, c.published(nil))
		for _, a := range addresses(c.project.Spec, p.Package) {
			if find(x, a) == p.Package {
				d.Addresses = append(d.Addresses, a)
			}
		}
		d.Rules = c.rules(x, p.Package)
	}
	var err error
	d.Changes, err = c.History(Filter{}, p.ID)
	return d, err
}

// find returns the package that a site with the packages of x answers an address with, or nil.
func find(x *lookup.Index, address string) *catalog.Package {
	path, query, err := lookup.SplitURL(address)
	if err != nil {
		return nil
	}
	if route, q, ok := x.Spec().Permalink(path); ok {
		path, query = string(route), q
	}
	return x.Answer(path, query).Package
}

// addresses returns the addresses that may lead to a package: its bitstream, the permalinks and the downloads with a
// system, an architecture and its version, its revision or nothing else. They do lead to it if nothing newer is in the
// way.
func addresses(s *lookup.Spec, p *catalog.Package) []string {
	list := []string{lookup.Location(p)}
	for _, l := range s.Permalinks() {
		list = append(list, expand(s, &l, p)...)
	}
	base := url.Values{s.Of(lookup.OSRole).Name: {string(p.OS)}}
	if p.Arch != s.DefaultArch() {
		base.Set(s.Of(lookup.ArchRole).Name, string(p.Arch))
	}
	add := func(name, value string) {
		q := base.Encode()
		if name != "" {
			q += "&" + url.Values{name: {value}}.Encode()
		}
		list = append(list, string(lookup.Download)+"?"+q)
	}
	stability := s.Of(lookup.StabilityRole).Name
	for _, st := range catalog.Stabilities() {
		if p.Matches(st) {
			add(stability, string(st))
		}
	}
	for _, v := range beginnings(p.Version) {
		if m := s.Mode(lookup.ByVersion); m != nil {
			add(m.Name, v)
		}
	}
	if m := s.Mode(lookup.ByRevision); m != nil {
		add(m.Name, strconv.Itoa(p.Revision))
	}
	return list
}

// expand returns the addresses of a permalink with the values of a package: one for each leading part of its version.
func expand(s *lookup.Spec, l *lookup.Permalink, p *catalog.Package) []string {
	versions := beginnings(p.Version)
	if versions == nil {
		versions = []string{""}
	}
	var list []string
	for _, version := range versions {
		complete, versioned := true, false
		path := l.Expand(func(name string) string {
			value := ""
			switch param := s.Parameter(name); {
			case param.Role == lookup.OSRole:
				value = string(p.OS)
			case param.Role == lookup.ArchRole:
				value = string(p.Arch)
			case param.Role == lookup.ModeRole && param.Finds == lookup.ByVersion:
				value, versioned = version, true
			case param.Role == lookup.ModeRole && param.Finds == lookup.ByRevision:
				value = strconv.Itoa(p.Revision)
			}
			complete = complete && value != ""
			return value
		})
		if complete {
			list = append(list, path)
		}
		if !versioned {
			break
		}
	}
	return list
}

// Answer is what visitors get at an address.
type Answer struct {
	Address string           `json:"address"`
	Package *catalog.Package `json:"-"`    // nil: 404
	ID      string           `json:"id"`   // of the package; "" for 404
	Name    string           `json:"name"` // of the package
}

// Instead returns what visitors will get at the addresses of a published package when it is held back in addition to
// those in kept.
func (c *Catalogue) Instead(p *Package, kept []holds.Hold) []Answer {
	list := []Answer{}
	if p.State != Published {
		return list
	}
	before := lookup.New(c.project.Spec, c.published(kept))
	after := lookup.New(c.project.Spec, c.published(append(slices.Clone(kept), holds.Hold{ID: p.ID})))
	for _, address := range addresses(c.project.Spec, p.Package) {
		if find(before, address) != p.Package {
			continue
		}
		a := Answer{Address: address, Package: find(after, address)}
		if a.Package != nil {
			a.ID, a.Name = a.Package.ID, a.Package.Name
		}
		list = append(list, a)
	}
	return list
}
