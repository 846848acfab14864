package nginx_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/lookup"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/testutil"
)

// sites returns the tables of three sites: two catalogues of the built-in profile, and one of an invented project. They
// have different rules for the same paths.
func sites(t testing.TB) []*redirect.Table {
	list := []*redirect.Table{
		{Index: testutil.Index(t, "live"), Name: "production12"},
		{Index: testutil.Index(t, "archive"), Name: "staging"},
		{Index: testutil.Aurora(t), Name: "7"},
	}
	for _, table := range list {
		table.Rules = readRules(t, "/where is=:x /"+table.Name+"-:x 302\n/where /"+table.Name+" 302\n"+
			"/where/:y/x /"+table.Name+"/:y 302\n")
	}
	return list
}

// TestSites serves three sites from one Nginx, with hash.conf and with settings of an administrator, and checks that
// each site answers from its own catalogue and rules. Nginx prints no warnings.
func TestSites(t *testing.T) {
	tables := sites(t)
	var written []testutil.NginxSite
	for _, table := range tables {
		written = append(written, writeSite(t, table))
	}
	const (
		maps      = "map_hash_bucket_size 256; map_hash_max_size 8192; map $host $own { default x; }"
		variables = "variables_hash_max_size 8192; variables_hash_bucket_size 512;"
	)
	hash := "include " + written[0].Redirects + "/nginx/hash.conf;"
	for _, tt := range []struct{ name, before, after string }{
		{"hash.conf before", hash, ""},
		{"hash.conf after", "", hash},
		{"own settings before", maps + variables, ""},
		{"own settings around", maps, variables},
		{"own map before", "map $host $own { default x; }" + hash, ""},
		{"small maps", "map_hash_bucket_size 64; map_hash_max_size 2048;" + hash, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			servers := serveSites(t, tt.before, tt.after, tables, written)
			servers[0].check(t)
			compareSites(t, servers, testutil.Amount(100, 20))
		})
	}
	t.Run("golden answers", func(t *testing.T) {
		servers := serveSites(t, hash, "", tables, written)
		for i, name := range []string{"golden.jsonl", "golden-archive.jsonl", "aurora/golden.jsonl"} {
			s := servers[i]
			for _, g := range testutil.Goldens(t, name) {
				if g.Links != nil { // the cells of this site's home page have no links
					s.compare(t, "GET", g.Q)
					continue
				}
				testutil.AskGolden(t, s.client, s.URL, g)
			}
		}
		compareSites(t, servers, testutil.Amount(2000, 200))
	})
	t.Run("without hash.conf", func(t *testing.T) { // Nginx warns, but all answers are right
		servers := serveSites(t, "", "", tables, written)
		out, err := servers[0].Test(t)
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		for line := range strings.Lines(out) {
			if strings.Contains(line, "[") && !strings.Contains(line, "could not build optimal variables_hash") {
				t.Error(line)
			}
		}
		compareSites(t, servers, testutil.Amount(500, 50))
	})
}

// serveSites starts an Nginx for several sites. The servers that it returns send their requests to the same Nginx, each
// with the host of its site.
func serveSites(t testing.TB, before, after string, tables []*redirect.Table, sites []testutil.NginxSite) []*server {
	t.Helper()
	nginx := testutil.StartSites(t, before, after, sites...)
	address := strings.TrimPrefix(nginx.URL, "http://")
	var servers []*server
	for _, table := range tables {
		n := *nginx
		n.URL = "http://" + table.Name
		client := testutil.Client()
		client.Transport.(*http.Transport).DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
		servers = append(servers, &server{&n, table, client})
	}
	return servers
}

// compareSites sends n random requests to each site, and requests for the rules.
func compareSites(t *testing.T, servers []*server, n int) {
	t.Helper()
	for _, s := range servers {
		for request := range testutil.RandomRequests(s.table.Index, 6, n) {
			s.compare(t, "GET", request)
		}
		name := s.table.Name
		for request, want := range map[string]string{
			"/where": "302 /" + name, "/where?is=here": "302 /" + name + "-here?is=here", "/where/a/x": "302 /" + name + "/a",
		} {
			if got := s.rule(t, "GET", request); got != want {
				t.Errorf("%s: %s: %q, want %q", name, request, got, want)
			}
		}
	}
}

// TestSameName checks that Nginx refuses two sites with the same name.
func TestSameName(t *testing.T) {
	table := &redirect.Table{Index: testutil.NoPackages(t), Name: "production12"}
	one, two := writeSite(t, table), writeSite(t, table)
	out, err := testutil.CheckSites(t, "include "+one.Redirects+"/nginx/hash.conf;", "", one, two)
	if err == nil || !strings.Contains(out, `duplicate "log_format" name "sitegen_production12"`) {
		t.Errorf("nginx -t: %v\n%s", err, out)
	}
}

// TestRefusedSettings checks the two settings for which docs/operations.md names a place: Nginx refuses them elsewhere.
func TestRefusedSettings(t *testing.T) {
	site := writeSite(t, &redirect.Table{Index: testutil.NoPackages(t), Name: "production12"})
	hash := "include " + site.Redirects + "/nginx/hash.conf;"
	for _, tt := range []struct {
		name, before, after, want string
		sites                     []testutil.NginxSite
	}{
		{"size of maps after a map", hash, "map_hash_max_size 4096;", "map_hash_max_size", []testutil.NginxSite{site}},
		{"the same without a site", "map $host $own { default x; }", "map_hash_max_size 4096;",
			"map_hash_max_size", nil},
		{"size of variables twice", hash, "variables_hash_max_size 4096;", "variables_hash_max_size",
			[]testutil.NginxSite{site}},
	} {
		out, err := testutil.CheckSites(t, tt.before, tt.after, tt.sites...)
		if err == nil || !strings.Contains(out, fmt.Sprintf("%q directive is duplicate", tt.want)) {
			t.Errorf("%s: nginx -t: %v\n%s", tt.name, err, out)
		}
	}
}

// nameRE matches the name of a variable, or of a group of a regular expression.
var nameRE = regexp.MustCompile(`\$\{?(sitegen_\w+)|\?<(\w+)>`)

// TestNames checks that the configuration defines and uses only variables with the site's name, and that Nginx and PCRE
// accept the length of each.
func TestNames(t *testing.T) {
	for _, table := range append(sites(t), &redirect.Table{
		Index: lookup.New(testutil.Spec(t), testutil.Packages(t, "live")), Name: "staging",
		Rules: readRules(t, manyRules(4000)),
	}) {
		prefix := "sitegen_" + table.Name + "_"
		for path, data := range compile(t, table) {
			if path != "nginx/hash.conf" && bytes.Contains(data, []byte("_hash_")) {
				t.Errorf("%s sets the size of a hash", path)
			}
			for _, m := range nameRE.FindAllSubmatch(data, -1) {
				name, group := string(m[1]), string(m[2])
				switch {
				case group != "" && (!strings.HasPrefix(group, prefix) || len(group) > 32):
					t.Errorf("%s: group %s", path, group)
				case group == "" && (!strings.HasPrefix(name, prefix) || len(name) > 46):
					t.Errorf("%s: variable %s", path, name)
				}
			}
		}
	}
}
