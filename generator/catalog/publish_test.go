package catalog_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
)

// scheme is the scheme of an invented project.
var scheme = &catalog.Scheme{
	IDs: catalog.HexIDs, Revisions: true,
	Systems: []catalog.System{
		{ID: "win", Title: "Windows", Aliases: []string{"windows"}},
		{ID: "macosx", Title: "macOS", Aliases: []string{"darwin"}},
		{ID: "linux", Title: "Linux"},
	},
	Arches: []catalog.Architecture{
		{ID: "amd64", Title: "64-bit Intel and AMD", Titles: map[catalog.OS]string{"macosx": "Intel chip"},
			Aliases: []string{"x86_64"}},
		{ID: "arm64", Title: "64-bit ARM", Titles: map[catalog.OS]string{"macosx": "Apple chip"}},
		{ID: "i386", Title: "32-bit Intel and AMD"},
	},
}

// spelling is the spelling of an invented source.
var spelling = catalog.Spelling{catalog.FieldID: "_id", catalog.FieldOS: "meta.os"}

// fileURL is the URL of the records' file.
const fileURL = "https://files.example.org/item/62d5d2ebe911182f1dc285b0/download"

func publish(records ...catalog.Record) ([]*catalog.Package, []catalog.Held) {
	return catalog.Publish(scheme, spelling, records)
}

// released returns a valid record.
func released() catalog.Record {
	return catalog.Record{
		ID: "62d5d2ebe911182f1dc285b0", Name: "Aurora_win_amd64_30893", Size: 222149208, ProductName: "Aurora",
		OS: "win", Arch: "amd64", Revision: "30893", Version: "5.0.3", Release: "5.0.3",
		BuildDate: "2022-07-08T09:39:54.992000+00:00", SHA512: strings.Repeat("aB", 64),
		SHA256:   strings.Repeat("cD", 32),
		FileName: "Aurora-5.0.3.exe", URL: fileURL,
	}
}

func TestPublish(t *testing.T) {
	published, held := publish(released())
	want := []*catalog.Package{{
		ID: "62d5d2ebe911182f1dc285b0", Name: "Aurora_win_amd64_30893", ProductName: "Aurora",
		OS: "win", Arch: "amd64", Revision: 30893, Version: "5.0.3", Release: "5.0.3",
		BuildDate: "2022-07-08T09:39:54.992000+00:00", Built: time.Date(2022, 7, 8, 9, 39, 54, 992e6, time.UTC),
		Size: 222149208, SHA512: strings.Repeat("ab", 64), SHA256: strings.Repeat("cd", 32),
		FileName: "Aurora-5.0.3.exe", URL: fileURL,
	}}
	if diff := cmp.Diff(want, published); diff != "" {
		t.Errorf("published (-want +got):\n%s", diff)
	}
	if len(held) != 0 {
		t.Errorf("held %v", held)
	}
}

