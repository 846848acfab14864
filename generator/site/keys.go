package site

import (
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

// Object describes the JSON objects of one kind. The tables of the page for developers and of docs/api.md, and the
// schemas of openapi.json, are made from it.
type Object struct {
	Name  string // of its schema: Release
	About string // what it describes: a phrase, plain text
	Keys  []Key
}

// Key is a key of a JSON object. Clients depend on the keys: new ones may be added, but none may be removed or change
// its meaning.
type Key struct {
	Name   string
	Type   string   // as in JSON Schema: string, integer, boolean, array, object, or null if it is always null
	Format string   // as in JSON Schema: date, date-time or uri; "" for none
	Values []string // all possible values; nil if there are too many to list
	Of     string   // for an array, the Object that each element is; for an object, the Object that it is
	About  string   // a phrase for tables, plain text
	Absent lookup.Absence
}

// Kind returns the type of the values in words.
func (k Key) Kind() string {
	switch k.Type {
	case "string":
		return "text"
	case "integer":
		return "number"
	case "boolean":
		return "true or false"
	case "array":
		return "list"
	}
	return k.Type
}

// Unknown describes how an unknown value is written; "" if all objects have the value.
func (k Key) Unknown() string {
	switch k.Absent {
	case lookup.OrNull:
		return "null if there is none"
	case lookup.LeftOut:
		return "missing if there is none"
	}
	return ""
}

// Names of objects.
const (
	recordObject    = "Record"
	releasesObject  = "Releases"
	releaseObject   = "Release"
	latestObject    = "Latest"
	packageObject   = "Package"
	platformsObject = "Platforms" // {os: {arch: Package}}
	cellsObject     = "FindAll"   // {os: {stability: Record or null}}
)

// recordOf describes the package object of /find.
func recordOf(spec *lookup.Spec) Object {
	o := Object{Name: recordObject, About: "a package in the form of /find"}
	for _, f := range spec.Fields() {
		o.Keys = append(o.Keys,
			Key{Name: f.Key, Type: f.Type, Values: f.Values, About: f.About, Absent: f.Absent})
	}
	return o
}

// headKeys are the keys of apiHead.
func headKeys() []Key {
	return []Key{
		{Name: "api_version", Type: "integer", About: "always 1 under /api/v1/"},
		{Name: "site_url", Type: "string", Format: "uri", About: "the download page"},
		{Name: "sample", Type: "boolean", About: "whether the site shows sample data"},
	}
}

// releasesOfAPI describes apiReleases.
func releasesOfAPI() Object {
	return Object{Name: releasesObject, About: "every release with its packages, without pre-releases",
		Keys: append(headKeys(), Key{Name: "releases", Type: "array", Of: releaseObject,
			About: "releases, newest first"})}
}

// releaseOfAPI describes apiRelease.
func releaseOfAPI() Object {
	return Object{Name: releaseObject, About: "a release", Keys: []Key{
		{Name: "version", Type: "string", About: "version of the release; it may not have three numbers"},
		{Name: "revision", Type: "integer", About: "revision of its newest package"},
		{Name: "date", Type: "string", Format: "date", About: "day of its first build (UTC), YYYY-MM-DD"},
		{Name: "newest", Type: "boolean", About: "whether it is the newest of all releases"},
		{Name: "superseded_by", Type: "string", Absent: lookup.OrNull,
			About: "version of the newest release of the same series, if it is another one"},
		{Name: "url", Type: "string", Format: "uri", About: "its page"},
		{Name: "notes_url", Type: "string", Format: "uri", Absent: lookup.OrNull, About: "its notes"},
		{Name: "checksums_url", Type: "string", Format: "uri", Absent: lookup.OrNull,
			About: "its SHA512SUMS, for sha512sum -c"},
		{Name: "packages", Type: "array", Of: packageObject,
			About: "packages by system and architecture; several for one platform are newest first"},
	}}
}

// latestOfAPI describes apiLatest.
func latestOfAPI() Object {
	return Object{Name: latestObject, About: "the newest package of each platform", Keys: append(headKeys(),
		Key{Name: "release", Type: "object", Of: platformsObject,
			About: "the newest releases, {os: {arch: package}}; a platform without a package has no key"},
		Key{Name: "nightly", Type: "object", Of: platformsObject, About: "the newest preview builds, in the same form"},
	)}
}

// packageOfAPI describes apiPackage.
func packageOfAPI(spec *lookup.Spec) Object {
	revision := "revision of the source code"
	if !spec.Revisions {
		revision = "day of the build, yymmdd"
	}
	o := Object{Name: packageObject, About: "a package in the form of /api/v1/", Keys: []Key{
		{Name: "id", Type: "string", About: "id in " + lookup.BitstreamPrefix + "<id>: " + spec.IDs.Describe()},
		{Name: "product", Type: "string", About: "name of the software"},
		{Name: "version", Type: "string", Absent: lookup.OrNull, About: "version of the software"},
		{Name: "revision", Type: "integer", About: revision},
		{Name: "stability", Type: "string", Values: []string{string(catalog.Release), string(catalog.Nightly)},
			About: "release, or nightly for a preview build"},
		{Name: "os", Type: "string", Values: spec.Of(lookup.OSRole).Values, About: "operating system"},
		{Name: "arch", Type: "string", Values: spec.Of(lookup.ArchRole).Values, About: "processor architecture"},
		{Name: "build_date", Type: "string", Format: "date-time",
			About: "time of the build in UTC, in the form of RFC 3339: 2025-11-10T23:04:05Z"},
		{Name: "size", Type: "integer", About: "size of the file in bytes"},
		{Name: "sha256", Type: "string", Absent: lookup.LeftOut, About: "64 hexadecimal digits"},
		{Name: "sha512", Type: "string", Absent: lookup.OrNull, About: "128 hexadecimal digits"},
		{Name: "filename", Type: "string", Absent: lookup.OrNull,
			About: "name under which the file is saved: that of the source, else made from the profile"},
		{Name: "download_url", Type: "string", Format: "uri", About: "permanent link to the file"},
		{Name: "record_url", Type: "string", Format: "uri", About: "the package in the form of /find"},
		{Name: "signature_url", Type: "string", Format: "uri", Absent: lookup.LeftOut,
			About: "detached signature of the file"},
		{Name: "sbom_url", Type: "string", Format: "uri", Absent: lookup.LeftOut,
			About: "software bill of materials of the file"},
	}}
	for _, l := range spec.Links {
		o.Keys = append(o.Keys, Key{Name: l.Name + "_url", Type: "string", Format: "uri", Absent: lookup.LeftOut,
			About: "address of a page: " + l.Text})
	}
	return o
}

// objects describes all objects of the API.
func objects(spec *lookup.Spec) []Object {
	return []Object{recordOf(spec), releasesOfAPI(), releaseOfAPI(), latestOfAPI(), packageOfAPI(spec)}
}
