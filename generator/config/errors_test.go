package config_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/config"
)

func TestErrors(t *testing.T) {
	tests := []struct {
		name, yaml string
		want       []string
	}{
		{"unknown key", "titel: x\n", []string{`sitegen.yaml:1:1: unknown key "titel"; did you mean "title"?`}},
		{"unknown key, none is similar", "gravity: x\n", []string{`sitegen.yaml:1:1: unknown key "gravity"`}},
		{"unknown key in a group", "girder:\n  time_out: 3m\n",
			[]string{`sitegen.yaml:2:3: unknown key "girder.time_out"; did you mean "girder.timeout"?`}},
		{"key without its group", "timeout: 3m\n",
			[]string{`sitegen.yaml:1:1: unknown key "timeout"; did you mean "girder.timeout"?`}},
		{"unknown group", "grider:\n  timeout: 3m\n",
			[]string{`sitegen.yaml:1:1: unknown key "grider"; did you mean "girder"?`}},
		{"key with a dot, twice", "girder.retries: 1\ngirder:\n  retries: 1\n",
			[]string{`sitegen.yaml:3:3: girder.retries occurs twice, first in line 1; remove one`}},
		{"twice", "title: a\nout: b\ntitle: c\n",
			[]string{`sitegen.yaml:3:1: title occurs twice, first in line 1; remove one`}},
		{"group twice", "girder:\n  retries: 1\ngirder:\n  retries: 2\n",
			[]string{`sitegen.yaml:3:1: girder occurs twice, first in line 1; remove one`}},
		{"list for a value", "title: [a]\n", []string{`sitegen.yaml:1:8: title must be a single value (found a list)`}},
		{"group for a value", "title:\n  a: b\n",
			[]string{`sitegen.yaml:2:3: title must be a single value (found a group of keys); ` +
				`a text with a colon must be in quotes: "a: b"`}},
		{"value for a list", "precompress: gzip\n",
			[]string{`sitegen.yaml:1:14: precompress must be a list (found "gzip"); write [gzip]`}},
		{"list in a list", "precompress: [gzip, [br]]\n",
			[]string{`sitegen.yaml:1:21: precompress must be a list of single values (found a list)`}},
		{"value for a group", "girder: fast\n",
			[]string{`sitegen.yaml:1:9: girder must be a group of keys (found "fast")`}},
		{"headers", "headers:\n  X-Good: yes\n  Vary: Cookie\n  X Y: z\n  X-List: [a]\n", []string{
			`sitegen.yaml:3:9: headers has an invalid header (found "Vary: Cookie"); the web server sets Vary for each ` +
				`response`,
			`sitegen.yaml:4:8: headers has an invalid header (found "X Y: z"); write a name, a colon and a value: ` +
				`Strict-Transport-Security: max-age=31536000`,
			`sitegen.yaml:5:11: headers.X-List must be a single value (found a list)`}},
		{"headers as a list", "headers: [a]\n", []string{`sitegen.yaml:1:10: headers must be keys and values ` +
			`(found a list); write each on a line of its own, indented, or {} for none`}},
		{"no value", "title:\n",
			[]string{`sitegen.yaml:1:7: title must be a single value (found nothing); ` +
				`give it a value, "" for an empty one, or remove the line`}},
		{"not one of", "girder:\n  download: files\n",
			[]string{`sitegen.yaml:2:13: girder.download must be one of file, item, hashsum (found "files")`}},
		{"not a switch", "offline: yes\n", []string{`sitegen.yaml:1:10: offline must be true or false (found "yes")`}},
		{"not a number", "jobs: 1.5\n", []string{`sitegen.yaml:1:7: jobs is not a number from 0 to 256 (found "1.5")`}},
		{"number too low", "jobs: -1\n", []string{`sitegen.yaml:1:7: jobs is not a number from 0 to 256 (found "-1")`}},
		{"duration without unit", "girder:\n  timeout: 180\n",
			[]string{`sitegen.yaml:2:12: girder.timeout is not a duration (found "180"); ` +
				`write a number with its unit, for instance 90s or 3m`}},
		{"duration of zero", "girder:\n  timeout: 0s\n",
			[]string{`sitegen.yaml:2:12: girder.timeout is not between 0s and 24h (found "0s")`}},
		{"size", "girder:\n  max_size: big\n",
			[]string{`sitegen.yaml:2:13: girder.max_size is not a size (found "big"); ` +
				`write a number of bytes, or one with its unit, for instance 64MiB`}},
		{"size of zero", "girder:\n  max_size: 0\n",
			[]string{`sitegen.yaml:2:13: girder.max_size is not between 1 byte and 1 TiB (found "0")`}},
		{"app", "app: Aurora\n",
			[]string{`sitegen.yaml:1:6: app must be 24 lower-case hex digits (found "Aurora"); ` +
				`it is the _id of the application's folder in Girder`}},
		{"name", "name: down-load\n", []string{`sitegen.yaml:1:7: name must be 1 to 12 letters and digits ` +
			`(found "down-load"); for instance staging`}},
		{"name too long", "name: thirteenchars\n",
			[]string{`sitegen.yaml:1:7: name must be 1 to 12 letters and digits ` +
				`(found "thirteenchars"); for instance staging`}},
		{"empty", "title: \"\"\nsource: ''\nout: ''\n", []string{
			`sitegen.yaml:1:8: title is empty (found "")`,
			`sitegen.yaml:2:9: source is empty (found ""); write the URL of a Girder API, a packages.json, or sample`,
			`sitegen.yaml:3:6: out is empty (found "")`,
		}},
		{"lines", "title: |\n  a\n  b\n", []string{`sitegen.yaml:1:8: title must be a single line (found "a\nb\n")`}},
		{"control characters", "title: \"a\\u001b[0m\"\n",
			[]string{`sitegen.yaml:1:8: title has unprintable characters (found "a\x1b[0m")`}},
		{"file without a name", "stats:\n  geoip: [a.mmdb, '']\n",
			[]string{`sitegen.yaml:2:19: stats.geoip has an empty item (found "")`}},
		{"log format without variables", "stats:\n  log_formats: [combined]\n", []string{
			`sitegen.yaml:2:17: stats.log_formats has a format without variables (found "combined"); ` +
				`use the syntax of Nginx's log_format: $remote_addr …, or of Apache's LogFormat: %h …`,
		}},
		{"unknown field of JSON lines", "stats:\n  json_fields:\n    tme: t\n",
			[]string{`sitegen.yaml:3:5: unknown key "stats.json_fields.tme"; did you mean "stats.json_fields.time"?`}},
		{"unknown group in a group", "stats:\n  json_feilds:\n    time: t\n",
			[]string{`sitegen.yaml:2:3: unknown key "stats.json_feilds"; did you mean "stats.json_fields"?`}},
		{"item twice", "precompress: [br, br]\n",
			[]string{`sitegen.yaml:1:19: precompress contains an item twice (found "br")`}},
		{"command with shell syntax", "after_change:\n  - nginx -t\n  - nginx -t && nginx -s reload\n", []string{
			`sitegen.yaml:3:5: after_change has a command with shell syntax (found "nginx -t && nginx -s reload"); ` +
				`commands run without a shell; if you need one, write sh -c '…'`,
		}},
		{"command with open quote", "after_change: [\"echo 'a\"]\n",
			[]string{`sitegen.yaml:1:16: after_change has a command with an unclosed quote or bracket ` +
				`(found "echo 'a")`}},
		{"empty command", "after_change: [\"\"]\n",
			[]string{`sitegen.yaml:1:16: after_change has a command without a program (found "")`}},
		{"secret", "source_header: \"A: b\"\n",
			[]string{`sitegen.yaml:1:1: source_header is a secret and must not be in a file of the site; ` +
				`set the variable SITEGEN_SOURCE_HEADER`}},
		{"for one run only", "force: true\n",
			[]string{`sitegen.yaml:1:1: force applies to a single run and cannot be set in the file; ` +
				`use --force or SITEGEN_FORCE=true`}},
		{"deploy", "deploy:\n  target: s3\n  bucket: A\n  store: a\n  edition: A b\n  hosts: [a]\n  headers: " +
			"['*.pdf']\n" +
			"  keep: 0\n", []string{
			`sitegen.yaml:2:11: deploy.target must be one of cloudfront, s3-website (found "s3")`,
			`sitegen.yaml:3:11: deploy.bucket must be the name of a bucket (found "A"); ` +
				`3 to 63 lower-case letters, digits, dots and hyphens`,
			`sitegen.yaml:4:10: deploy.store must be the ARN of a key-value store (found "a"); ` +
				`for instance arn:aws:cloudfront::123456789012:key-value-store/0a1b2c3d-…`,
			`sitegen.yaml:5:12: deploy.edition must be 1 to 32 lower-case letters, digits and hyphens (found "A b"); ` +
				`for instance staging`,
			`sitegen.yaml:6:11: deploy.hosts must be a host and an edition (found "a"); ` +
				`for instance staging.example.org staging`,
			`sitegen.yaml:7:13: deploy.headers has an invalid rule (found "*.pdf"); write a pattern that begins with ` +
				`/ or *, a space and a header: *.pdf Content-Disposition: attachment`,
			`sitegen.yaml:8:9: deploy.keep is not a number from 1 to 1000 (found "0")`,
		}},
		{"alias", "title: &t x\nproject: *t\n", []string{
			`sitegen.yaml:1:8: anchors are not supported (found "&t x"); ` +
				`write the value in full, or in quotes: title: "&t x"`,
			`sitegen.yaml:2:10: aliases are not supported (found "*t"); ` +
				`write the value in full, or in quotes: project: "*t"`,
		}},
		{"merge key", "<<: {title: x}\n",
			[]string{`sitegen.yaml:1:1: merge keys are not supported (found "<<"); write the keys and values out`}},
		{"number as key", "1: x\n",
			[]string{`sitegen.yaml:1:1: keys must be plain words (found "1"); write it in quotes: "1"`}},
		{"list as file", "- title\n",
			[]string{`sitegen.yaml:1:1: must be keys and values (found a list); for instance title: Downloads`}},
		{"two documents", "title: a\n---\ntitle: b\n",
			[]string{`sitegen.yaml:3:1: a second document begins (found "---"); keep only one`}},
		{"tab", "girder:\n\tretries: 1\n",
			[]string{`sitegen.yaml:2:1: a tab indents the line (found "\t"); indent with spaces`}},
		{"open quote", "out: x\ntitle: 'abc\n",
			[]string{`sitegen.yaml:2:8: the text in quotes is not closed (found "'abc"); write a ' at its end`}},
		{"colon", "title: Aurora: downloads\nprojekt: x\n", []string{
			`sitegen.yaml:1:8: title has a colon and must be in quotes (found "Aurora: downloads"); ` +
				`write title: "Aurora: downloads"`,
			`sitegen.yaml:2:1: unknown key "projekt"; did you mean "project"?`,
		}},
		{"no space after a colon in a group", "girder:\n  timeout:3m\n",
			[]string{`sitegen.yaml:2:3: girder must be a group of keys (found "timeout:3m"); ` +
				`write a space after the colon: timeout: 3m`}},
		{"column in bytes", "{title: Français, jobs: x}\n",
			[]string{`sitegen.yaml:1:26: jobs is not a number from 0 to 256 (found "x")`}},
		{"not UTF-8", "title: x\nproject: ab\xff\n",
			[]string{`sitegen.yaml:2:12: text is not UTF-8 (found "\xff"); save the file as UTF-8`}},
		{"all at once, in the order of the file", "titel: x\njobs: many\ntitle: []\nbase_url: x\n", []string{
			`sitegen.yaml:1:1: unknown key "titel"; did you mean "title"?`,
			`sitegen.yaml:2:7: jobs is not a number from 0 to 256 (found "many")`,
			`sitegen.yaml:3:8: title must be a single value (found a list)`,
			`sitegen.yaml:4:11: base_url must be an http or https URL with a host (found "x"); ` +
				`for instance https://download.example.org`,
		}},
		{"folder in a folder", "data: public/var\n",
			[]string{`sitegen.yaml:1:1: out and data must be separate folders (found "public" and "public/var"); ` +
				`do not nest them`}},
		{"same folder", "content: pages\nlayouts: ./pages/\n",
			[]string{`sitegen.yaml:2:1: content and layouts must be separate folders (found "pages" and "pages"); ` +
				`do not nest them`}},
		{"nothing", "", nil},
		{"comments and an empty group", "\ufeff# nothing yet\n---\ngirder:\n  # timeout: 3m\n", nil},
		{"numbers as text", "title: 5.10\nproject: true\n", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			siteFolder(t, tt.yaml)
			_, err := config.Load(config.Input{})
			if diff := cmp.Diff(tt.want, messages(t, err)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorsOfEveryLevel(t *testing.T) {
	siteFolder(t, "jobs: many\n")
	_, err := config.Load(config.Input{
		Environ: []string{"SITEGEN_OTU=x", "SITEGEN_JOBS=few", "SITEGEN_BASEURL=x"},
		Flags:   map[string][]string{"jobs": {"none"}, "out": {"redirects/public"}},
	})
	want := []string{
		`sitegen.yaml:1:7: jobs is not a number from 0 to 256 (found "many")`,
		`environment SITEGEN_JOBS: jobs is not a number from 0 to 256 (found "few")`,
		`environment SITEGEN_BASEURL: unknown variable; did you mean "SITEGEN_BASE_URL"?`,
		`environment SITEGEN_OTU: unknown variable; did you mean "SITEGEN_OUT"?`,
		`flag --jobs: jobs is not a number from 0 to 256 (found "none")`,
		`flag --out: out and redirects must be separate folders (found "redirects/public" and "redirects"); ` +
			`do not nest them`,
	}
	if diff := cmp.Diff(want, messages(t, err)); diff != "" {
		t.Errorf("messages (-want +got):\n%s", diff)
	}
}

func TestBaseURL(t *testing.T) {
	t.Chdir(t.TempDir())
	tests := []struct{ given, want string }{
		{"https://download.example.org", "https://download.example.org"},
		{"https://Download.Example.org/", "https://download.example.org"},
		{"http://127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"http://[::1]:8080/", "http://[::1]:8080"},
		{"ftp://example.org", ""},
		{"//example.org", ""},
		{"example.org", ""},
		{"https://", ""},
		{"https://example.org/download", ""},
		{"https://example.org?", ""},
		{"https://example.org/?a=b", ""},
		{"https://example.org/#top", ""},
		{"https://example.org#", ""},
		{"https://user@example.org", ""},
		{"https://example.org:port", ""},
		{`https://exa"mple.org`, ""},
		{"https://exa mple.org", ""},
		{"https://-example.org", ""},
		{"javascript:alert(1)", ""},
	}
	for _, tt := range tests {
		t.Run(tt.given, func(t *testing.T) {
			c, err := config.Load(config.Input{Flags: map[string][]string{"base-url": {tt.given}}})
			if tt.want == "" {
				if err == nil {
					t.Errorf("accepted as %q", c.BaseURL)
				}
				return
			}
			if err != nil || c.BaseURL != tt.want {
				t.Errorf("%q, error %v; want %q", c.BaseURL, err, tt.want)
			}
		})
	}
}
