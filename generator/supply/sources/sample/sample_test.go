package sample_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/supply/source"
	"github.com/Slicer/sitegen/generator/supply/sources/sample"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestSample checks that sample.json is the selection that sampled makes from the test catalogue. To change it, change
// sampled and run
//
//	go test ./generator/supply/sources/sample -run TestSample -update
func TestSample(t *testing.T) {
	want := sampled(t, testutil.Listing(t, "live"))
	if len(want) > 80_000 {
		t.Errorf("the sample has %d bytes, want at most 80,000, because it is embedded in the program", len(want))
	}
	if testutil.Update() {
		if err := os.WriteFile("sample.json", want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile("sample.json")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("sample.json differs from the selection of testdata/catalog.json; run go test " +
			"./generator/supply/sources/sample -run TestSample -update")
	}
}

// sampledReleases lists the releases in the sample, with packages for all operating systems, and a release candidate
// that was never published.
var sampledReleases = []string{
	"4.8.1", "4.10.2", "4.11.20210226", "5.0.3", "5.2.2", "5.4.0", "5.6.2", "5.8.1", "5.10.0",
	"5.12.2-rc1", "5.12.2", "5.12.3", "5.12.4",
}

// sampledOddities are an unfinished upload, an interrupted one, an item of another application and a revision that is a
// hash.
var sampledOddities = []string{
	"6b00105d1232896664b59098", "6affc1d030c81c93daeb1559", "6af68663790aef3c11692cfb", "6af3dfc3498ddc7df0792653",
}

// sampledNightlies is the first day, by build date, whose nightly builds are in the sample.
const sampledNightlies = "2026-11-09"

// sampled selects items of a listing, in their order, one per line.
func sampled(t *testing.T, listing []byte) []byte {
	var items []json.RawMessage
	if err := json.Unmarshal(listing, &items); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	separator := "[\n"
	for _, raw := range items {
		var item struct {
			ID   string `json:"_id"`
			Meta struct {
				AppID     string `json:"app_id"`
				Release   string `json:"release"`
				Version   string `json:"version"`
				BuildDate string `json:"build_date"`
			} `json:"meta"`
		}
		if err := json.Unmarshal(raw, &item); err != nil {
			t.Fatal(err)
		}
		// Regular nightly builds of those days have their build date in the version.
		nightly := item.Meta.Release == "" && item.Meta.BuildDate > sampledNightlies &&
			strings.HasSuffix(item.Meta.Version, "-"+item.Meta.BuildDate[:10])
		if nightly || slices.Contains(sampledReleases, item.Meta.Release) || slices.Contains(sampledOddities, item.ID) {
			out.WriteString(separator)
			out.Write(raw)
			separator = ",\n"
		}
	}
	out.WriteString("\n]\n")
	return out.Bytes()
}

func TestSampleShowsEverything(t *testing.T) {
	src := sample.Kind().Open(source.Options{Scheme: testutil.Scheme(t), Product: testutil.Profile(t).Project})
	list, err := src.Read(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	published, held := catalog.Publish(testutil.Scheme(t), list.Spelling, list.Records)
	if want := testutil.API(t) + "/item/" + published[0].ID + "/download"; published[0].URL != want ||
		src.Identity() != "sample" {
		t.Errorf("%s: URL %s, want %s", src.Identity(), published[0].URL, want)
	}
	type kind struct {
		Platform  string
		Stability catalog.Stability
	}
	newest := make(map[kind]string)
	count := make(map[kind]int)
	preReleases := 0
	for _, p := range published {
		k := kind{p.Platform().String(), p.Stability()}
		count[k]++
		if newest[k] == "" {
			newest[k] = p.Version + " " + p.Day()
		}
		if p.PreRelease && p.Release != "" {
			preReleases++
		}
	}
	wantNewest := map[kind]string{
		{"amd64-win", catalog.Release}: "5.12.4 2026-09-09", {"amd64-win", catalog.Nightly}: "5.13.0 2026-11-20",
		{"amd64-macosx", catalog.Release}: "5.12.4 2026-09-09", {"amd64-macosx", catalog.Nightly}: "5.13.0 2026-11-20",
		{"amd64-linux", catalog.Release}: "5.12.4 2026-09-09", {"amd64-linux", catalog.Nightly}: "5.13.0 2026-11-20",
		{"arm64-macosx", catalog.Nightly}: "5.13.0 2026-11-20",
	}
	if diff := cmp.Diff(wantNewest, newest); diff != "" {
		t.Errorf("newest of each kind (-want +got):\n%s", diff)
	}
	for k, n := range count {
		if n < 8 {
			t.Errorf("%v: only %d packages", k, n)
		}
	}
	if preReleases != 1 {
		t.Errorf("%d pre-releases, want 1", preReleases)
	}
	reasons := make(map[string]string)
	for _, h := range held {
		reasons[h.ID] = h.Reason
	}
	wantReasons := map[string]string{
		"6b00105d1232896664b59098": "upload not finished",
		"6affc1d030c81c93daeb1559": "upload was interrupted: an empty zip",
		"6af68663790aef3c11692cfb": "belongs to another application",
		"6af3dfc3498ddc7df0792653": "not a decimal number",
	}
	if diff := cmp.Diff(wantReasons, reasons); diff != "" {
		t.Errorf("held (-want +got):\n%s", diff)
	}
}

// TestSampleOfAnotherProject reads the sample for a project with other systems and names.
func TestSampleOfAnotherProject(t *testing.T) {
	scheme := &catalog.Scheme{
		IDs: catalog.NameIDs,
		Systems: []catalog.System{
			{ID: "freebsd", Title: "FreeBSD", Family: catalog.UnixFamily},
			{ID: "darwin", Title: "macOS", Family: catalog.MacFamily, Aliases: []string{"macosx"}},
		},
		Arches: []catalog.Architecture{{ID: "x86_64", Title: "Intel", Aliases: []string{"amd64"}},
			{ID: "aarch64", Title: "ARM"}},
	}
	list, err := sample.Kind().Open(source.Options{Scheme: scheme, Product: "Aurora"}).Read(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	packages, _ := catalog.Publish(scheme, list.Spelling, list.Records)
	count := map[catalog.Platform]int{}
	for _, p := range packages {
		count[p.Platform()]++
		if p.ProductName != "Aurora" || !strings.HasPrefix(p.Name, "Aurora_"+string(p.OS)+"_"+string(p.Arch)) ||
			!strings.HasPrefix(p.URL, "https://example.org/") {
			t.Errorf("package %+v", p)
		}
	}
	for _, platform := range []catalog.Platform{{Arch: "x86_64", OS: "freebsd"}, {Arch: "x86_64", OS: "darwin"},
		{Arch: "aarch64", OS: "darwin"}} {
		if count[platform] < 10 {
			t.Errorf("%d packages for %s: %v", count[platform], platform, count)
		}
	}
}
