package girder_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/supply/source"
	"github.com/Slicer/sitegen/generator/supply/sources/girder"
	"github.com/Slicer/sitegen/generator/testutil"
)

// app is the application of the items.
const app = "5f4474d0e1d8c75dfc705482"

// api is the base of the API that the items come from.
const api = "https://girder.example.org/api/v1"

// released returns a valid item.
func released() girder.Item {
	return girder.Item{
		ID: "62d5d2ebe911182f1dc285b0", Name: "Aurora_win_amd64_30893", Size: 222149208,
		Created: "2022-07-18T21:38:51.412000+00:00", AppID: app, BaseName: "Aurora", OS: "win", Arch: "amd64",
		Revision: "30893", Version: "5.0.3", Release: "5.0.3", PreRelease: "false",
		BuildDate: "2022-07-08T09:39:54.992000+00:00", SHA512: strings.Repeat("aB", 64),
		FolderID: "62cc513eaa08d161a31c1372",
	}
}

func TestRecords(t *testing.T) {
	clean := catalog.Record{
		ID: "62d5d2ebe911182f1dc285b0", Name: "Aurora_win_amd64_30893", ProductName: "Aurora", OS: "win", Arch: "amd64",
		Revision: "30893", Version: "5.0.3", Release: "5.0.3", BuildDate: "2022-07-08T09:39:54.992000+00:00",
		Size: 222149208, SHA512: strings.Repeat("aB", 64), URL: api + "/item/62d5d2ebe911182f1dc285b0/download",
		Page: "https://girder.example.org/#folder/62cc513eaa08d161a31c1372",
	}
	tests := []struct {
		name   string
		change func(*girder.Item)
		want   func(*catalog.Record)
	}{
		{"a release", func(*girder.Item) {}, func(*catalog.Record) {}},
		{"date missing", func(i *girder.Item) { i.BuildDate = "" },
			func(r *catalog.Record) { r.BuildDate = "2022-07-18T21:38:51.412000+00:00" }},
		{"no date at all", func(i *girder.Item) { i.BuildDate, i.Created = "", "" },
			func(r *catalog.Record) { r.BuildDate = "" }},
		{"pre-release", func(i *girder.Item) { i.PreRelease = "true" },
			func(r *catalog.Record) { r.PreRelease = true }},
		{"pre-release by hand", func(i *girder.Item) { i.PreRelease = "True" },
			func(r *catalog.Record) { r.PreRelease = true }},
		{"pre-release absent", func(i *girder.Item) { i.PreRelease = "" }, func(*catalog.Record) {}},
		{"pre-release not a boolean", func(i *girder.Item) { i.PreRelease = "maybe" }, func(*catalog.Record) {}},
		{"nightly", func(i *girder.Item) { i.Release, i.Version = "", "5.13.0-2026-11-20" },
			func(r *catalog.Record) { r.Release, r.Version = "", "5.13.0" }},
		{"version neither plain nor dated", func(i *girder.Item) { i.Release, i.Version = "", "4.5.0-1" },
			func(r *catalog.Record) { r.Release, r.Version, r.Unversioned = "", "", "4.5.0-1" }},
		{"hostile version of a release", func(i *girder.Item) { i.Version = `"; return 200` },
			func(*catalog.Record) {}},
		{"another application", func(i *girder.Item) { i.AppID = "000000000000000000000000" }, func(r *catalog.Record) {
			r.Hold = &catalog.Held{Field: "meta.app_id", Value: "000000000000000000000000",
				Reason: "belongs to another application"}
		}},
		{"no application", func(i *girder.Item) { i.AppID = "" }, func(r *catalog.Record) {
			r.Hold = &catalog.Held{Field: "meta.app_id", Reason: "belongs to another application"}
		}},
		{"empty zip", func(i *girder.Item) { i.Size = 22 }, func(r *catalog.Record) {
			r.Size, r.Hold = 22, &catalog.Held{Field: "size", Value: "22",
				Reason: "upload was interrupted: an empty zip"}
		}},
		{"no folder", func(i *girder.Item) { i.FolderID = "" },
			func(r *catalog.Record) { r.Page = "https://girder.example.org/#item/62d5d2ebe911182f1dc285b0" }},
		{"still uploading", func(i *girder.Item) { i.Size = 0 }, func(r *catalog.Record) { r.Size = 0 }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			item, want := released(), clean
			test.change(&item)
			test.want(&want)
			got := girder.Records([]girder.Item{item}, source.Girder{App: app, API: api}, nil)
			if diff := cmp.Diff([]catalog.Record{want}, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRecordsOfKnownFiles checks that the details of a file take precedence over the listing.
func TestRecordsOfKnownFiles(t *testing.T) {
	const file = "62d5d2ebe911182f1dc28111"
	known := girder.Detail{ID: file, Name: "Aurora-5.0.3.exe", Size: 7, SHA512: "cc"}
	held := &catalog.Held{Field: "files", Value: "2"}
	item := released()
	sum := item.SHA512
	tests := []struct {
		name     string
		download source.GirderDownload
		detail   girder.Detail
		want     catalog.Record // the fields that a detail can change
	}{
		{"by file", "", known, catalog.Record{FileName: "Aurora-5.0.3.exe", Size: 7, SHA512: "cc",
			URL: api + "/file/" + file + "/download"}},
		{"by item", source.GirderItem, known,
			catalog.Record{FileName: "Aurora-5.0.3.exe", Size: 7, SHA512: "cc",
				URL: api + "/item/" + item.ID + "/download"}},
		{"by hash", source.GirderHash, known,
			catalog.Record{FileName: "Aurora-5.0.3.exe", Size: 7, SHA512: "cc",
				URL: api + "/file/hashsum/sha512/cc/download"}},
		{"by hash, unknown file", source.GirderHash, girder.Detail{},
			catalog.Record{Size: item.Size, SHA512: sum, URL: api + "/file/hashsum/sha512/" + sum + "/download"}},
		{"by file, unknown", source.GirderFile, girder.Detail{},
			catalog.Record{Size: item.Size, SHA512: sum, URL: api + "/item/" + item.ID + "/download"}},
		{"file without a checksum", "", girder.Detail{ID: file, Name: "a", Size: item.Size},
			catalog.Record{FileName: "a", Size: item.Size, SHA512: sum, URL: api + "/file/" + file + "/download"}},
		{"held", "", girder.Detail{Hold: held},
			catalog.Record{Size: item.Size, SHA512: sum, Hold: held, URL: api + "/item/" + item.ID + "/download"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := girder.Records([]girder.Item{item}, source.Girder{App: app, API: api, Download: test.download},
				girder.Details{item.ID: test.detail})[0]
			got := catalog.Record{FileName: r.FileName, Size: r.Size, SHA512: r.SHA512, URL: r.URL, Hold: r.Hold}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("record (-want +got):\n%s", diff)
			}
		})
	}
	item.SHA512 = ""
	if r := girder.Records([]girder.Item{item}, source.Girder{App: app, API: api, Download: source.GirderHash},
		nil)[0]; r.URL != api+"/item/"+item.ID+"/download" {
		t.Errorf("by hash without a checksum: %s", r.URL)
	}
}

// TestSpelling checks that Publish uses Girder's names of fields, by which people find them on the server.
func TestSpelling(t *testing.T) {
	tests := []struct {
		field  string
		change func(*girder.Item)
	}{
		{"_id", func(i *girder.Item) { i.ID = "" }},
		{"name", func(i *girder.Item) { i.Name = "" }},
		{"size", func(i *girder.Item) { i.Size = 0 }},
		{"meta.app_id", func(i *girder.Item) { i.AppID = "" }},
		{"meta.baseName", func(i *girder.Item) { i.BaseName = "" }},
		{"meta.os", func(i *girder.Item) { i.OS = "" }},
		{"meta.arch", func(i *girder.Item) { i.Arch = "" }},
		{"meta.revision", func(i *girder.Item) { i.Revision = "" }},
		{"meta.release", func(i *girder.Item) { i.Release = "../" }},
		{"meta.build_date", func(i *girder.Item) { i.BuildDate = "yesterday" }},
		{"meta.sha512", func(i *girder.Item) { i.SHA512 = "aB" }},
	}
	for _, test := range tests {
		t.Run(test.field, func(t *testing.T) {
			item := released()
			test.change(&item)
			_, held := catalog.Publish(testutil.Scheme(t), girder.Spelling,
				girder.Records([]girder.Item{item}, source.Girder{App: app, API: api}, nil))
			if len(held) != 1 || held[0].Field != test.field {
				t.Errorf("held %v, want one for %s", held, test.field)
			}
		})
	}
}

func TestVersionOf(t *testing.T) {
	tests := []struct{ name, release, version, want string }{
		{"release", "5.12.4", "5.12.4", "5.12.4"},
		{"release takes precedence", "4.5.0-1", "5.13.0-2026-08-20", "4.5.0-1"},
		{"release name with a date", "4.11.20210226", "", "4.11.20210226"},
		{"nightly", "", "5.3.0-2023-04-17", "5.3.0"},
		{"text after the date", "", "5.3.0-2023-04-17-dirty", "5.3.0"},
		{"two dates", "", "5.3.0-2023-04-17-2023-04-18", "5.3.0"},
		{"candidate before the date", "", "5.0.3-rc1-2022-07-05", "5.0.3-rc1"},
		{"plain", "", "5.3.0", "5.3.0"},
		{"two components", "", "5.3", ""},
		{"four components", "", "5.3.0.1", ""},
		{"a word", "", "experimental", ""},
		{"a date alone", "", "2023-04-17", ""},
		{"nothing before the date", "", "-2023-04-17", ""},
		{"nothing", "", "", ""},
		{"hostile before the date", "", `5.3.0"; $x-2023-04-17`, ""},
		{"parent folder before the date", "", "../..-2023-04-17", ""},
		{"newline after plain", "", "5.3.0\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := girder.VersionOf(test.release, test.version); got != test.want {
				t.Errorf("VersionOf(%q, %q) = %q, want %q", test.release, test.version, got, test.want)
			}
		})
	}
}
