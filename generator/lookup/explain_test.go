package lookup_test

import (
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/testutil"
)

// TestExplain checks that the output contains what explains an answer.
func TestExplain(t *testing.T) {
	live, aurora := testutil.Index(t, "live"), testutil.Aurora(t)
	for _, tt := range []struct {
		name  string
		index *lookup.Index
		url   string
		want  []string
	}{
		{"offset", live, "/download?os=win&version=5.2&offset=-1&utm=x", []string{
			"version    5.2", "stability  release", "(default)", `"utm"`, "(unknown: ignored)",
			"candidates for win, release", "* 63f4", "offset -1: from revision 31382", "302 to /bitstream/"}},
		{"offset too large", live, "/find?os=win&stability=any&offset=3",
			[]string{"offset +3: from revision 35185 only 0 higher ones are left", "404: no package matches"}},
		{"wrong parameter", live, "/find?os=amiga",
			[]string{`os="amiga" is missing or is not a known operating system; allowed: win, macosx, linux`}},
		{"no packages", live, "/find?os=linux&arch=i386", []string{"nothing is published for i386-linux"}},
		{"cells", live, "/findall?date=2022-01-01",
			[]string{"date       2022-01-01", "candidates for linux, nightly", "win release: "}},
		{"bitstream", live, "https://download.example.org/bitstream/60add6fdae4540bf6a89bf73",
			[]string{"302 to the file of"}},
		{"unknown bitstream", live, "/bitstream/1341035", []string{"404: no published package has this id"}},
		{"a file", live, "/releases/", []string{"no such route"}},
		{"offset without revisions", aurora, "/download?os=linux&offset=-2", []string{
			"x86_64-linux has 16 build days; 8 packages match stability release",
			"* aurora-3.4-linux-x86_64  3.4  built 2026-09-15  release",
			"offset -2: from 2026-09-15, 2 build days earlier is 2026-01-20; its newest build:"}},
		{"offset too large without revisions", aurora, "/find?os=linux&stability=any&offset=3",
			[]string{"offset +3: from 2026-11-24 only 0 later ones are left: no match"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			if err := tt.index.Explain(&out, tt.url); err != nil {
				t.Fatal(err)
			}
			if tt.index == aurora && strings.Contains(out.String(), "revision") {
				t.Errorf("Aurora has no revisions:\n%s", out.String())
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is missing from:\n%s", want, out.String())
				}
			}
		})
	}
}