// hostile values must not be accepted in any field that is written without escaping.
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
		"_id":        func(r *catalog.Record, v string) { r.ID = v },
		"meta.os":    func(r *catalog.Record, v string) { r.OS = v },
		"arch":       func(r *catalog.Record, v string) { r.Arch = v },
		"revision":   func(r *catalog.Record, v string) { r.Revision = v },
		"release":    func(r *catalog.Record, v string) { r.Release = v },
		"sha512":     func(r *catalog.Record, v string) { r.SHA512 = v },
		"build_date": func(r *catalog.Record, v string) { r.BuildDate = v },
		"version":    func(r *catalog.Record, v string) { r.Version = v },
		"url":        func(r *catalog.Record, v string) { r.URL = v },
		"sha256":     func(r *catalog.Record, v string) { r.SHA256 = v },
	}
	for field, set := range fields {
		for name, value := range hostile {
			t.Run(field+"/"+name, func(t *testing.T) {
				r := released()
				set(&r, value)
				published, held := publish(r)
				if len(published) != 0 || len(held) != 1 {
					t.Fatalf("published %v, held %v", published, held)
				}
				if held[0].Field != field || held[0].Value != value || held[0].Reason == "" {
					t.Errorf("held for %q (%q): %q, want %q (%q)",
						held[0].Field, held[0].Value, held[0].Reason, field, value)
				}
				isControl := func(r rune) bool { return r < ' ' }
				if s := held[0].String(); strings.ContainsFunc(s, isControl) || len(s) > 1500 {
					t.Errorf("not safe to print on a terminal: %q", s)
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
		{"held back by the source", func(r *catalog.Record) {
			r.Hold = &catalog.Held{Field: "size", Value: "22",
				Reason: "an empty zip"}
		},
			catalog.Held{Field: "size", Value: "22", Reason: "an empty zip"}},
		{"revision is a hash", func(r *catalog.Record) { r.Revision = "a1b2c3d" },
			catalog.Held{Field: "revision", Value: "a1b2c3d", Reason: "not a decimal number"}},
		{"revision missing", func(r *catalog.Record) { r.Revision = "" },
			catalog.Held{Field: "revision", Reason: "not a decimal number"}},
		{"revision negative", func(r *catalog.Record) { r.Revision = "-1" },
			catalog.Held{Field: "revision", Value: "-1", Reason: "not a decimal number"}},
		{"revision too high", func(r *catalog.Record) { r.Revision = "5266433" },
			catalog.Held{Field: "revision", Value: "5266433",
				Reason: "higher than 2539999, the highest that can be published"}},
		{"revision out of range", func(r *catalog.Record) { r.Revision = "99999999999999999999" },
			catalog.Held{Field: "revision", Value: "99999999999999999999",
				Reason: "higher than 2539999, the highest that can be published"}},
		{"still uploading", func(r *catalog.Record) { r.Size = 0 },
			catalog.Held{Field: "size", Value: "0", Reason: "upload not finished"}},
		{"size too large for JSON", func(r *catalog.Record) { r.Size = 1 << 53 },
			catalog.Held{Field: "size", Value: "9007199254740992", Reason: "larger than the largest possible file"}},
		{"id in capitals", func(r *catalog.Record) { r.ID = "62D5D2EBE911182F1DC285B0" },
			catalog.Held{Field: "_id", Value: "62D5D2EBE911182F1DC285B0", Reason: "not 24 lower-case hex digits"}},
		{"os in capitals", func(r *catalog.Record) { r.OS = "Win" },
			catalog.Held{Field: "meta.os", Value: "Win", Reason: "not one of win, macosx, linux",
				Hint: "add an alias to the profile"}},
		{"arch missing", func(r *catalog.Record) { r.Arch = "" },
			catalog.Held{Field: "arch", Reason: "not one of amd64, arm64, i386", Hint: "add an alias to the profile"}},
		{"release hides the index", func(r *catalog.Record) { r.Release = "Index.html" },
			catalog.Held{Field: "release", Value: "Index.html",
				Reason: "not a plain release name (letters, digits, . _ -)"}},
		{"checksum short", func(r *catalog.Record) { r.SHA512 = "abc" },
			catalog.Held{Field: "sha512", Value: "abc", Reason: "not 128 hex digits"}},
		{"name empty", func(r *catalog.Record) { r.Name = "" },
			catalog.Held{Field: "name", Reason: "empty, too long or with unprintable characters"}},
		{"name of two lines", func(r *catalog.Record) { r.Name = "a\nb" },
			catalog.Held{Field: "name", Value: "a\nb", Reason: "empty, too long or with unprintable characters"}},
		{"name with a line separator", func(r *catalog.Record) { r.Name = "a\u2028b" },
			catalog.Held{Field: "name", Value: "a\u2028b", Reason: "empty, too long or with unprintable characters"}},
		{"name with a right-to-left override", func(r *catalog.Record) { r.Name = "Aurora\u202eexe.fdp" },
			catalog.Held{Field: "name", Value: "Aurora\u202eexe.fdp",
				Reason: "empty, too long or with unprintable characters"}},
		{"name with a zero-width space", func(r *catalog.Record) { r.Name = "Auro\u200bra" },
			catalog.Held{Field: "name", Value: "Auro\u200bra",
				Reason: "empty, too long or with unprintable characters"}},
		{"name not UTF-8", func(r *catalog.Record) { r.Name = "Aurora\xff" },
			catalog.Held{Field: "name", Value: "Aurora\xff", Reason: "empty, too long or with unprintable characters"}},
		{"product missing", func(r *catalog.Record) { r.ProductName = "" },
			catalog.Held{Field: "product", Reason: "empty, too long or with unprintable characters"}},
		{"no such day", func(r *catalog.Record) { r.BuildDate = "2022-02-30T00:00:00+00:00" },
			catalog.Held{Field: "build_date", Value: "2022-02-30T00:00:00+00:00",
				Reason: "not a date and time in 2000 to 2099"}},
		{"year out of range", func(r *catalog.Record) { r.BuildDate = "1970-01-01T00:00:00+00:00" },
			catalog.Held{Field: "build_date", Value: "1970-01-01T00:00:00+00:00",
				Reason: "not a date and time in 2000 to 2099"}},
		{"a date of a thousand digits",
			func(r *catalog.Record) { r.BuildDate = "2022-07-08T09:39:54." + strings.Repeat("0", 1000) + "Z" },
			catalog.Held{Field: "build_date", Value: "2022-07-08T09:39:54." + strings.Repeat("0", 1000) + "Z",
				Reason: "not a date and time in 2000 to 2099"}},
		{"no URL", func(r *catalog.Record) { r.URL = "" },
			catalog.Held{Field: "url", Reason: "missing", Hint: "list it, or set download in the profile"}},
		{"no URL and no file name for one", func(r *catalog.Record) {
			r.URL, r.FileName, r.Download = "", "", catalog.MustTemplate("https://files.example.org/{file}")
		}, catalog.Held{Field: "url",
			Reason: `missing, and the package lacks a field of "https://files.example.org/{file}"`}},
		{"URL too long from a template", func(r *catalog.Record) {
			r.URL, r.Download = "", catalog.MustTemplate("https://files.example.org/"+strings.Repeat("{sha512}/", 4))
		}, catalog.Held{Field: "url", Reason: "not an http or https URL that can be sent without escaping",
			Value: "https://files.example.org/" + strings.Repeat(strings.Repeat("ab", 64)+"/", 4)}},
		{"signature without a host", func(r *catalog.Record) { r.Signature = "aurora.exe.asc" },
			catalog.Held{Field: "signature", Value: "aurora.exe.asc",
				Reason: "not an http or https URL that can be sent without escaping"}},
		{"SBOM that is a script", func(r *catalog.Record) { r.SBOM = "javascript:alert(1)" },
			catalog.Held{Field: "sbom", Value: "javascript:alert(1)",
				Reason: "not an http or https URL that can be sent without escaping"}},
		{"no date at all", func(r *catalog.Record) { r.BuildDate = "" },
			catalog.Held{Field: "build_date", Reason: "not a date and time in 2000 to 2099"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			r := released()
			test.change(&r)
			test.want.ID, test.want.Name = r.ID, r.Name
			published, held := publish(r)
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
		{"revision with leading zeros", func(r *catalog.Record) { r.Revision = "0030893" }, func(*catalog.Package) {}},
		{"highest revision", func(r *catalog.Record) { r.Revision = "2539999" },
			func(p *catalog.Package) { p.Revision = 2539999 }},
		{"system and architecture by alias", func(r *catalog.Record) { r.OS, r.Arch = "Darwin", "X86_64" },
			func(p *catalog.Package) { p.OS = "macosx" }},
		{"URL from a template", func(r *catalog.Record) {
			r.URL = ""
			r.Download = catalog.MustTemplate("https://files.example.org/{os}/{revision}/{file}?sha={sha256}")
		}, func(p *catalog.Package) {
			p.URL = "https://files.example.org/win/30893/Aurora-5.0.3.exe?sha=" + strings.Repeat("cd", 32)
		}},
		{"URL and a template", func(r *catalog.Record) {
			r.Download = catalog.MustTemplate("https://files.example.org/{os}")
		}, func(*catalog.Package) {}},
		{"file name with shell syntax", func(r *catalog.Record) { r.FileName = "$(reboot).exe" },
			func(p *catalog.Package) { p.FileName = "" }},
		{"no checksum", func(r *catalog.Record) { r.SHA512 = "" }, func(p *catalog.Package) { p.SHA512 = "" }},
		{"date by hand", func(r *catalog.Record) { r.BuildDate = "2021-06-21 22:00:26" }, func(p *catalog.Package) {
			p.BuildDate, p.Built = "2021-06-21 22:00:26", time.Date(2021, 6, 21, 22, 0, 26, 0, time.UTC)
		}},
		{"date in another zone", func(r *catalog.Record) { r.BuildDate = "2021-06-21T22:00:26-05:00" },
			func(p *catalog.Package) {
				p.BuildDate, p.Built = "2021-06-21T22:00:26-05:00", time.Date(2021, 6, 22, 3, 0, 26, 0, time.UTC)
			}},
		{"unversioned text with an unprintable character", func(r *catalog.Record) { r.Unversioned = "4.5.0-1\n" },
			func(*catalog.Package) {}},
		{"unversioned", func(r *catalog.Record) { r.Unversioned = "4.5.0-1" },
			func(p *catalog.Package) { p.Unversioned = "4.5.0-1" }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			clean, _ := publish(released())
			test.want(clean[0])
			r := released()
			test.change(&r)
			published, held := publish(r)
			if diff := cmp.Diff(clean, published); diff != "" {
				t.Errorf("published (-want +got):\n%s", diff)
			}
			if len(held) != 0 {
				t.Errorf("held %v", held)
			}
		})
	}
}

// TestIDsThatDifferInCase checks two ids that are the same in a file system which ignores case.
func TestIDsThatDifferInCase(t *testing.T) {
	s := *scheme
	s.IDs = catalog.NameIDs
	var records []catalog.Record
	for _, id := range []string{"aurora-1", "Aurora-1", "aurora-2"} {
		r := released()
		r.ID = id
		records = append(records, r)
	}
	published, held := catalog.Publish(&s, spelling, records)
	if len(published) != 2 || len(held) != 1 || held[0].ID != "Aurora-1" ||
		held[0].Reason != "differs only in case from the id of another record" {
		t.Errorf("published %d, held %+v", len(published), held)
	}
}

func TestPublishOrder(t *testing.T) {
	record := func(id, revision, built string) catalog.Record {
		r := released()
		r.ID, r.Revision, r.BuildDate = strings.Repeat(id, 24), revision, built
		return r
	}
	published, held := publish(
		record("a", "100", "2022-01-01T00:00:00+00:00"),
		record("b", "200", "2020-01-01T00:00:00+00:00"),
		record("c", "100", "2022-01-02T00:00:00+00:00"),
		record("d", "100", "2022-01-02T02:00:00+02:00"), // the same time as c
		record("b", "300", "2022-01-01T00:00:00+00:00"),
	)
	var ids []string
	for _, p := range published {
		ids = append(ids, p.ID[:1])
	}
	if diff := cmp.Diff([]string{"b", "d", "c", "a"}, ids); diff != "" {
		t.Errorf("newest first (-want +got):\n%s", diff)
	}
	want := []catalog.Held{{
		ID: strings.Repeat("b", 24), Name: "Aurora_win_amd64_30893",
		Field: "_id", Value: strings.Repeat("b", 24), Reason: "listed twice",
		Hint: "use a unique id for each package",
	}}
	if diff := cmp.Diff(want, held); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
}

// TestReleaseWinsTie checks the order of packages with the same revision and build date, which a release and the draft
// that it was copied from have.
func TestReleaseWinsTie(t *testing.T) {
	record := func(id, release string, pre bool) catalog.Record {
		r := released()
		r.ID, r.Release, r.PreRelease = strings.Repeat(id, 24), release, pre
		return r
	}
	records := []catalog.Record{
		record("f", "", true), record("a", "5.0.3", false), record("e", "", false), record("c", "5.0.3", true),
		record("b", "5.0.2", false),
	}
	for range records {
		records = append(records[1:], records[0]) // the order of the listing does not matter
		published, _ := publish(records...)
		var ids []string
		for _, p := range published {
			ids = append(ids, p.ID[:1])
		}
		if diff := cmp.Diff([]string{"b", "a", "c", "f", "e"}, ids); diff != "" {
			t.Errorf("newest first (-want +got):\n%s", diff)
		}
	}
}

// TestPublishWithoutRevisions checks that the build day is used as the revision.
func TestPublishWithoutRevisions(t *testing.T) {
	s := *scheme
	s.Revisions = false
	r := released()
	r.Revision = "" // ignored in any case
	published, held := catalog.Publish(&s, spelling, []catalog.Record{r})
	if len(held) != 0 || len(published) != 1 || published[0].Revision != 220708 {
		t.Errorf("published %+v, held %v, want revision 220708", published, held)
	}
}

func TestGroupHeld(t *testing.T) {
	hold := func(field, value, reason, hint string) catalog.Held {
		return catalog.Held{Field: field, Value: value, Reason: reason, Hint: hint}
	}
	var lines []string
	for _, g := range catalog.GroupHeld([]catalog.Held{
		hold("size", "0", "upload not finished", ""),
		hold("meta.os", "windows", "not one of win, macosx", "add an alias to the profile"),
		hold("meta.os", "beos", "not one of win, macosx", "add an alias to the profile"),
		hold("version", "", "missing", ""),
	}) {
		lines = append(lines, g.String())
	}
	want := []string{
		`2 × meta.os: not one of win, macosx, for example "windows"; add an alias to the profile`,
		`1 × size: upload not finished, for example "0"`,
		`1 × version: missing`,
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// FuzzPublish checks that the fields of published packages are as safe as the documentation of Package promises.
func FuzzPublish(f *testing.F) {
	add := func(r catalog.Record) {
		f.Add(r.ID, r.Name, r.Size, r.ProductName, r.OS, r.Arch, r.Revision, r.Version, r.Release, r.BuildDate,
			r.SHA512, r.SHA256, r.FileName, r.URL)
	}
	add(released())
	for _, value := range hostile {
		r := released()
		r.Version, r.FileName, r.URL = value, value, "https://example.org/"+value
		r.Release = ""
		add(r)
		r.Name, r.ProductName, r.Release, r.Unversioned = value, value, value, value
		add(r)
	}
	var (
		id       = regexp.MustCompile(`\A[0-9a-f]{24}\z`)
		version  = regexp.MustCompile(`\A([0-9A-Za-z][0-9A-Za-z._-]{0,39})?\z`)
		fileName = regexp.MustCompile(`\A([0-9A-Za-z][0-9A-Za-z._+-]{0,199})?\z`)
		link     = regexp.MustCompile(`\Ahttps?://[!#%-;=?-Z_a-z~\[\]]{1,512}\z`)
		short    = regexp.MustCompile(`\A([0-9a-f]{64})?\z`)
		checksum = regexp.MustCompile(`\A([0-9a-f]{128})?\z`)
		date     = regexp.MustCompile(`\A[0-9T:.,+Z -]{10,40}\z`)
		platform = regexp.MustCompile(`\A(amd64|arm64|i386)-(win|macosx|linux)\z`)
		text     = regexp.MustCompile(`\A[^\pC\p{Zl}\p{Zp}\x{FFFD}]{1,200}\z`)
	)
	f.Fuzz(func(t *testing.T, rid, name string, size int64, product, os, arch, revision, rversion, release, built,
		sha512, sha256, file, url string) {
		record := catalog.Record{
			ID: rid, Name: name, Size: size, ProductName: product, OS: os, Arch: arch, Revision: revision,
			Version:     rversion,
			Unversioned: rversion, Release: release, BuildDate: built, SHA512: sha512, SHA256: sha256, FileName: file,
			URL: url,
		}
		published, held := publish(record)
		if len(published)+len(held) != 1 {
			t.Fatalf("%d published, %d held of one", len(published), len(held))
		}
		for _, p := range published {
			for _, c := range []struct {
				field, value string
				re           *regexp.Regexp
			}{
				{"ID", p.ID, id}, {"Version", p.Version, version}, {"Release", p.Release, version},
				{"SHA512", p.SHA512, checksum}, {"SHA256", p.SHA256, short}, {"FileName", p.FileName, fileName},
				{"URL", p.URL, link}, {"BuildDate", p.BuildDate, date},
				{"Platform", p.Platform().String(), platform}, {"Name", p.Name, text},
				{"ProductName", p.ProductName, text},
			} {
				if !c.re.MatchString(c.value) {
					t.Errorf("%s = %q, want %s", c.field, c.value, c.re)
				}
			}
			if strings.Contains(p.Version, "..") || strings.HasPrefix(strings.ToLower(p.Version), "index.") {
				t.Errorf("Version = %q is not safe in a path", p.Version)
			}
			if p.Revision < 0 || p.Revision > catalog.MaxRevision || p.Size <= 0 || p.Size > catalog.MaxSize {
				t.Errorf("revision %d, size %d", p.Revision, p.Size)
			}
			again, ok := catalog.ParseBuildDate(p.BuildDate)
			if !ok || !again.Equal(p.Built) || p.Built.Location() != time.UTC || p.Built.Year() < 2000 ||
				p.Built.Year() > 2099 {
				t.Errorf("Built = %v of %q, read again %v", p.Built, p.BuildDate, again)
			}
		}
	})
}
