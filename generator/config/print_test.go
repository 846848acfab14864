package config_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/config"
)

func printed(t *testing.T, c config.Config) string {
	t.Helper()
	var b strings.Builder
	if err := c.Print(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPrint(t *testing.T) {
	siteFolder(t, "profile: aurora.yaml\nnotice: |\n  a\n  b\ngirder:\n  max_size: 1000001\n"+
		"after_change: [nginx -t, \"x: 'y'\"]\n")
	write(t, "aurora.yaml", aurora)
	c := load(t, config.Input{Environ: []string{"SITEGEN_PROJECT=3", "SITEGEN_SOURCE_HEADER=Girder-Token: abc"},
		Flags: map[string][]string{"force": {"true"}}})
	want := `profile: aurora.yaml                                       # sitegen.yaml:1
title: Aurora downloads                                    # profile aurora.yaml
project: "3"                                               # environment SITEGEN_PROJECT
description: Installers of Aurora.                         # profile aurora.yaml
languages: [en]                                            # profile aurora.yaml
base_url: https://download.example.org                     # profile aurora.yaml
name: downf462                                             # default
notice: "a\nb\n"                                           # sitegen.yaml:2
logo: ""                                                   # default
icon: ""                                                   # default
colors:
  accent: ""                                               # default
  accent_dark: ""                                          # default
font: ""                                                   # default
source: packages.json                                      # profile aurora.yaml
app: ""                                                    # default
# source_header: (not shown)                               # environment SITEGEN_SOURCE_HEADER
source_header_file: ""                                     # default
girder:
  api: ""                                                  # default
  download: file                                           # default
  timeout: 3m                                              # default
  max_size: 1000001                                        # sitegen.yaml:6
  retries: 3                                               # default
offline: false                                             # default
# force: true                                              # flag --force
out: public                                                # default
redirects: redirects                                       # default
data: var                                                  # default
content: content                                           # default
layouts: layouts                                           # default
servers: [nginx, s3, cloudfront]                           # default
redirect_hosts: []                                         # default
headers: {}                                                # default
jobs: 0                                                    # default
precompress: [gzip, br]                                    # default
after_change: [nginx -t, "x: 'y'"]                         # sitegen.yaml:7
after_change_timeout: 5m                                   # default
metrics: ""                                                # default
alert_every: 6h                                            # default
stats:
  geoip: []                                                # default
  geoip_attribution: ""                                    # default
  log_formats: []                                          # default
  json_fields:
    address: ""                                            # default
    time: ""                                               # default
    request: ""                                            # default
    method: ""                                             # default
    path: ""                                               # default
    status: ""                                             # default
    agent: ""                                              # default
  trusted_proxies: 0                                       # default
  user_agents: ""                                          # default
  privacy: keyed                                           # default
  min_country: 5                                           # default
  legacy: true                                             # default
listen: 127.0.0.1:8080                                     # default
allow_hosts: []                                            # default
# as: nginx                                                # default
# drafts: false                                            # default
# future: false                                            # default
refresh: never                                             # default
poll: false                                                # default
# open: false                                              # default
deploy:
  target: cloudfront                                       # default
  bucket: ""                                               # default
  store: ""                                                # default
  edition: production                                      # default
  hosts: []                                                # default
  headers: []                                              # default
  keep: 20                                                 # default
  max_deletes: 1000                                        # default
  uploads: 16                                              # default
log_format: text                                           # default
backup:
  target: ""                                               # default
  recipients: []                                           # default
  keep: 30                                                 # default
# github_token: ""                                         # default
`
	if diff := cmp.Diff(want, printed(t, c)); diff != "" {
		t.Errorf("configuration (-want +got):\n%s", diff)
	}
}

// TestPrintIsAConfiguration checks that the printed configuration, when read again, has the same values.
func TestPrintIsAConfiguration(t *testing.T) {
	for _, text := range []string{
		"plain", "5.10", "true", "null", "~", "-", "- a", "a: b", "a #b", "#b", "'", `"`, `\`, "[a]", "{a}", "*a", "&a",
		"!a", "%a", "@a", "`a",
		" a ", "a\tb", "é", "日本", "0x1f", "1e3", ".inf", "2020-01-01", "=", "<<", "? a", "|", ">", "a:", ":a", "yes",
		"---", "...", "a,b",
	} {
		t.Run(text, func(t *testing.T) {
			t.Chdir(t.TempDir())
			environ := []string{"SITEGEN_TITLE=" + text, "SITEGEN_NOTICE=" + text + "\n\n" + text,
				"SITEGEN_OUT=" + text + "/out"}
			want := load(t, config.Input{Environ: environ})
			write(t, config.FileName, printed(t, want))
			if diff := cmp.Diff(want, load(t, config.Input{}), ignoreOrigins); diff != "" {
				t.Errorf("read again (-want +got):\n%s", diff)
			}
		})
	}
}

const beginReference, endReference = "<!-- begin: written by go generate ./generator/config -->\n\n", "\n<!-- end -->"

// TestDocumentation checks that docs/configuration.md is up to date. To update it after a change of options.go, run go
// generate ./generator/config.
func TestDocumentation(t *testing.T) {
	const path = "../../docs/configuration.md"
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(data), beginReference)
	got, after, ok2 := strings.Cut(rest, endReference)
	if !ok1 || !ok2 {
		t.Fatalf("%s has no part between %q and %q", path, beginReference, endReference)
	}
	if os.Getenv("UPDATE_DOCS") != "" {
		if err := os.WriteFile(path, []byte(before+beginReference+config.Reference()+endReference+after),
			0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if diff := cmp.Diff(config.Reference(), got); diff != "" {
		t.Errorf("%s is not up to date; run go generate ./generator/config (-want +got):\n%s", path, diff)
	}
}

func TestTable(t *testing.T) {
	seen := map[string]string{config.ConfigEnv: "--config", "config": "--config"}
	for _, o := range config.Options() {
		for _, name := range []string{o.Key, o.Env(), o.Flag} {
			if other, ok := seen[name]; ok && name != "" && other != o.Key {
				t.Errorf("%s and %s both use %s", other, o.Key, name)
			}
			seen[name] = o.Key
		}
		if o.Group == "" || o.Usage == "" || o.Kind() == "" || !strings.HasSuffix(o.Doc, ".") {
			t.Errorf("%s is not described", o.Key)
		}
		if o.NotInFile && o.Flag == "" && !o.Secret {
			t.Errorf("%s can only be set in the environment", o.Key)
		}
	}
}
