package girder_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/supply/sources/girder"
	"github.com/Slicer/sitegen/generator/testutil"
)

func TestDecodeListing(t *testing.T) {
	tests := []struct {
		name, body string
		want       []girder.Item
	}{
		{"nothing", `[]`, nil},
		{"an item", `[{"_id": "62d5d2ebe911182f1dc285b0", "name": "Aurora_win_amd64_30893", "size": 222149208,
			"created": "2022-07-18T21:38:51.412000+00:00", "meta": {"app_id": "5f44", "arch": "amd64", "baseName": "Aurora",
			"build_date": "2022-07-08T09:39:54.992000+00:00", "os": "win", "pre_release": false, "release": "5.0.3",
			"revision": "30893", "sha512": "aa", "version": "5.0.3"}}]`,
			[]girder.Item{{ID: "62d5d2ebe911182f1dc285b0", Name: "Aurora_win_amd64_30893", Size: 222149208,
				Created: "2022-07-18T21:38:51.412000+00:00", AppID: "5f44", Arch: "amd64", BaseName: "Aurora",
				BuildDate: "2022-07-08T09:39:54.992000+00:00", OS: "win", PreRelease: "false", Release: "5.0.3",
				Revision: "30893", SHA512: "aa", Version: "5.0.3"}}},
		{"numbers for strings", `[{"_id":1,"meta":{"revision":34627,"version":5.2,"pre_release":1}}]`,
			[]girder.Item{{ID: "1", Revision: "34627", Version: "5.2", PreRelease: "1"}}},
		{"strings for numbers", `[{"size":"77"}]`, []girder.Item{{Size: 77}}},
		{"null is absent", `[{"_id":null,"size":null,"name":"n","meta":{"os":null,"release":null}}]`,
			[]girder.Item{{Name: "n"}}},
		{"no meta", `[{"_id":"a"},{"_id":"b","meta":null},{"_id":"c","meta":["os"]}]`,
			[]girder.Item{{ID: "a"}, {ID: "b"}, {ID: "c"}}},
		{"no objects", `[null, 5, "x", [{}], {}]`, make([]girder.Item, 5)},
		{"unknown keys", `[{"access":{"users":[{"id":1}]},"_id":"a","meta":{"os":"win","x":{"os":"linux"}},"zz":[[]]}]`,
			[]girder.Item{{ID: "a", OS: "win"}}},
		{"keys are case-sensitive", `[{"_ID":"a","Meta":{"os":"win"}}]`, make([]girder.Item, 1)},
		{"repeated keys", `[{"_id":"a","_id":"b","meta":{"os":"win"},"meta":{"os":"linux"}}]`,
			[]girder.Item{{ID: "b", OS: "linux"}}},
		{"lists for strings", `[{"meta":{"os":["win", "linux"]}}]`, []girder.Item{{OS: `["win", "linux"]`}}},
		{"not UTF-8", "[{\"name\":\"a\xff\\ud800\"}]", []girder.Item{{Name: "a\uFFFD\uFFFD"}}},
		{"escapes", `[{"name":"\u0041\n\""}]`, []girder.Item{{Name: "A\n\""}}},
		{"deep", `[{"x":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `,"_id":"a"}]`,
			[]girder.Item{{ID: "a"}}},
		{"sizes", `[{"size":3.5e8},{"size":-1},{"size":1.5},{"size":"many"},{"size":true},{"size":[1]},{"size":1e300},
			{"size":99999999999999999999},{"size":9223372036854775807}]`,
			[]girder.Item{{Size: 350000000}, {}, {}, {}, {}, {}, {}, {}, {Size: 1<<63 - 1}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := girder.DecodeListing([]byte(test.body))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDecodeListingRefuses(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"nothing", "", "line 1, column 1 of the listing: cut off"},
		{"an object", "\n {\"message\": \"no\"}",
			"line 2, column 2 of the listing: not a JSON array (found \"{\\\"message\\\": \\\"no\\\"}\")"},
		{"a page", "<!DOCTYPE html>\n<html>",
			"line 1, column 1 of the listing: not a JSON array (found \"<!DOCTYPE html>\\n<html>\")"},
		{"null", "null", "line 1, column 1 of the listing: not a JSON array (found \"null\")"},
		{"no bracket at the end", `[{"_id":"a"}`, "line 1, column 13 of the listing: item 2: cut off"},
		{"cut in an item", "[{\"_id\":\"a\"},\n{\"_id\":\"b", "line 2, column 10 of the listing: item 2: cut off"},
		{"cut in an unknown key", `[{"x":{"y":1`, "line 1, column 13 of the listing: item 1: cut off"},
		{"no JSON in an item", "[{\"_id\":\"a\"},\n  {\"_id\": NaN}]",
			"line 2, column 11 of the listing: item 2: invalid character 'N' at start of value"},
		{"a trailing comma", `[{},]`, "line 1, column 4 of the listing: item 2: invalid character ',' at start " +
			"of value"},
		{"more after it", `[{}] {}`, "line 1, column 7 of the listing: unexpected text after the end of the array"},
		{"too deep", `[{"x":` + strings.Repeat("[", 20000),
			"line 1, column 10005 of the listing: item 1: exceeded max depth"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			records, err := girder.DecodeListing([]byte(test.body))
			var listing *girder.ListingError
			if !errors.As(err, &listing) || records != nil {
				t.Fatalf("%d records, error %v", len(records), err)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if want := strings.HasSuffix(test.want, "cut off"); listing.CutOff != want ||
				errors.Is(err, io.ErrUnexpectedEOF) != want {
				t.Errorf("CutOff = %v, want %v", listing.CutOff, want)
			}
		})
	}
}

func TestDecodeListingOfEveryProfile(t *testing.T) {
	for profile, want := range map[string]int{"live": 760, "archive": 11456} {
		records, err := girder.DecodeListing(testutil.Listing(t, profile))
		if err != nil || len(records) != want {
			t.Errorf("%s: %d records, want %d (error %v)", profile, len(records), want, err)
		}
	}
}

// FuzzDecodeListing checks that any input results in items or in an error with a valid place.
func FuzzDecodeListing(f *testing.F) {
	for _, seed := range []string{
		``, `[]`, `{}`, `[{"_id":"a","size":1e3,"meta":{"os":"win","pre_release":true}}]`, `[null,{"meta":[]}]`,
		"[\n{\"_id\":\"\xff", `[{"size":"12"},`, `<html>`, `[[[[`, `[{"_id":"a"}] x`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		records, err := girder.DecodeListing(body)
		if err == nil {
			for _, r := range records {
				if r.Size < 0 {
					t.Errorf("size %d", r.Size)
				}
			}
			return
		}
		var e *girder.ListingError
		if !errors.As(err, &e) || records != nil {
			t.Fatalf("%d records with error %v", len(records), err)
		}
		lines := bytes.Split(body, []byte("\n"))
		if e.Line < 1 || e.Line > len(lines) || e.Column < 1 || e.Column > len(lines[e.Line-1])+1 {
			t.Errorf("%v is not a place in %d lines", err, len(lines))
		}
	})
}
