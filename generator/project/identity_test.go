package project_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/profile"
	"github.com/Slicer/sitegen/generator/project"
)

// open opens the project of a site folder with the given files.
func open(t *testing.T, files map[string]string, environ ...string) (*project.Project, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	c, err := config.Load(config.Input{Environ: environ})
	if err != nil {
		t.Fatal(err)
	}
	return project.Open(c, slog.New(slog.DiscardHandler), time.Now)
}

// TestIdentity checks which sites must set title, project and base_url.
func TestIdentity(t *testing.T) {
	builtIn, err := profile.Load(profile.Default)
	if err != nil {
		t.Fatal(err)
	}
	const aurora = "project: Aurora\nsystems: [{id: linux, title: Linux}]\narchitectures: [{id: amd64, title: Intel}]\n"
	for _, tt := range []struct {
		name, site, profile string
		want                string // the error, or ""
	}{
		{"nothing configured", "", "", ""},
		{"another folder", "out: www\n", "", ""},
		{"the profile's own server", "source: " + builtIn.Source + "/\n", "", ""},
		{"the sample", "source: sample\n", "", ""},
		{"a file, which may be a saved listing", "source: listing.json\n", "", ""},
		{"another server", "source: https://packages.aurora.example/api/v1\n", "",
			"sitegen.yaml:1: source belongs to another project than the profile " + profile.Default +
				", so the site needs its own title, project and base_url"},
		{"another application", "title: Aurora\napp: 62cc513eaa08d161a31c1372\nbase_url: https://aurora.example\n", "",
			"sitegen.yaml:2: app belongs to another project than the profile " + profile.Default +
				", so the site needs its own project"},
		{"another server with its own name",
			"source: https://packages.aurora.example/api/v1\ntitle: A\nproject: B\nbase_url: https://c.example\n",
			"", ""},
		{"a profile without a URL", "profile: aurora.yaml\n", aurora,
			"aurora.yaml: base_url (where the site is published) is missing\n" +
				"aurora.yaml: source (where the packages are listed) is missing"},
		{"a profile without a source, offline",
			"profile: aurora.yaml\noffline: true\nbase_url: https://aurora.example\n", aurora, ""},
		{"a profile, completed",
			"profile: aurora.yaml\nbase_url: https://aurora.example\nsource: packages.json\n", aurora, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"sitegen.yaml": tt.site}
			if tt.profile != "" {
				files["aurora.yaml"] = tt.profile
			}
			_, err := open(t, files)
			got := ""
			if err != nil {
				got = err.Error()
				if fault.KindOf(err) != fault.Usage || len(fault.Hints(err)) != 1 {
					t.Errorf("kind %v, hints %q", fault.KindOf(err), fault.Hints(err))
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestSourceHeader(t *testing.T) {
	for _, tt := range []struct{ name, environ, file, want, wantErr string }{
		{"none", "", "", "", ""},
		{"of the environment", "Girder-Token: abc", "", "Girder-Token: abc", ""},
		{"of a file", "", "authorization:Bearer abc \nmore\n", "Authorization: Bearer abc", ""},
		{"of both", "Girder-Token: abc", "Authorization: x\n", "Girder-Token: abc", ""},
		{"not a header", "", "s3cret\n", "", "token: must be a request header"},
		{"no value", "", "Girder-Token:\n", "", "token: must be a request header"},
		{"line end", "", "Girder Token: s3cret\n", "", "token: must be a request header"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			files, environ := map[string]string{}, []string{"SITEGEN_SOURCE_HEADER=" + tt.environ}
			if tt.file != "" {
				files["token"] = tt.file
				environ = append(environ, "SITEGEN_SOURCE_HEADER_FILE=token")
			}
			p, err := open(t, files, environ...)
			if err != nil {
				t.Fatal(err)
			}
			header, err := p.SourceHeader()
			got := ""
			for name, values := range header {
				got += name + ": " + strings.Join(values, "|")
			}
			if got != tt.want || (err == nil) != (tt.wantErr == "") || err != nil && err.Error() != tt.wantErr {
				t.Errorf("header %q, error %v", got, err)
			}
			if err != nil && strings.Contains(err.Error()+strings.Join(fault.Hints(err), ""), "s3cret") {
				t.Errorf("the secret is in the message: %v %q", err, fault.Hints(err))
			}
		})
	}
}
