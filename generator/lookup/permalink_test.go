package lookup_test

import (
	"testing"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/lookup"
)

func TestPermalink(t *testing.T) {
	tests := []struct{ path, want string }{ // "" when it is none
		{lookup.LatestPath(catalog.Windows, catalog.Release), "/download?os=win"},
		{lookup.LatestPath(catalog.Windows, catalog.Nightly), "/download?os=win&stability=nightly"},
		{lookup.LatestPath(catalog.Windows, catalog.Nightly) + ".json", "/find?os=win&stability=nightly"},
		{lookup.VersionPath("5.12", catalog.Linux), "/download?os=linux&version=5.12"},
		{lookup.VersionPath("5.12.4", catalog.Linux) + ".json", "/find?os=linux&version=5.12.4"},
		{lookup.RevisionPath(34645, catalog.MacOS), "/download?os=macosx&revision=34645"},
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
			route, query, ok := lookup.Permalink(tt.path)
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
