package geodb

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/fault"
)

// maxmind is a server that implements MaxMind's protocol.
type maxmind struct {
	*httptest.Server
	database  []byte
	sum       string // MD5 in the metadata
	status    int    // HTTP status of the metadata; 0 for 200
	truncate  bool   // whether to end the download early
	downloads int
}

var day = time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC)

func newMaxMind(t *testing.T) *maxmind {
	t.Helper()
	m := &maxmind{}
	m.set("the first database")
	mux := http.NewServeMux()
	mux.HandleFunc("GET /geoip/updates/metadata", func(w http.ResponseWriter, r *http.Request) {
		if id, key, _ := r.BasicAuth(); id != "42" || key != "secret" {
			http.Error(w, `{"code":"AUTHORIZATION_INVALID"}`, http.StatusUnauthorized)
			return
		}
		if m.status != 0 {
			http.Error(w, `{"code":"SORRY"}`, m.status)
			return
		}
		json.NewEncoder(w).Encode(map[string]any{"databases": []map[string]string{
			{"edition_id": r.FormValue("edition_id"), "date": "2026-11-20", "md5": m.sum}}})
	})
	mux.HandleFunc("GET /geoip/databases/GeoLite2-City/download", func(w http.ResponseWriter, r *http.Request) {
		if r.FormValue("date") != "20261120" || r.FormValue("suffix") != "tar.gz" {
			t.Errorf("unexpected request %s", r.URL)
		}
		m.downloads++
		w.Header().Set("Last-Modified", day.Format(http.TimeFormat))
		packed := archive(t, m.database)
		if m.truncate {
			packed = packed[:len(packed)-20]
		}
		w.Write(packed)
	})
	m.Server = httptest.NewServer(mux)
	t.Cleanup(m.Close)
	return m
}

func (m *maxmind) set(database string) {
	sum := md5.Sum([]byte(database))
	m.database, m.sum = []byte(database), hex.EncodeToString(sum[:])
}

// archive packs a database and a licence, as MaxMind does.
func archive(t *testing.T, database []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	tw := tar.NewWriter(zw)
	for _, f := range []struct {
		name string
		data []byte
	}{{"LICENSE.txt", []byte("licence")}, {"GeoLite2-City.mmdb", database}} {
		h := &tar.Header{Name: "GeoLite2-City_20261120/" + f.name, Mode: 0o644, Size: int64(len(f.data))}
		if err := tw.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		tw.Write(f.data)
	}
	tw.Close()
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestUpdate downloads a new database, keeps the newest one, and replaces an old one.
func TestUpdate(t *testing.T) {
	m := newMaxMind(t)
	path := Path(t.TempDir())
	update := func(what, want string, wantDay time.Time, downloads int) {
		t.Helper()
		got, err := Update(context.Background(), m.Client(), Account{ID: 42, Key: "secret", Host: m.URL}, path)
		if err != nil || !got.Equal(wantDay) || m.downloads != downloads {
			t.Errorf("%s: day %v, %d downloads, %v", what, got, m.downloads, err)
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != want {
			t.Errorf("%s: %q, %v", what, b, err)
		}
	}
	update("new", "the first database", day, 1)
	update("unchanged", "the first database", time.Time{}, 1)
	m.set("the second database")
	update("newer", "the second database", day, 2)
}

// TestFailures checks that a failed download keeps the old database and leaves no other file.
func TestFailures(t *testing.T) {
	for _, test := range []struct {
		name       string
		key        string
		change     func(m *maxmind)
		text, hint string
	}{
		{"wrong key", "other", func(*maxmind) {}, "401", keyVariable},
		{"forbidden", "secret", func(m *maxmind) { m.status = 403 }, "403", "permissions"},
		{"too many downloads", "secret", func(m *maxmind) { m.status = 429 }, "429", "daily limit"},
		{"server error", "secret", func(m *maxmind) { m.status = 500 }, "500", ""},
		{"wrong MD5", "secret", func(m *maxmind) { m.sum = strings.Repeat("0", 32) }, "MD5 mismatch",
			"Run the command"},
		{"truncated", "secret", func(m *maxmind) {
			m.database, m.truncate = bytes.Repeat([]byte("x"), 1<<20), true
		}, "unexpected EOF", ""},
		{"unreachable", "secret", func(m *maxmind) { m.Close() }, "connection refused", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			m := newMaxMind(t)
			path := Path(t.TempDir())
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte("old"), 0o644); err != nil {
				t.Fatal(err)
			}
			test.change(m)
			_, err := Update(context.Background(), &http.Client{}, Account{ID: 42, Key: test.key, Host: m.URL}, path)
			if fault.KindOf(err) != fault.Source || !strings.Contains(err.Error(), test.text) {
				t.Errorf("got %v, want %q", err, test.text)
			}
			if err != nil && strings.Contains(err.Error(), test.key) {
				t.Errorf("the error contains the key: %v", err)
			}
			if hints := strings.Join(fault.Hints(err), " "); !strings.Contains(hints, test.hint) {
				t.Errorf("hints %q, want %q", hints, test.hint)
			}
			files, err := filepath.Glob(filepath.Join(filepath.Dir(path), "*"))
			if diff := cmp.Diff([]string{path}, files); diff != "" || err != nil {
				t.Errorf("files (-want +got):\n%s%v", diff, err)
			}
			if b, err := os.ReadFile(path); err != nil || string(b) != "old" {
				t.Errorf("%q, %v", b, err)
			}
		})
	}
}

func TestFromEnvironment(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte("from the file\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name      string
		variables []string
		want      Account
		err       string
	}{
		{"both", []string{"GEOIPUPDATE_ACCOUNT_ID=42", "GEOIPUPDATE_LICENSE_KEY=k=y"}, Account{ID: 42, Key: "k=y"}, ""},
		{"key from a file", []string{"GEOIPUPDATE_ACCOUNT_ID=42", "GEOIPUPDATE_LICENSE_KEY_FILE=" + file},
			Account{ID: 42, Key: "from the file"}, ""},
		{"host", []string{"GEOIPUPDATE_ACCOUNT_ID=42", "GEOIPUPDATE_LICENSE_KEY=k", "GEOIPUPDATE_HOST=updates.example"},
			Account{ID: 42, Key: "k", Host: "https://updates.example"}, ""},
		{"neither", nil, Account{}, "GEOIPUPDATE_ACCOUNT_ID is not set\nGEOIPUPDATE_LICENSE_KEY is not set"},
		{"ID is not a number", []string{"GEOIPUPDATE_ACCOUNT_ID=me", "GEOIPUPDATE_LICENSE_KEY=k"},
			Account{}, `GEOIPUPDATE_ACCOUNT_ID is not a number (found "me")`},
		{"missing file", []string{"GEOIPUPDATE_ACCOUNT_ID=42", "GEOIPUPDATE_LICENSE_KEY_FILE=" + file + "s"},
			Account{}, "no such file"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := FromEnvironment(test.variables)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("account (-want +got):\n%s", diff)
			}
			if test.err == "" {
				if err != nil {
					t.Error(err)
				}
			} else if fault.KindOf(err) != fault.Usage || !strings.Contains(err.Error(), test.err) {
				t.Errorf("got %v, want %q", err, test.err)
			}
		})
	}
}
