package girder

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
)

// Item is one entry of a listing, as Girder spells it. Absent values are "".
type Item struct {
	ID, Name, Created, Updated          string
	Size                                int64  // bytes: the sum of the item's files
	AppID, BaseName, OS, Arch, Revision string // of meta, as all that follow
	Version, Release, BuildDate, SHA512 string
	PreRelease                          string // a boolean, or its spelling by hand
}

// Spelling is what Girder calls the fields of a record.
var Spelling = catalog.Spelling{
	catalog.FieldID: "_id", catalog.FieldName: "name", catalog.FieldProduct: "meta.baseName", catalog.FieldOS: "meta.os",
	catalog.FieldArch: "meta.arch", catalog.FieldRevision: "meta.revision", catalog.FieldRelease: "meta.release",
	catalog.FieldVersion: "meta.version", catalog.FieldBuildDate: "meta.build_date", catalog.FieldSize: "size",
	catalog.FieldSHA512: "meta.sha512",
}

// emptyUpload is the size of the empty zip that Girder serves for an upload that died (bytes).
const emptyUpload = 22

// Records interprets items: which belong to the application, what their version is, where their files are fetched.
func Records(items []Item, app string, fileURL func(*Item) string) []catalog.Record {
	records := make([]catalog.Record, len(items))
	for i := range items {
		records[i] = items[i].record(app, fileURL)
	}
	return records
}

func (i *Item) record(app string, fileURL func(*Item) string) catalog.Record {
	r := catalog.Record{
		ID: i.ID, Name: i.Name, ProductName: i.BaseName, OS: i.OS, Arch: i.Arch, Revision: i.Revision,
		Release: i.Release, Version: VersionOf(i.Release, i.Version), PreRelease: isTrue(i.PreRelease),
		// The oldest items have no build date: the plugin's own default for it is the time of creation.
		BuildDate: cmp.Or(i.BuildDate, i.Created), Size: i.Size, SHA512: i.SHA512,
		URL: fileURL(i),
	}
	if r.Version == "" {
		r.Unversioned = i.Version
	}
	switch {
	case i.AppID != app:
		r.Hold = &catalog.Held{Field: "meta.app_id", Value: i.AppID, Reason: "belongs to another application"}
	case i.Size == emptyUpload:
		r.Hold = &catalog.Held{Field: "size", Value: strconv.FormatInt(i.Size, 10), Reason: "upload died: an empty zip"}
	}
	return r
}

var (
	datedRE = regexp.MustCompile(`^(.+?)-\d{4}-\d{2}-\d{2}`)
	plainRE = regexp.MustCompile(`^\d+\.\d+\.\d+$`)
)

// VersionOf is the version of a package: its release name; else the part of meta.version before the date
// (5.3.0-2023-04-17 is 5.3.0); else meta.version when it is plainly X.Y.Z; else "".
func VersionOf(release, version string) string {
	if release != "" {
		return release
	}
	if m := datedRE.FindStringSubmatch(version); m != nil {
		version = m[1]
	} else if !plainRE.MatchString(version) {
		return ""
	}
	if !catalog.ValidVersion(version) {
		return ""
	}
	return version
}

// isTrue reads a boolean as the old server did.
func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "true", "on", "1", "yes":
		return true
	}
	return false
}
