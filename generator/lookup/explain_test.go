package lookup_test

import (
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/testutil"
)

// TestExplain checks that the output contains what explains an answer.
func TestExplain(t *testing.T) {
	x := testutil.Index(t, "live")
	for _, tt := range []struct {
		name, url string
		want      []string
	}{
		{"offset", "/download?os=win&version=5.2&offset=-1&utm=x", []string{
			"version    5.2", "stability  release", "(default)", `"utm"`, "(unknown: ignored)",
			"candidates for win, release", "* 63f4", "offset -1: from revision 31382", "302 to /bitstream/"}},
		{"offset too large", "/find?os=win&stability=any&offset=3",
			[]string{"offset +3: from revision 35185 only 0 higher ones are left", "404: no package matches"}},
		{"wrong parameter", "/find?os=amiga",
			[]string{`os="amiga" is missing or is not a known operating system; allowed: win, macosx, linux`}},
		{"no packages", "/find?os=linux&arch=i386", []string{"nothing is published for i386-linux"}},
		{"cells", "/findall?date=2022-01-01",
			[]string{"date       2022-01-01", "candidates for linux, nightly", "win release: "}},
		{"bitstream", "https://download.example.org/bitstream/60add6fdae4540bf6a89bf73",
			[]string{"302 to the file of"}},
		{"unknown bitstream", "/bitstream/1341035", []string{"404: no published package has this id"}},
		{"a file", "/releases/", []string{"no such route"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			if err := x.Explain(&out, tt.url); err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is missing from:\n%s", want, out.String())
				}
			}
		})
	}
}
