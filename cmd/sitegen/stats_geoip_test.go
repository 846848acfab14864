package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// maxmind is a server with MaxMind's protocol. It asks for an account and has one database.
func maxmind(t *testing.T, id, key string) http.Handler {
	t.Helper()
	database, err := os.ReadFile("../../testdata/stats/city.mmdb")
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if i, k, _ := r.BasicAuth(); i != id || k != key {
			t.Errorf("asked by %q", i)
		}
		if strings.HasSuffix(r.URL.Path, "/metadata") {
			fmt.Fprintf(w, `{"databases":[{"edition_id":"GeoLite2-City","date":"2026-11-20","md5":"%x"}]}`,
				md5.Sum(database))
			return
		}
		w.Header().Set("Last-Modified", "Fri, 20 Nov 2026 09:30:00 GMT")
		zw := gzip.NewWriter(w)
		tw := tar.NewWriter(zw)
		tw.WriteHeader(&tar.Header{Name: "GeoLite2-City.mmdb", Mode: 0o644, Size: int64(len(database))})
		tw.Write(database)
		tw.Close()
		zw.Close()
	})
}

// TestGeoIPUpdate fetches a database from a server with MaxMind's protocol; stats then knows countries.
func TestGeoIPUpdate(t *testing.T) {
	server := httptest.NewServer(maxmind(t, "42", "secret"))
	defer server.Close()
	data, out := filepath.Join(t.TempDir(), "var"), t.TempDir()
	environ := []string{"SITEGEN_DATA=" + data, "SITEGEN_OUT=" + out, "GEOIPUPDATE_HOST=" + server.URL,
		"GEOIPUPDATE_ACCOUNT_ID=42", "GEOIPUPDATE_LICENSE_KEY=secret"}
	do := func(want string, args ...string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr, environ); code != 0 ||
			!strings.Contains(stdout.String(), want) {
			t.Errorf("sitegen %q: exit code %d, %q, want %q\n%s", args, code, &stdout, want, &stderr)
		}
	}
	do(`"located": false`, "stats", "--json")
	do("GeoLite2-City.mmdb updated to the version of 2026-11-20", "stats", "geoip-update")
	do("GeoLite2-City.mmdb is up to date", "stats", "geoip-update")
	do(`"located": true`, "stats", "--json")
}
