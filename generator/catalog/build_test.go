package catalog_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
)

const app = "5f4474d0e1d8c75dfc705482"

// released is a record with nothing wrong with it.
func released() catalog.Record {
	return catalog.Record{
		ID: "62d5d2ebe911182f1dc285b0", Name: "Slicer_win_amd64_30893", Created: "2022-07-18T21:38:51.412000+00:00",
		Size: 222149208, AppID: app, BaseName: "Slicer", OS: "win", Arch: "amd64", Revision: "30893",
		Version: "5.0.3", Release: "5.0.3", BuildDate: "2022-07-08T09:39:54.992000+00:00",
		SHA512: strings.Repeat("aB", 64), PreRelease: "false",
	}
}

func TestPublish(t *testing.T) {
	published, held := catalog.Publish(app, []catalog.Record{released()})
	want := []*catalog.Package{{
		ID: "62d5d2ebe911182f1dc285b0", Name: "Slicer_win_amd64_30893", ProductName: "Slicer",
		OS: catalog.Windows, Arch: catalog.AMD64, Revision: 30893, Version: "5.0.3", Release: "5.0.3",
		BuildDate: "2022-07-08T09:39:54.992000+00:00", Built: time.Date(2022, 7, 8, 9, 39, 54, 992e6, time.UTC),
		Size: 222149208, SHA512: strings.Repeat("ab", 64),
	}}
	if diff := cmp.Diff(want, published); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
	if len(held) != 0 {
		t.Errorf("held %v", held)
	}
}

// hostile values have no business in any field that is written as it is.
var hostile = map[string]string{
	"double quote":    `5.12.4"`,
	"single quote":    `5.12.4'`,
	"backslash":       `5.12.4\`,
	"variable":        `5.12.4$args`,
	"braced variable": `${arg_os}`,
	"block":           `5.12.4 {`,
	"end of block":    `5.12.4}`,
	"semicolon":       `5.12.4; return 302 https://evil.example`,
	"newline":         "5.12.4\nroot /",
	"carriage return": "5.12.4\r\nSet-Cookie: a=b",
	"null byte":       "5.12.4\x00",
	"end of script":   `</script><script>alert(1)</script>`,
	"comment":         `<!--#include virtual="/etc/passwd" -->`,
	"script URL":      `javascript:alert(1)`,
	"parent folder":   `../../etc/passwd`,
	"parent at end":   `5.12.4/..`,
	"dots":            `..`,
	"percent":         `%2e%2e%2f`,
	"space":           `5.12.4 `,
	"plus is a space": `5.12.4+1`,
	"full-width":      "５.12.4",
	"not UTF-8":       "5.12.4\xff",
	"right to left":   "5.12.4\u202e",
	"very long":       strings.Repeat("5", 9000),
}

func TestPublishHoldsBackHostileValues(t *testing.T) {
	fields := map[string]func(*catalog.Record, string){
		"_id":             func(r *catalog.Record, v string) { r.ID = v },
		"meta.app_id":     func(r *catalog.Record, v string) { r.AppID = v },
		"meta.os":         func(r *catalog.Record, v string) { r.OS = v },
		"meta.arch":       func(r *catalog.Record, v string) { r.Arch = v },
		"meta.revision":   func(r *catalog.Record, v string) { r.Revision = v },
		"meta.release":    func(r *catalog.Record, v string) { r.Release = v },
		"meta.sha512":     func(r *catalog.Record, v string) { r.SHA512 = v },
		"meta.build_date": func(r *catalog.Record, v string) { r.BuildDate = v },
	}
	for field, set := range fields {
		for name, value := range hostile {
			t.Run(field+"/"+name, func(t *testing.T) {
				r := released()
				set(&r, value)
				published, held := catalog.Publish(app, []catalog.Record{r})
				if len(published) != 0 || len(held) != 1 {
					t.Fatalf("published %v, held %v", published, held)
				}
				if held[0].Field != field || held[0].Value != value || held[0].Reason == "" {
					t.Errorf("held for %q (%q): %q, want %q (%q)", held[0].Field, held[0].Value, held[0].Reason, field, value)
				}
				if s := held[0].String(); strings.ContainsFunc(s, func(r rune) bool { return r < ' ' }) || len(s) > 1500 {
					t.Errorf("not fit for a terminal: %q", s)
				}
			})
		}
	}
}

