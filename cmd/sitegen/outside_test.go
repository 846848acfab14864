package main

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"

	"github.com/Slicer/sitegen/generator/testutil"
)

// outside is what documented commands need and no folder of a site has: a Girder server, a bucket with a log of
// CloudFront, MaxMind, the published site, and the database of the previous statistics job.
type outside struct {
	server        *httptest.Server
	site, preview string // URL of the published site, and of the preview that stands for it
	oldStatistics string // path of the database
	oldRecords    string // path of the database of the packages of the old site
}

// newOutside starts the servers. They end after the parallel tests of t.
func newOutside(t *testing.T) *outside {
	t.Helper()
	listing, err := filepath.Abs("../../generator/supply/sources/sample/sample.json")
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/geoip/", maxmind(t, "123456", "secret"))
	mux.Handle("/logs", bucket(t))
	mux.Handle("/logs/", bucket(t))
	mux.HandleFunc("/girder/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "an installer") })
	o := &outside{
		server:        httptest.NewServer(mux),
		site:          testutil.Profile(t).BaseURL + "/",
		oldStatistics: filepath.Join(t.TempDir(), "old.sqlite"),
		oldRecords:    filepath.Join(t.TempDir(), "records.sqlite"),
	}
	t.Cleanup(o.server.Close)

	writeOldStatistics(t, o.oldStatistics)
	writeOldRecords(t, o.oldRecords)
	cmd := exec.Command("sitegen", "serve")
	cmd.Dir = t.TempDir()
	cmd.Env = append(o.environ(), "SITEGEN_SOURCE="+listing, "SITEGEN_GIRDER_API="+o.server.URL+"/girder",
		"PATH="+os.Getenv("PATH"))
	o.preview = startPreview(t, cmd).url
	return o
}

// environ returns the variables that lead sitegen to the servers, and to a free port for a server of its own.
func (o *outside) environ() []string {
	return []string{"SITEGEN_LISTEN=127.0.0.1:0", "GEOIPUPDATE_HOST=" + o.server.URL,
		"AWS_ENDPOINT_URL=" + o.server.URL, "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret",
		"OLD_STATISTICS=" + o.oldStatistics, "OLD_RECORDS=" + o.oldRecords}
}

// bucket is the bucket "logs" of a server with the protocol of S3. It has one object.
func bucket(t *testing.T) http.Handler {
	t.Helper()
	const key = "cloudfront/E2ABC.2026-11-20-10.gz"
	object, err := os.ReadFile("../../testdata/stats/cloudfront.log.gz")
	if err != nil {
		t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/logs", "/logs/":
			fmt.Fprintf(w, `<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>logs</Name>`+
				`<Prefix>%s</Prefix><KeyCount>1</KeyCount><IsTruncated>false</IsTruncated><Contents><Key>%s</Key>`+
				`<LastModified>2026-11-20T11:00:00Z</LastModified><ETag>"1"</ETag><Size>%d</Size></Contents>`+
				`</ListBucketResult>`, r.FormValue("prefix"), key, len(object))
		case "/logs/" + key:
			w.Header().Set("ETag", `"1"`)
			w.Write(object)
		default:
			http.NotFound(w, r)
		}
	})
}

// writeOldStatistics writes a database of the previous statistics job, without downloads.
func writeOldStatistics(t *testing.T, path string) {
	t.Helper()
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(`create table access (bitstream_id, ip, ts, useragent);
		create table ipinfo (ip primary key, country_code, country_name, region_name, city, latitude, longitude);
		create table uainfo (useragent primary key, browser_type, ua_name, os_name, os_family);
		create table bsinfo (bitstream_id primary key, filename, os, arch, product_name, codebase, release, revision,
			creation_date, checkout_date, size)`)
	if err != nil {
		t.Fatal(err)
	}
}

// writeOldRecords writes a database of the packages that the Girder server of each machine has.
func writeOldRecords(t *testing.T, path string) {
	t.Helper()
	machine, err := txtar.ParseFile("testdata/documents/machine.txtar")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(machine.Files, func(f txtar.File) bool { return f.Name == "girder.json" })
	var items []json.RawMessage
	if err := json.Unmarshal(machine.Files[i].Data, &items); err != nil {
		t.Fatal(err)
	}
	db, err := sql.Open("sqlite3", path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err = db.Exec(`create table _ (item_id text primary key, revision integer, checkout_date text,
		build_date text, record text)`); err != nil {
		t.Fatal(err)
	}
	for _, item := range items {
		id := testutil.Parsed(t, string(item)).(map[string]any)["_id"]
		if _, err := db.Exec("insert into _ (item_id, record) values (?, ?)", id, string(item)); err != nil {
			t.Fatal(err)
		}
	}
}
