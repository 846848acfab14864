package girder_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/girder"
)

func TestParseSource(t *testing.T) {
	tests := []struct {
		name, text string
		want       girder.Source
		str, ident string
	}{
		{"sample", "sample", girder.Source{Kind: girder.SampleSource}, "sample", "sample"},
		{"server", "https://slicer-packages.kitware.com/api/v1",
			girder.Source{Kind: girder.ServerSource, Location: "https://slicer-packages.kitware.com/api/v1"},
			"https://slicer-packages.kitware.com/api/v1", "https://slicer-packages.kitware.com/api/v1"},
		{"server with slashes and capitals", "HTTPS://Slicer-Packages.Kitware.com/api/v1//",
			girder.Source{Kind: girder.ServerSource, Location: "https://slicer-packages.kitware.com/api/v1"},
			"https://slicer-packages.kitware.com/api/v1", "https://slicer-packages.kitware.com/api/v1"},
		{"server without TLS", "http://localhost:8080/api/v1",
			girder.Source{Kind: girder.ServerSource, Location: "http://localhost:8080/api/v1"},
			"http://localhost:8080/api/v1", "http://localhost:8080/api/v1"},
		{"file", "saved/listing.json", girder.Source{Kind: girder.FileSource, Location: "saved/listing.json"},
			"saved/listing.json", "file:listing.json"},
		{"file called sample", "./sample", girder.Source{Kind: girder.FileSource, Location: "./sample"}, "./sample", "file:sample"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := girder.ParseSource(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("source (-want +got):\n%s", diff)
			}
			if got.String() != test.str || got.Identity() != test.ident {
				t.Errorf("String %q, Identity %q; want %q, %q", got.String(), got.Identity(), test.str, test.ident)
			}
			if again, err := girder.ParseSource(got.String()); again != got || err != nil {
				t.Errorf("read again: %+v, %v", again, err)
			}
		})
	}
}

func TestParseSourceRefuses(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"nothing", "", `source: is empty (found "")`},
		{"another scheme", "ftp://example.com/api/v1", `source: is neither an http nor an https URL (found "ftp://example.com/api/v1")`},
		{"no host", "https:///api/v1", `source: has no host (found "https:///api/v1")`},
		{"no URL", "https://[::1/api", `source: is no URL (found "https://[::1/api")`},
		{"password", "https://me:secret@example.com/api/v1", `source: has a user name in it (found "https://me:xxxxx@example.com/api/v1")`},
		{"query", "https://example.com/api/v1?limit=0", `source: has more than the base of the API (found "https://example.com/api/v1?limit=0")`},
		{"question mark", "https://example.com/api/v1?", `source: has more than the base of the API (found "https://example.com/api/v1?")`},
		{"fragment", "https://example.com/#folder", `source: has more than the base of the API (found "https://example.com/#folder")`},
		{"the listing's own URL", "https://example.com/api/v1/app/5f44/package",
			`source: has more than the base of the API (found "https://example.com/api/v1/app/5f44/package")`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := girder.ParseSource(test.text)
			if err == nil || fault.KindOf(err) != fault.Usage || len(fault.Hints(err)) != 1 {
				t.Fatalf("error %v, want one of usage with a hint", err)
			}
			if diff := cmp.Diff(test.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func FuzzParseSource(f *testing.F) {
	for _, seed := range []string{"", "sample", "listing.json", "https://example.com/api/v1/", "http://[::1]:80/", "https://a@b/?#", "://"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		source, err := girder.ParseSource(text)
		if err != nil {
			return
		}
		if again, err := girder.ParseSource(source.String()); err != nil || again != source {
			t.Errorf("%q is %+v, its string %q is %+v, %v", text, source, source.String(), again, err)
		}
		if (source.Identity() == "sample") != (source.Kind == girder.SampleSource) {
			t.Errorf("%+v has identity %q", source, source.Identity())
		}
	})
}

func TestRead(t *testing.T) {
	server, _ := serve(t, answer(200, listing))
	dir := t.TempDir()
	plain, packed := filepath.Join(dir, "plain.json"), filepath.Join(dir, "packed")
	write(t, plain, listing)
	write(t, packed, compressed(listing))
	for _, text := range []string{server.URL + "/api/v1", plain, packed} {
		source, err := girder.ParseSource(text)
		if err != nil {
			t.Fatal(err)
		}
		found, err := girder.Read(t.Context(), source, girder.Client{App: girder.SampleApp})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(records, found); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
	}
	if found, err := girder.Read(t.Context(), girder.Source{Kind: girder.SampleSource}, girder.Client{}); len(found) < 60 || err != nil {
		t.Errorf("sample: %d records, %v", len(found), err)
	}
}

func TestFromFileFails(t *testing.T) {
	dir := t.TempDir()
	tests := []struct{ name, body, want, hint string }{
		{"broken.json", "[\n  {\"_id\": \"a\"},\n  {\"_id\": oops}\n]", "/broken.json:3:11: item 2: invalid character 'o' at start of value", "Save the answer"},
		{"page.json", "<html>", "/page.json:1:1: a JSON array was expected (found \"<html>\")", "Save the answer"},
		{"half.json", listing[:30], "/half.json:1:31: item 1: cut off", "Save the answer"},
		{"half.json.gz", compressed(listing)[:30], "/half.json.gz: unexpected EOF", "Save the answer"},
		{"no.json.gz", "\x1f\x8bno gzip header", "/no.json.gz: gzip: invalid header", "Save the answer"},
		{"large.json", "[" + strings.Repeat(" ", 1000) + "]", "/large.json: larger than the limit of 1000 bytes", "girder.max_size"},
		{"large.json.gz", compressed("[" + strings.Repeat(" ", 1000) + "]"), "/large.json.gz: larger than the limit of 1000 bytes", "girder.max_size"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(dir, test.name)
			write(t, path, test.body)
			found, err := girder.FromFile(path, 1000)
			if err == nil || found != nil || fault.KindOf(err) != fault.Source {
				t.Fatalf("%d records, error %v", len(found), err)
			}
			_, place, _ := strings.Cut(err.Error(), dir)
			if diff := cmp.Diff(test.want, place); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
			if hints := fault.Hints(err); len(hints) != 1 || !strings.Contains(hints[0], test.hint) {
				t.Errorf("hints %q, want one with %q", hints, test.hint)
			}
		})
	}
	if _, err := girder.FromFile(filepath.Join(dir, "missing.json"), 0); !errors.Is(err, fs.ErrNotExist) || len(fault.Hints(err)) != 1 {
		t.Errorf("missing file: %v", err)
	}
	if _, err := girder.FromFile(dir, 0); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("folder: %v", err)
	}
}

func write(t *testing.T, path, body string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(body), 0o644); err != nil {
		t.Fatal(err)
	}
}
