package stats

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"

	"github.com/Slicer/sitegen/generator/testutil"
)

// TestAthena runs docs/stats-athena.sql in DuckDB on logs of CloudFront, and compares the table with the exported one.
// To the test log, it adds requests for which the rule of counting is less obvious. The table must also be one that
// ImportDaily accepts.
func TestAthena(t *testing.T) {
	python := testutil.Need(t, "duckdb")
	lines := slices.Collect(bytes.Lines(text(t, "cloudfront.log.gz")))
	head := bytes.Join(lines[:2], nil)
	i := slices.IndexFunc(lines, func(l []byte) bool {
		return bytes.Contains(l, []byte("GET\td111.cloudfront.net\t/bitstream/")) &&
			bytes.Contains(l, []byte("\t302\t"))
	})
	fields := strings.Split(string(lines[i]), "\t")
	request := func(address, method, path, status, agent string) string {
		f := slices.Clone(fields)
		f[4], f[5], f[7], f[8], f[10] = address, method, path, status, agent
		return strings.Join(f, "\t")
	}
	path := fields[7]
	id := strings.TrimPrefix(path, "/bitstream/")
	var odd strings.Builder
	odd.Write(head)
	for _, line := range []string{
		request("192.0.2.1", "GET", path, "301", "curl/8.0"),
		request("192.0.2.1", "GET", "//bitstream/"+id, "302", "curl/8.0"), // the same download
		request("192.0.2.2", "GET", "/bitstream//"+id, "302", "curl/8.0"),
		request("192.0.2.3", "GET", "/bitstream/./"+id, "302", "curl/8.0"),
		request("192.0.2.4", "GET", "/%62itstream/"+id, "302", "curl/8.0"),
		request("192.0.2.5", "GET", "/bitstream/"+strings.ToUpper(id), "302", "curl/8.0"),
		request("192.0.2.6", "HEAD", path, "302", "curl/8.0"),
		request("192.0.2.6", "GET", path, "404", "curl/8.0"),
		request("192.0.2.6", "GET", path+"/x", "302", "curl/8.0"),
		request("192.0.2.6", "GET", "/x"+path, "302", "curl/8.0"),
		request("192.0.2.7", "GET", path, "302", "Amazon%2520CloudFront"),
		request("192.0.2.8", "GET", path, "302", "-"),
		request("192.0.2.9", "GET", path, "302",
			"Mozilla/5.0%2520(Linux;%2520Android%25209;%2520CUBOT%2520X19)%2520Chrome/83.0%2520Mobile"),
		request("192.0.2.15", "GET", path, "302",
			"Mozilla/5.0%2520(Linux;%2520Android%252013;%2520Spider%25208)%2520Chrome/83.0%2520Mobile"),
		request("192.0.2.17", "GET", path, "302", "Anybots/1.0"),
		request("192.0.2.10", "GET", path, "302", "Mozilla/5.0%2520(compatible;%2520MSIE%252010.0)"),
		request("192.0.2.11", "GET", path, "302", "Mozilla/5.0%2520(compatible;%2520Unheard/1.0)"),
		request("192.0.2.12", "GET", path, "302", "Unheard/1.0%2520(me@example.org)"),
		request("192.0.2.13", "GET", path, "302", "Unheard/1.0%2520(https://example.org/)"),
		request("192.0.2.14", "GET", path, "302", "Unheard/1.0"),
	} {
		odd.WriteString(line)
	}
	dir := t.TempDir()
	var packed bytes.Buffer
	zw := gzip.NewWriter(&packed)
	zw.Write([]byte(odd.String()))
	if err := zw.Close(); err != nil {
		t.Fatal(err)
	}
	logs := []string{testLog("cloudfront.log.gz"), write(t, dir, "odd.gz", packed.Bytes())}

	o := options(t, dir)
	o.GeoIP = nil // the query looks up no countries
	e := open(t, o)
	read(t, e, logs...)
	want := export(t, e)
	cmd := exec.Command(python, append([]string{"testdata/athena.py", filepath.FromSlash("../../docs/stats-athena.sql"),
		filepath.Join(dir, "downloads.sqlite")}, logs...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	got, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, &stderr)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("stats export (-), the query (+): %s", diff)
	}

	query, err := os.ReadFile("../../docs/stats-athena.sql")
	if err != nil {
		t.Fatal(err)
	}
	joined := regexp.MustCompile(`' \|\|\s+'`).ReplaceAllString(string(query), "")
	for _, word := range slices.Concat(tools, bots) {
		if !strings.Contains(joined, word+"|") && !strings.Contains(joined, word+"')") {
			t.Errorf("the query does not have the word %q", word)
		}
	}

	other := open(t, options(t, t.TempDir()))
	if _, err := other.ImportDaily(t.Context(), "athena.tsv", bytes.NewReader(got)); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, export(t, other)); diff != "" {
		t.Error(diff)
	}
}
