package output

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const sum = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// checksum is that of the example.
const checksum = "40aa348786072da4da0c2fbbca1f3eb5dbba4fc59c515b135e01cec848eca6fd"

// example is a manifest with an entry of each kind.
const example = `{"version":1,"complete":true,"reload":false,"inputs":"abc","public":"../public","redirects":"../redirects","precompress":"gz br","listing":"` + sum + `","files":[
{"path":"public/about-to-be-written.html"},
{"path":"public/index.html","sha256":"` + sum + `","size":3700,"mtime":"2026-11-22T17:09:00Z"},
{"path":"public/index.html.br","from":"` + sum + `","larger":true},
{"path":"public/index.html.gz","sha256":"` + sum + `","size":1200,"mtime":"2026-11-22T17:09:00Z","from":"` + sum + `"},
{"path":"redirects/nginx/http/a.conf","sha256":"` + sum + `","size":12,"mtime":"2026-11-22T17:09:00.5Z"}
],"checksum":"` + checksum + `"}
`

func TestManifestReadsWhatItWrites(t *testing.T) {
	m, err := parseManifest([]byte(example))
	if err != nil {
		t.Fatal(err)
	}
	want := entry{Path: "public/index.html.gz", Size: 1200, MTime: time.Date(2026, 11, 22, 17, 9, 0, 0, time.UTC)}
	if err := want.SHA256.UnmarshalText([]byte(sum)); err != nil {
		t.Fatal(err)
	}
	want.From = want.SHA256
	if diff := cmp.Diff(want, m.Files[want.Path]); diff != "" {
		t.Error(diff)
	}
	text, err := m.encode()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(example, string(text)); diff != "" {
		t.Error(diff)
	}
}

func TestManifestRefuses(t *testing.T) {
	lines := strings.SplitAfter(example, "\n")
	head, file := lines[0], lines[2]
	tests := []struct{ name, text, want string }{
		{"nothing", "", "1: unexpected end of JSON input"},
		{"half of it", example[:400], "3: unexpected end of JSON input"},
		{"not JSON", head + "public/index.html\n]}", "2: invalid character 'p'"},
		{"more behind", example + "{}", "8: invalid character '{' after top-level value"},
		{"a changed byte", strings.Replace(example, "about-to-be", "about_to-be", 1), "1: the checksum"},
		{"another version", strings.Replace(head, `"version":1`, `"version":2`, 1) + "]}",
			"1: unsupported version 2 (want 1)"},
		{"no version", "{}", "1: unsupported version 0"},
		{"a path out", head + strings.Replace(file, "index.html", "../../etc/passwd", 1) + `{"path":"public/a"}]}`,
			`2: "../../etc/passwd" is not a path`},
		{"another root", head + strings.Replace(file, "public/", "etc/", 1) + `{"path":"public/a"}]}`,
			`2: "etc/index.html" is neither in public`},
		{"a root itself", head + `{"path":"public"}]}`, `2: "" is not a path`},
		{"a file twice", head + file + `{"path":"public/index.html"}]}`, `3: "public/index.html" is listed twice`},
		{"a short hash", strings.Replace(example, sum, "e3b0", 1), `is not a SHA-256`},
		{"a hash with a letter", strings.Replace(example, sum, strings.Repeat("x", 64), 1), `invalid byte`},
		{"a path that is a number", head + `{"path":1}]}`, "2: json: cannot unmarshal number"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := parseManifest([]byte(test.text))
			if err == nil {
				t.Fatal("no error")
			}
			if got := err.Error(); !strings.Contains(got, test.want) {
				t.Errorf("error is %q, want %q", got, test.want)
			}
		})
	}
}

func TestOpenRefusesTheManifestOfALaterVersion(t *testing.T) {
	dir := t.TempDir()
	place := filepath.Join(dir, "var", manifestName)
	if err := os.MkdirAll(filepath.Dir(place), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(place, []byte(`{"version":2}`), 0o644); err != nil {
		t.Fatal(err)
	}
	o := Options{Public: filepath.Join(dir, "public"), Redirects: filepath.Join(dir, "redirects"),
		Data: filepath.Join(dir, "var")}
	_, err := Open(o)
	if err == nil || !strings.HasPrefix(err.Error(), place+":1: unsupported version 2") {
		t.Errorf("error is %v", err)
	}
	if err := os.Remove(place); err != nil {
		t.Fatal(err)
	}
	w, err := Open(o) // the failed call has released the lock
	if err != nil {
		t.Fatal(err)
	}
	w.Close()
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(example))
	f.Add([]byte(`{"version":1}`))
	f.Add([]byte(`{"version":1,"files":[{"path":"public/../x"}]}`))
	f.Add([]byte(`{"version":1,"files":[{"path":"public/a","mtime":"0000-01-01T00:00:00Z","size":-1}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parseManifest(text)
		if err != nil {
			return
		}
		for name, e := range m.Files {
			root, path := splitName(name)
			if file := (&File{Root: root, Path: path}); checkPath(path) != nil || file.name() != name ||
				e.Path != name {
				t.Fatalf("accepted %q", name)
			}
		}
		once, err := m.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseManifest(once)
		if err != nil {
			t.Fatalf("%v in %s", err, once)
		}
		twice, err := again.encode()
		if err != nil || !bytes.Equal(once, twice) {
			t.Fatalf("%s\nbecomes\n%s (%v)", once, twice, err)
		}
	})
}
