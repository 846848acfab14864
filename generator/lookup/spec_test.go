package lookup_test

import (
	"testing"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/testutil"
)

func TestPermalink(t *testing.T) {
	spec := testutil.Spec(t)
	tests := []struct{ path, want string }{ // "" if it is not a permalink
		{spec.LatestPath("win", catalog.Release), "/download?os=win"},
		{spec.LatestPath("win", catalog.Nightly), "/download?os=win&stability=nightly"},
		{spec.LatestPath("win", catalog.Nightly) + ".json", "/find?os=win&stability=nightly"},
		{spec.VersionPath("5.12", "linux"), "/download?os=linux&version=5.12"},
		{spec.VersionPath("5.12.4", "linux") + ".json", "/find?os=linux&version=5.12.4"},
		{spec.RevisionPath(34645, "macosx"), "/download?os=macosx&revision=34645"},
		{"/releases/5.12.4/", ""},
		{"/releases/a&b/win", ""},
		{"/latest/win/", ""},
		{"/latest/win\n", ""},
		{"/latest/beos", ""},
		{"/latest/win/stable", ""},
		{"/revision/x/win", ""},
		{"/x/latest/win", ""},
	}
	for _, tt := range tests {
		t.Run(tt.path, func(t *testing.T) {
			route, query, ok := spec.Permalink(tt.path)
			got := string(route) + "?" + query
			if !ok {
				got = ""
			}
			if ok != (tt.want != "") || got != tt.want {
				t.Errorf("%q, %v, want %q", got, ok, tt.want)
			}
		})
	}
}
