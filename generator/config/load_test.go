package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/redirect"
)

// siteFolder changes the working directory to a new folder that contains a sitegen.yaml.
func siteFolder(t *testing.T, yaml string) {
	t.Helper()
	t.Chdir(t.TempDir())
	write(t, config.FileName, yaml)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, in config.Input) config.Config {
	t.Helper()
	c, err := config.Load(in)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// messages returns the lines of an error, which must be of kind fault.Usage.
func messages(t *testing.T, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	if kind := fault.KindOf(err); kind != fault.Usage {
		t.Errorf("kind %d, want fault.Usage: %v", kind, err)
	}
	return strings.Split(err.Error(), "\n")
}

var ignoreOrigins = cmp.Options{cmpopts.IgnoreUnexported(config.Config{}, objects.Rule{}),
	cmpopts.IgnoreFields(config.Config{}, "Profile")}

// aurora is a minimal profile with a value for each option whose default comes from the profile.
const aurora = `
project: Aurora
title: Aurora downloads
description: Installers of Aurora.
base_url: https://download.example.org
source: packages.json
systems: [{id: windows, title: Windows}]
architectures: [{id: x86_64, title: Intel}]
`

func TestDefaults(t *testing.T) {
	t.Chdir(t.TempDir())
	p, err := profile.Load(profile.Default)
	if err != nil {
		t.Fatal(err)
	}
	want := config.Config{
		File:        "sitegen.yaml",
		ProfileName: profile.Default,
		Title:       p.Title,
		Project:     p.Project,
		Description: p.Description,
		BaseURL:     p.BaseURL,
		Languages:   []string{"en", "de"},
		Name:        "downf645",
		Source:      p.Source,
		App:         p.App,
		Girder:      config.Girder{Download: "file", Timeout: 3 * time.Minute, MaxSize: 64 << 20, Retries: 3},
		Out:         "public", Redirects: "redirects", Data: "var", Content: "content", Layouts: "layouts",
		Servers:     []string{"nginx", "s3", "cloudfront"},
		Precompress: []string{"gzip", "br"},
		LogFormat:   "text", AfterChangeTimeout: 5 * time.Minute,
		AlertEvery: 6 * time.Hour,
		Stats:      config.Stats{Privacy: "keyed", MinCountry: 5, Legacy: true},
		Preview:    config.Preview{Listen: "127.0.0.1:8080", As: "nginx"},
		Deploy: config.Deploy{Target: "cloudfront", Edition: "production", Keep: 20, MaxDeletes: 1000,
			Uploads: 16},
		Backup: config.Backup{Keep: 30},
	}
	got := load(t, config.Input{})
	if diff := cmp.Diff(want, got, ignoreOrigins); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	if o := got.Origin("title").String(); o != "profile "+profile.Default {
		t.Errorf("origin %q", o)
	}
	if got.Profile == nil || got.Profile.Name != profile.Default {
		t.Errorf("profile %+v", got.Profile)
	}
}

func TestProfile(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "sites/aurora/profile.yaml", aurora)
	write(t, "sites/aurora/sitegen.yaml", "profile: profile.yaml\ntitle: Ours\n")
	c := load(t, config.Input{File: "sites/aurora/sitegen.yaml"})
	got := []string{c.ProfileName, c.Title, c.Project, c.Source, c.App, c.Origin("source").String()}
	// A path in a profile is relative to the folder of the profile.
	want := []string{"sites/aurora/profile.yaml", "Ours", "Aurora", "sites/aurora/packages.json", "",
		"profile sites/aurora/profile.yaml"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}

	write(t, "sites/aurora/profile.yaml", aurora+"sistems: []\n")
	_, err := config.Load(config.Input{File: "sites/aurora/sitegen.yaml"})
	if diff := cmp.Diff([]string{`sites/aurora/profile.yaml:9:1: unknown key "sistems"; did you mean "systems"?`},
		messages(t, err)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	_, err = config.Load(config.Input{Environ: []string{"SITEGEN_PROFILE=auora"}})
	if diff := cmp.Diff([]string{`read the profile: open auora: no such file or directory`},
		messages(t, err)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestEveryKeyCanBeSet(t *testing.T) {
	siteFolder(t, `
profile: aurora.yaml
title: Downloads
languages: [de, pt-BR]
project: Tool
description: ""
base_url: http://LOCALHOST:8080/
name: Staging2
logo: aurora.svg
icon: art/icon.png
colors:
  accent: "#0f766e"
  accent_dark: "#5EEAD4"
font: Inter, Segoe UI, sans-serif
notice: |
  **Closed** on Sunday.

  Come again.
source: https://girder.example.org/api/v1
source_header_file: token
app: 62cc513eaa08d161a31c1372
girder:
  api: https://files.example.org/api/v1
  download: hashsum
  timeout: 90s
  max_size: 1000000
  retries: 0
offline: true
out: www
redirects: maps
data: state
content: pages
layouts: theme
servers: [nginx, netlify]
redirect_hosts: [WWW.example.org]
headers:
  Strict-Transport-Security: max-age=300
  Permissions-Policy:
jobs: 4
precompress: [br]
metrics: prom/sitegen.prom
alert_every: 90m
after_change_timeout: 90s
after_change:
  - nginx -t
  - sh -c 'nginx -s reload && echo "done"'
listen: "[::1]:9000"
allow_hosts: [box.example]
refresh: 15m
poll: true
log_format: json
stats:
  geoip: [geo/v4.mmdb, /srv/v6.mmdb]
  geoip_attribution: <a href="https://example.org">Places</a>
  log_formats:
    - $remote_addr [$time_iso8601] "$request" $status
    - '{"a": "$remote_addr, $status"}'
  json_fields:
    address: ip
    time: at
    request: req
    method: verb
    path: uri
    status: code
    agent: ua
  trusted_proxies: 2
  user_agents: regexes.yaml
  privacy: full
  min_country: 20
  legacy: false
deploy:
  target: s3-website
  bucket: download.example.org
  store: arn:aws:cloudfront::123456789012:key-value-store/0a1b-2c
  edition: staging
  hosts: [Staging.Example.org  staging]
  headers: ["*.pdf content-disposition: attachment"]
  keep: 3
  max_deletes: 7
  uploads: 2
backup:
  target: ../backups
  recipients: [age1edwlkxnhz6sh024aq74cg5frfzmqn9yv80566c2flpea6t3xfqasrexfqt]
  keep: 14
`)
	write(t, "aurora.yaml", aurora)
	want := config.Config{
		File:        "sitegen.yaml",
		ProfileName: "aurora.yaml",
		Languages:   []string{"de", "pt-BR"},
		Title:       "Downloads", Project: "Tool", BaseURL: "http://localhost:8080", Name: "staging2",
		Logo: "aurora.svg", Icon: "art/icon.png", Font: "Inter, Segoe UI, sans-serif",
		Colors:       config.Colors{Accent: "#0f766e", AccentDark: "#5EEAD4"},
		Notice:       "**Closed** on Sunday.\n\nCome again.\n",
		Source:       "https://girder.example.org/api/v1",
		SourceHeader: "Girder-Token: abc", SourceHeaderFile: "token",
		App: "62cc513eaa08d161a31c1372",
		Girder: config.Girder{API: "https://files.example.org/api/v1", Download: "hashsum", Timeout: 90 * time.Second,
			MaxSize: 1000000},
		Offline: true, Force: true,
		Out: "www", Redirects: "maps", Data: "state", Content: "pages", Layouts: "theme",
		Servers: []string{"nginx", "netlify"}, RedirectHosts: []string{"www.example.org"},
		Headers: []redirect.Header{{Name: "Strict-Transport-Security", Value: "max-age=300"},
			{Name: "Permissions-Policy"}},
		Jobs: 4, Precompress: []string{"br"},
		AfterChangeTimeout: 90 * time.Second,
		AfterChange: []config.Command{
			{Text: "nginx -t", Args: []string{"nginx", "-t"}},
			{Text: `sh -c 'nginx -s reload && echo "done"'`,
				Args: []string{"sh", "-c", `nginx -s reload && echo "done"`}},
		},
		LogFormat: "json",
		Metrics:   "prom/sitegen.prom", AlertEvery: 90 * time.Minute,
		Stats: config.Stats{
			GeoIP: []string{"geo/v4.mmdb", "/srv/v6.mmdb"}, Attribution: `<a href="https://example.org">Places</a>`,
			LogFormats: []string{`$remote_addr [$time_iso8601] "$request" $status`, `{"a": "$remote_addr, $status"}`},
			JSONFields: config.JSONFields{Address: "ip", Time: "at", Request: "req", Method: "verb", Path: "uri",
				Status: "code", Agent: "ua"},
			Proxies: 2, UserAgents: "regexes.yaml", Privacy: "full", MinCountry: 20,
		},
		Preview: config.Preview{
			Listen: "[::1]:9000", AllowedHosts: []string{"box.example"}, As: "s3", Drafts: true, Future: true,
			Refresh: 15 * time.Minute, Poll: true, Open: true,
		},
		Deploy: config.Deploy{
			Target:  "s3-website",
			Bucket:  "download.example.org",
			Store:   "arn:aws:cloudfront::123456789012:key-value-store/0a1b-2c",
			Edition: "staging", Hosts: []config.EditionHost{{Host: "staging.example.org", Edition: "staging"}},
			Headers: []objects.Rule{{Pattern: "*.pdf", Name: "Content-Disposition", Value: "attachment"}},
			Keep:    3, MaxDeletes: 7, Uploads: 2,
		},
		Backup: config.Backup{Target: "../backups", Keep: 14,
			Recipients: []string{"age1edwlkxnhz6sh024aq74cg5frfzmqn9yv80566c2flpea6t3xfqasrexfqt"}},
		GitHubToken: "ghp_abc",
	}
	got := load(t, config.Input{
		Environ: []string{"SITEGEN_SOURCE_HEADER=Girder-Token: abc", "SITEGEN_GITHUB_TOKEN=ghp_abc"},
		Flags: map[string][]string{
			"force": {"true"}, "as": {"s3"}, "drafts": {"true"}, "future": {"true"}, "open": {"true"},
		}})
	if diff := cmp.Diff(want, got, ignoreOrigins); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
	for _, o := range config.Options() {
		if got.Origin(o.Key).Level <= config.Profile {
			t.Errorf("%s is not part of this test", o.Key)
		}
	}
}

func TestPrecedence(t *testing.T) {
	siteFolder(t, "profile: aurora.yaml\ntitle: file\nproject: file\nout: file\nafter_change: [a, b]\n")
	write(t, "aurora.yaml", aurora)
	c := load(t, config.Input{
		Environ: []string{"SITEGEN_PROJECT=environment", "SITEGEN_OUT=environment", "SITEGEN_TITLE=",
			"SITEGEN_GIRDER_RETRIES=1",
			"SITEGEN_AFTER_CHANGE=c d\ne", "SITEGEN_PRECOMPRESS=br, gzip", "PATH=/bin", "SITEGEN_OFFLINE=1",
			"SITEGEN_STATS_GEOIP=a.mmdb, b.mmdb", "SITEGEN_STATS_LOG_FORMATS=$status, $request\nlog_format main '$status '\n  '\"$request\"';\n$msec",
			"SITEGEN_STATS_JSON_FIELDS_TIME=t"},
		Flags: map[string][]string{"out": {"first", "last"}, "base-url": {}},
	})
	type value struct{ Value, Origin string }
	got := map[string]value{
		"title":          {c.Title, c.Origin("title").String()},
		"project":        {c.Project, c.Origin("project").String()},
		"out":            {c.Out, c.Origin("out").String()},
		"girder.retries": {string(rune('0' + c.Girder.Retries)), c.Origin("girder.retries").String()},
		"base_url":       {c.BaseURL, c.Origin("base_url").String()},
		"precompress":    {strings.Join(c.Precompress, " "), c.Origin("precompress").String()},
	}
	want := map[string]value{
		"title":          {"file", "sitegen.yaml:2"},
		"project":        {"environment", "environment SITEGEN_PROJECT"},
		"out":            {"last", "flag --out"},
		"girder.retries": {"1", "environment SITEGEN_GIRDER_RETRIES"},
		"base_url":       {"https://download.example.org", "profile aurora.yaml"},
		"precompress":    {"br gzip", "environment SITEGEN_PRECOMPRESS"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("values (-want +got):\n%s", diff)
	}
	commands := []config.Command{{Text: "c d", Args: []string{"c", "d"}}, {Text: "e", Args: []string{"e"}}}
	if diff := cmp.Diff(commands, c.AfterChange); diff != "" {
		t.Errorf("after_change (-want +got):\n%s", diff)
	}
	stats := config.Stats{GeoIP: []string{"a.mmdb", "b.mmdb"}, LogFormats: []string{
		"$status, $request", `log_format main '$status ' '"$request"';`, "$msec"},
		JSONFields: config.JSONFields{Time: "t"}, Privacy: "keyed", MinCountry: 5, Legacy: true}
	if diff := cmp.Diff(stats, c.Stats); diff != "" {
		t.Errorf("stats (-want +got):\n%s", diff)
	}
	if !c.Offline {
		t.Error("SITEGEN_OFFLINE=1 is not read as true")
	}
}

func TestRelativePaths(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "sites/aurora/sitegen.yaml", "out: www\nsource: ../saved.json\nlayouts: /usr/share/theme\n")
	for name, in := range map[string]config.Input{
		"flag": {File: "sites/aurora/sitegen.yaml", Flags: map[string][]string{"redirects": {"maps"}},
			Environ: []string{"SITEGEN_CONTENT=./pages"}},
		"variable": {Environ: []string{"SITEGEN_CONFIG=sites/aurora/sitegen.yaml", "SITEGEN_CONTENT=pages",
			"SITEGEN_REDIRECTS=maps/"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := load(t, in)
			got := map[string]string{"out": c.Out, "source": c.Source, "layouts": c.Layouts, "data": c.Data,
				"redirects": c.Redirects, "content": c.Content}
			want := map[string]string{"out": "sites/aurora/www", "source": "sites/saved.json",
				"layouts": "/usr/share/theme",
				"data":    "sites/aurora/var", "redirects": "maps", "content": "pages"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("paths (-want +got):\n%s", diff)
			}
		})
	}
}

// TestName checks the default name of a site, which depends on the host of its base URL.
func TestName(t *testing.T) {
	for base, want := range map[string]string{
		"https://download.example.org": "downf462", "http://download.example.org": "downf462",
		"https://staging.example.org": "staga9e1", "http://localhost:8080": "loca8b1f", "http://[::1]:80": "18009f2",
	} {
		c := load(t, config.Input{Environ: []string{"SITEGEN_BASE_URL=" + base}})
		if c.Name != want || c.Origin("name").Level != config.Default {
			t.Errorf("%s: name %q from %s, want %q", base, c.Name, c.Origin("name"), want)
		}
		c = load(t, config.Input{Environ: []string{"SITEGEN_BASE_URL=" + base, "SITEGEN_NAME=7A"}})
		if c.Name != "7a" || c.Origin("name").String() != "environment SITEGEN_NAME" {
			t.Errorf("%s: name %q from %s", base, c.Name, c.Origin("name"))
		}
	}
}

func TestSourceOfANamedKind(t *testing.T) {
	t.Chdir(t.TempDir())
	for setting, want := range map[string]string{
		"packages:dist/list":            "packages:sites/aurora/dist/list",
		"packages:/srv/list":            "packages:/srv/list",
		"girder:../saved":               "girder:sites/saved",
		"packages:https://ci.example/l": "packages:https://ci.example/l",
		"sample":                        "sample",
	} {
		write(t, "sites/aurora/sitegen.yaml", "source: "+setting+"\n")
		if c := load(t, config.Input{File: "sites/aurora/sitegen.yaml"}); c.Source != want {
			t.Errorf("source %s is %s, want %s", setting, c.Source, want)
		}
	}
}

func TestMissingFile(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, in := range map[string]config.Input{
		"flag":     {File: "other.yaml"},
		"variable": {Environ: []string{"SITEGEN_CONFIG=other.yaml"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := config.Load(in)
			if !errors.Is(err, os.ErrNotExist) {
				t.Errorf("error %v, want one that is os.ErrNotExist", err)
			}
			want := []string{"read the configuration: open other.yaml: no such file or directory"}
			if diff := cmp.Diff(want, messages(t, err)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFileWithOtherExtension(t *testing.T) {
	t.Chdir(t.TempDir())
	write(t, "sitegen.yml", "title: never read\n")
	_, err := config.Load(config.Input{})
	if diff := cmp.Diff([]string{"sitegen.yml: is not read; rename it to sitegen.yaml"}, messages(t, err)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
	if _, err := config.Load(config.Input{File: "sitegen.yml"}); err != nil {
		t.Errorf("named explicitly, it must be accepted: %v", err)
	}
}

func TestValidValuesAreKept(t *testing.T) {
	siteFolder(t, "log_format: json\njobs: many\n")
	c, err := config.Load(config.Input{})
	if err == nil || c.LogFormat != "json" {
		t.Errorf("log format %q, error %v", c.LogFormat, err)
	}
}

// TestOldNames checks that an option can be set by its old name, with a warning that contains the new one.
func TestOldNames(t *testing.T) {
	siteFolder(t, "title: T\ntargets: [netlify]\n")
	c := load(t, config.Input{})
	if diff := cmp.Diff([]string{"netlify"}, c.Servers); diff != "" {
		t.Errorf("from the file (-want +got):\n%s", diff)
	}
	want := []string{"sitegen.yaml:2:1: targets is now called servers; rename it"}
	if diff := cmp.Diff(want, c.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
	c = load(t, config.Input{Environ: []string{"SITEGEN_TARGETS=s3,nginx"}})
	if diff := cmp.Diff([]string{"s3", "nginx"}, c.Servers); diff != "" {
		t.Errorf("from the environment (-want +got):\n%s", diff)
	}
	const renamed = "environment SITEGEN_TARGETS: SITEGEN_TARGETS is now called SITEGEN_SERVERS; rename it"
	if len(c.Warnings) != 2 || c.Warnings[1] != renamed {
		t.Errorf("warnings %q", c.Warnings)
	}
	c = load(t, config.Input{Environ: []string{"SITEGEN_TARGETS=s3", "SITEGEN_SERVERS=cloudfront"}})
	if diff := cmp.Diff([]string{"cloudfront"}, c.Servers); diff != "" {
		t.Errorf("from both variables (-want +got):\n%s", diff)
	}
	siteFolder(t, "servers: [nginx]\ntargets: [netlify]\n")
	_, err := config.Load(config.Input{})
	if diff := cmp.Diff([]string{"sitegen.yaml:2:1: servers occurs twice, first in line 1; remove one"},
		messages(t, err)); diff != "" {
		t.Errorf("both keys (-want +got):\n%s", diff)
	}
}
