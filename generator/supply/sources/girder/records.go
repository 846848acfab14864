package girder

import (
	"cmp"
	"regexp"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/supply/source"
)

// Item is one entry of a listing, with unchanged values. Absent values are "".
type Item struct {
	ID, Name, Created, Updated          string
	Size                                int64  // bytes: the sum of the item's files
	AppID, BaseName, OS, Arch, Revision string // from meta, as all further fields
	Version, Release, BuildDate, SHA512 string
	PreRelease                          string // a boolean, possibly typed by hand: see isTrue
	FolderID                            string
}

// Spelling maps the fields of a record to Girder's names.
var Spelling = catalog.Spelling{
	catalog.FieldID: "_id", catalog.FieldName: "name", catalog.FieldProduct: "meta.baseName",
	catalog.FieldOS:   "meta.os",
	catalog.FieldArch: "meta.arch", catalog.FieldRevision: "meta.revision", catalog.FieldRelease: "meta.release",
	catalog.FieldVersion: "meta.version", catalog.FieldBuildDate: "meta.build_date", catalog.FieldSize: "size",
	catalog.FieldSHA512: "meta.sha512",
}

// emptyUpload is the size of the empty zip that Girder serves for an interrupted upload (bytes).
const emptyUpload = 22

// Records converts items to records. It determines whether they belong to the application g.App, their versions, and
// the URLs of their files. g.API must be set.
func Records(items []Item, g source.Girder, details Details) []catalog.Record {
	records := make([]catalog.Record, len(items))
	for i := range items {
		records[i] = items[i].record(g, details[items[i].ID])
	}
	return records
}

func (i *Item) record(g source.Girder, d Detail) catalog.Record {
	r := catalog.Record{
		ID: i.ID, Name: i.Name, ProductName: i.BaseName, OS: i.OS, Arch: i.Arch, Revision: i.Revision,
		Release: i.Release, Version: VersionOf(i.Release, i.Version), PreRelease: isTrue(i.PreRelease),
		// The oldest items have no build date. The plugin itself uses the time of creation in this case.
		BuildDate: cmp.Or(i.BuildDate, i.Created), Size: i.Size, SHA512: i.SHA512,
	}
	r.Page = page(g.API, i)
	if r.Version == "" {
		r.Unversioned = i.Version
	}
	switch {
	case i.AppID != g.App:
		r.Hold = &catalog.Held{Field: "meta.app_id", Value: i.AppID, Reason: "belongs to another application"}
	case i.Size == emptyUpload:
		r.Hold = &catalog.Held{Field: "size", Value: strconv.FormatInt(i.Size, 10),
			Reason: "upload was interrupted: an empty zip"}
	case d.Hold != nil:
		r.Hold = d.Hold
	case d.ID != "":
		// The file is what people download; the listing may be older.
		r.FileName, r.Size, r.SHA512 = d.Name, d.Size, cmp.Or(d.SHA512, i.SHA512)
	}
	r.URL = download(g, r.ID, d.ID, r.SHA512)
	return r
}

// download returns the URL of an item's file.
func download(g source.Girder, item, file, sha512 string) string {
	switch {
	case cmp.Or(g.Download, source.GirderFile) == source.GirderFile && file != "":
		return g.API + "/file/" + file + "/download"
	case g.Download == source.GirderHash && sha512 != "":
		return g.API + "/file/hashsum/sha512/" + sha512 + "/download"
	}
	return ItemURL(g.API, item)
}

// ItemURL returns the URL of an item's file on a Girder server whose API has the base api.
func ItemURL(api, item string) string { return api + "/item/" + item + "/download" }

// page returns the URL of the web page of an item's folder, where people find and delete the item; if the listing does
// not have the folder, that of the item. It returns "" if the address of the web pages is unknown.
func page(api string, i *Item) string {
	web, ok := strings.CutSuffix(api, "/api/v1")
	switch {
	case !ok:
		return ""
	case idRE.MatchString(i.FolderID):
		return web + "/#folder/" + i.FolderID
	}
	return web + "/#item/" + i.ID
}

var (
	datedRE = regexp.MustCompile(`^(.+?)-\d{4}-\d{2}-\d{2}`)
	plainRE = regexp.MustCompile(`^\d+\.\d+\.\d+$`)
)

// VersionOf returns the version of a package: its release name; else the part of meta.version before a date (5.3.0 for
// 5.3.0-2023-04-17); else meta.version if it has the form X.Y.Z; else "".
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

// isTrue parses a boolean, in the spellings that the download API has always accepted.
func isTrue(s string) bool {
	switch strings.ToLower(s) {
	case "true", "on", "1", "yes":
		return true
	}
	return false
}