func TestPublishHoldsBack(t *testing.T) {
	tests := []struct {
		name   string
		change func(*catalog.Record)
		want   catalog.Held
	}{
		{"another application", func(r *catalog.Record) { r.AppID = "000000000000000000000000" },
			catalog.Held{Field: "meta.app_id", Value: "000000000000000000000000", Reason: "belongs to another application"}},
		{"revision is a hash", func(r *catalog.Record) { r.Revision = "a1b2c3d" },
			catalog.Held{Field: "meta.revision", Value: "a1b2c3d", Reason: "not a decimal number"}},
		{"revision missing", func(r *catalog.Record) { r.Revision = "" },
			catalog.Held{Field: "meta.revision", Reason: "not a decimal number"}},
		{"revision negative", func(r *catalog.Record) { r.Revision = "-1" },
			catalog.Held{Field: "meta.revision", Value: "-1", Reason: "not a decimal number"}},
		{"revision too high", func(r *catalog.Record) { r.Revision = "5266433" },
			catalog.Held{Field: "meta.revision", Value: "5266433", Reason: "higher than 2539999, the highest that can be published"}},
		{"revision no machine can hold", func(r *catalog.Record) { r.Revision = "99999999999999999999" },
			catalog.Held{Field: "meta.revision", Value: "99999999999999999999", Reason: "higher than 2539999, the highest that can be published"}},
		{"still uploading", func(r *catalog.Record) { r.Size = 0 },
			catalog.Held{Field: "size", Value: "0", Reason: "upload not finished"}},
		{"empty zip", func(r *catalog.Record) { r.Size = 22 },
			catalog.Held{Field: "size", Value: "22", Reason: "upload died: an empty zip"}},
		{"size beyond JSON", func(r *catalog.Record) { r.Size = 1 << 53 },
			catalog.Held{Field: "size", Value: "9007199254740992", Reason: "larger than any file"}},
		{"id in capitals", func(r *catalog.Record) { r.ID = "62D5D2EBE911182F1DC285B0" },
			catalog.Held{Field: "_id", Value: "62D5D2EBE911182F1DC285B0", Reason: "not 24 lower-case hex digits"}},
		{"os in capitals", func(r *catalog.Record) { r.OS = "Win" },
			catalog.Held{Field: "meta.os", Value: "Win", Reason: "not one of win, macosx, linux"}},
		{"arch missing", func(r *catalog.Record) { r.Arch = "" },
			catalog.Held{Field: "meta.arch", Reason: "not one of amd64, arm64, i386"}},
		{"release hides the index", func(r *catalog.Record) { r.Release = "Index.html" },
			catalog.Held{Field: "meta.release", Value: "Index.html", Reason: "not a plain release name (letters, digits, . _ -)"}},
		{"checksum short", func(r *catalog.Record) { r.SHA512 = "abc" },
			catalog.Held{Field: "meta.sha512", Value: "abc", Reason: "not 128 hex digits"}},
		{"name empty", func(r *catalog.Record) { r.Name = "" },
			catalog.Held{Field: "name", Reason: "empty, too long or with characters that do not print"}},
		{"name of two lines", func(r *catalog.Record) { r.Name = "a\nb" },
			catalog.Held{Field: "name", Value: "a\nb", Reason: "empty, too long or with characters that do not print"}},
		{"name with a line separator", func(r *catalog.Record) { r.Name = "a\u2028b" },
			catalog.Held{Field: "name", Value: "a\u2028b", Reason: "empty, too long or with characters that do not print"}},
		{"name reads backwards", func(r *catalog.Record) { r.Name = "Slicer\u202eexe.fdp" },
			catalog.Held{Field: "name", Value: "Slicer\u202eexe.fdp", Reason: "empty, too long or with characters that do not print"}},
		{"name with a zero-width space", func(r *catalog.Record) { r.Name = "Sli\u200bcer" },
			catalog.Held{Field: "name", Value: "Sli\u200bcer", Reason: "empty, too long or with characters that do not print"}},
		{"name not UTF-8", func(r *catalog.Record) { r.Name = "Slicer\xff" },
			catalog.Held{Field: "name", Value: "Slicer\xff", Reason: "empty, too long or with characters that do not print"}},
		{"product missing", func(r *catalog.Record) { r.BaseName = "" },
			catalog.Held{Field: "meta.baseName", Reason: "empty, too long or with characters that do not print"}},
		{"no such day", func(r *catalog.Record) { r.BuildDate = "2022-02-30T00:00:00+00:00" },
			catalog.Held{Field: "meta.build_date", Value: "2022-02-30T00:00:00+00:00", Reason: "not a date and time in 2000 to 2099"}},
		{"before its time", func(r *catalog.Record) { r.BuildDate = "1970-01-01T00:00:00+00:00" },
			catalog.Held{Field: "meta.build_date", Value: "1970-01-01T00:00:00+00:00", Reason: "not a date and time in 2000 to 2099"}},
		{"a date of a thousand digits", func(r *catalog.Record) { r.BuildDate = "2022-07-08T09:39:54." + strings.Repeat("0", 1000) + "Z" },
			catalog.Held{Field: "meta.build_date", Value: "2022-07-08T09:39:54." + strings.Repeat("0", 1000) + "Z", Reason: "not a date and time in 2000 to 2099"}},
		{"no date at all", func(r *catalog.Record) { r.BuildDate, r.Created = "", "" },
			catalog.Held{Field: "meta.build_date", Reason: "not a date and time in 2000 to 2099"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := released()
			test.change(&r)
			test.want.ID, test.want.Name = r.ID, r.Name
			published, held := catalog.Publish(app, []catalog.Record{r})
			if len(published) != 0 {
				t.Errorf("published %v", published[0])
			}
			if diff := cmp.Diff([]catalog.Held{test.want}, held); diff != "" {
				t.Errorf("held (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPublishAccepts(t *testing.T) {
	tests := []struct {
		name   string
		change func(*catalog.Record)
		want   func(*catalog.Package)
	}{
		{"text in any script", func(r *catalog.Record) { r.Name = `Schicht "Ä" <b> 3D スライサー` },
			func(p *catalog.Package) { p.Name = `Schicht "Ä" <b> 3D スライサー` }},
		{"revision with zeros before", func(r *catalog.Record) { r.Revision = "0030893" }, func(*catalog.Package) {}},
		{"highest revision", func(r *catalog.Record) { r.Revision = "2539999" }, func(p *catalog.Package) { p.Revision = 2539999 }},
		{"pre-release by hand", func(r *catalog.Record) { r.PreRelease = "True" }, func(p *catalog.Package) { p.PreRelease = true }},
		{"pre-release not a boolean", func(r *catalog.Record) { r.PreRelease = "maybe" }, func(*catalog.Package) {}},
		{"no checksum", func(r *catalog.Record) { r.SHA512 = "" }, func(p *catalog.Package) { p.SHA512 = "" }},
		{"date by hand", func(r *catalog.Record) { r.BuildDate = "2021-06-21 22:00:26" }, func(p *catalog.Package) {
			p.BuildDate, p.Built = "2021-06-21 22:00:26", time.Date(2021, 6, 21, 22, 0, 26, 0, time.UTC)
		}},
		{"date in another zone", func(r *catalog.Record) { r.BuildDate = "2021-06-21T22:00:26-05:00" }, func(p *catalog.Package) {
			p.BuildDate, p.Built = "2021-06-21T22:00:26-05:00", time.Date(2021, 6, 22, 3, 0, 26, 0, time.UTC)
		}},
		{"date missing", func(r *catalog.Record) { r.BuildDate = "" }, func(p *catalog.Package) {
			p.BuildDate, p.Built = "2022-07-18T21:38:51.412000+00:00", time.Date(2022, 7, 18, 21, 38, 51, 412e6, time.UTC)
		}},
		{"nightly", func(r *catalog.Record) { r.Release, r.Version = "", "5.13.0-2026-11-20" },
			func(p *catalog.Package) { p.Release, p.Version = "", "5.13.0" }},
		{"version neither plain nor dated", func(r *catalog.Record) { r.Release, r.Version = "", "4.5.0-1" },
			func(p *catalog.Package) { p.Release, p.Version, p.Unversioned = "", "", "4.5.0-1" }},
		{"version that is no text", func(r *catalog.Record) { r.Release, r.Version = "", "4.5.0-1\n" },
			func(p *catalog.Package) { p.Release, p.Version = "", "" }},
		{"hostile version beside a release", func(r *catalog.Record) { r.Version = `"; return 200` }, func(*catalog.Package) {}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			clean, _ := catalog.Publish(app, []catalog.Record{released()})
			test.want(clean[0])
			r := released()
			test.change(&r)
			published, held := catalog.Publish(app, []catalog.Record{r})
			if diff := cmp.Diff(clean, published); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			if len(held) != 0 {
				t.Errorf("held %v", held)
			}
		})
	}
}

func TestPublishOrder(t *testing.T) {
	record := func(id, revision, built string) catalog.Record {
		r := released()
		r.ID, r.Revision, r.BuildDate = strings.Repeat(id, 24), revision, built
		return r
	}
	published, held := catalog.Publish(app, []catalog.Record{
		record("a", "100", "2022-01-01T00:00:00+00:00"),
		record("b", "200", "2020-01-01T00:00:00+00:00"),
		record("c", "100", "2022-01-02T00:00:00+00:00"),
		record("d", "100", "2022-01-02T02:00:00+02:00"), // the same instant as c
		record("b", "300", "2022-01-01T00:00:00+00:00"),
	})
	var ids []string
	for _, p := range published {
		ids = append(ids, p.ID[:1])
	}
	if diff := cmp.Diff([]string{"b", "d", "c", "a"}, ids); diff != "" {
		t.Errorf("newest first (-want +got):\n%s", diff)
	}
	want := []catalog.Held{{
		ID: strings.Repeat("b", 24), Name: "Slicer_win_amd64_30893",
		Field: "_id", Value: strings.Repeat("b", 24), Reason: "listed twice",
	}}
	if diff := cmp.Diff(want, held); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
}

func TestVersionOf(t *testing.T) {
	tests := []struct{ name, release, version, want string }{
		{"release", "5.12.4", "5.12.4", "5.12.4"},
		{"release wins", "4.5.0-1", "5.13.0-2026-08-20", "4.5.0-1"},
		{"dated release name is no date", "4.11.20210226", "", "4.11.20210226"},
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
			if got := catalog.VersionOf(test.release, test.version); got != test.want {
				t.Errorf("VersionOf(%q, %q) = %q, want %q", test.release, test.version, got, test.want)
			}
		})
	}
}

// FuzzPublish holds Publish to what the comment of Package promises to those who write packages out.
func FuzzPublish(f *testing.F) {
	add := func(r catalog.Record) {
		f.Add(r.ID, r.Name, r.Created, r.Size, r.BaseName, r.OS, r.Arch, r.Revision, r.Version, r.Release, r.BuildDate, r.SHA512, r.PreRelease)
	}
	add(released())
	for _, value := range hostile {
		r := released()
		r.Version = value + "-2022-07-08"
		r.Release = ""
		add(r)
		r.Name, r.BaseName, r.Release = value, value, value
		add(r)
	}
	var (
		id       = regexp.MustCompile(`\A[0-9a-f]{24}\z`)
		version  = regexp.MustCompile(`\A([0-9A-Za-z][0-9A-Za-z._-]{0,39})?\z`)
		checksum = regexp.MustCompile(`\A([0-9a-f]{128})?\z`)
		date     = regexp.MustCompile(`\A[0-9T:.,+Z -]{10,40}\z`)
		platform = regexp.MustCompile(`\A(amd64|arm64|i386)-(win|macosx|linux)\z`)
		text     = regexp.MustCompile(`\A[^\pC\p{Zl}\p{Zp}\x{FFFD}]{1,200}\z`)
	)
	f.Fuzz(func(t *testing.T, rid, name, created string, size int64, base, os, arch, revision, rversion, release, built, sum, pre string) {
		record := catalog.Record{
			ID: rid, Name: name, Created: created, Size: size, AppID: app, BaseName: base, OS: os, Arch: arch,
			Revision: revision, Version: rversion, Release: release, BuildDate: built, SHA512: sum, PreRelease: pre,
		}
		published, held := catalog.Publish(app, []catalog.Record{record})
		if len(published)+len(held) != 1 {
			t.Fatalf("%d published, %d held of one", len(published), len(held))
		}
		for _, p := range published {
			for _, c := range []struct {
				field, value string
				re           *regexp.Regexp
			}{
				{"ID", p.ID, id}, {"Version", p.Version, version}, {"Release", p.Release, version},
				{"SHA512", p.SHA512, checksum}, {"BuildDate", p.BuildDate, date},
				{"Platform", p.Platform().String(), platform}, {"Name", p.Name, text}, {"ProductName", p.ProductName, text},
			} {
				if !c.re.MatchString(c.value) {
					t.Errorf("%s = %q, want %s", c.field, c.value, c.re)
				}
			}
			if strings.Contains(p.Version, "..") || strings.HasPrefix(strings.ToLower(p.Version), "index.") {
				t.Errorf("Version = %q is not fit for a path", p.Version)
			}
			if p.Revision < 0 || p.Revision > catalog.MaxRevision || p.Size <= 22 || p.Size > catalog.MaxSize {
				t.Errorf("revision %d, size %d", p.Revision, p.Size)
			}
			again, ok := catalog.ParseBuildDate(p.BuildDate)
			if !ok || !again.Equal(p.Built) || p.Built.Location() != time.UTC || p.Built.Year() < 2000 || p.Built.Year() > 2099 {
				t.Errorf("Built = %v of %q, read again %v", p.Built, p.BuildDate, again)
			}
		}
	})
}
