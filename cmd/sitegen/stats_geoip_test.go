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

// TestGeoIPUpdate fetches a database from a server with MaxMind's protocol, and checks that stats uses it.
func TestGeoIPUpdate(t *testing.T) {
	database, err := os.ReadFile("../../testdata/stats/city.mmdb")
	if err != nil {
		t.Fatal(err)
	}
	maxmind := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if id, key, _ := r.BasicAuth(); id != "42" || key != "secret" {
			t.Errorf("request with the account %q", id)
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
	}))
	defer maxmind.Close()
	data, out := filepath.Join(t.TempDir(), "var"), t.TempDir()
	environ := []string{"SITEGEN_DATA=" + data, "SITEGEN_OUT=" + out, "GEOIPUPDATE_HOST=" + maxmind.URL,
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
