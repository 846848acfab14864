package stats

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompareFile(t *testing.T) {
	const table = `{"period":"2026-10","grain":"day","from":"2026-10-01","packages":[["2.3.0","win"],["2.4.0","win"]],` +
		`"countries":["DE",""],"classes":["bot","browser"],"buckets":[0,2],"rows":[2,1],"package":[0,1,1],` +
		`"country":[0,1,0],"class":[1,1,0],"downloads":[7,4,1]}`
	for _, tc := range []struct {
		name, file, published, counted string
		want                           []FileDifference
	}{
		{"number", "cube-2026-10.json", strings.Replace(table, "7,4,1]", "7,5,1]", 1), table,
			[]FileDifference{{Name: "2026-10-01 2.4.0 win, country unknown, browser", Published: "5", Counted: "4"}}},
		{"other day", "cube-2026-10.json", strings.Replace(table, "[0,2]", "[0,3]", 1), table, []FileDifference{
			{Name: "2026-10-03 2.4.0 win, DE, bot", Published: "0", Counted: "1"},
			{Name: "2026-10-04 2.4.0 win, DE, bot", Published: "1", Counted: "0"}}},
		{"damaged", "cube-2026-10.json", strings.Replace(table, `"rows":[2,1]`, `"rows":[2,9]`, 1), table,
			[]FileDifference{{Published: "a damaged table", Counted: "a table"}}},
		{"other field", "cube-2026-10.json", strings.Replace(table, `2026-10"`, `2026-11"`, 1), table,
			[]FileDifference{{Name: "line 1"}}},
		{"share", "summary.json", `{"versions":[{"value":"5.8","downloads":2}]}`,
			`{"versions":[{"value":"5.8","downloads":1},{"value":"5.6","downloads":3}]}`, []FileDifference{
				{Name: "versions[5.6]", Published: "nothing", Counted: `{"downloads":3,"value":"5.6"}`},
				{Name: "versions[5.8].downloads", Published: "2", Counted: "1"}}},
		{"order", "summary.json", `{"a":[{"value":"1"},{"value":"2"}]}`, `{"a":[{"value":"2"},{"value":"1"}]}`,
			[]FileDifference{{Name: "line 1"}}},
		{"other type", "x.json", `[1]`, `1`, []FileDifference{{Name: "", Published: "[1]", Counted: "1"}}},
		{"text", "index.html", "a\nb\x00", "a\nc\nd", []FileDifference{{Name: "line 2", Published: "b·", Counted: "c"}}},
		{"end", "index.html", "a\n", "a", []FileDifference{{Name: "line 2", Published: "nothing", Counted: "nothing"}}},
		{"same", "index.html", "a", "a", nil},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := CompareFile(tc.file, []byte(tc.published), []byte(tc.counted))
			for i := range tc.want {
				tc.want[i].File = tc.file
				if i < len(got) && tc.want[i].Published == "" {
					tc.want[i].Published, tc.want[i].Counted = got[i].Published, got[i].Counted
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// FuzzCompareFile compares files that are edited at random.
func FuzzCompareFile(f *testing.F) {
	f.Add("cube-1.json", `{"from":"2026-10-01","packages":[[]],"countries":[""],"classes":["x"],"buckets":[1],"rows":[1],`+
		`"package":[0],"country":[0],"class":[0],"downloads":[1]}`, `{"from":"2026-10-01"}`)
	f.Add("summary.json", `{"a":[{"value":"1"}]}`, `{"a":[null]}`)
	f.Fuzz(func(t *testing.T, name, published, counted string) {
		if got := CompareFile(name, []byte(published), []byte(counted)); (len(got) > 0) != (published != counted) {
			t.Errorf("%d differences", len(got))
		}
	})
}
