package main

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/testutil"
)

// examine runs sitegen doctor for a site, as a user of the web server who may read everything, and checks its exit code
// and that its output has a line for each pattern.
func examine(t *testing.T, config string, args []string, wantCode int, patterns ...string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	args = append([]string{"doctor", "--config", config, "--web-user", "root"}, args...)
	code := run(t.Context(), args, strings.NewReader(""), &stdout, &stderr, nil)
	if code != wantCode {
		t.Errorf("exit code %d, want %d; %s\n%s", code, wantCode, stderr.String(), stdout.String())
	}
	for _, p := range patterns {
		if !regexp.MustCompile("(?m)^" + p + "$").MatchString(stdout.String()) {
			t.Errorf("no line %s in\n%s", p, stdout.String())
		}
	}
}

// examinedSite writes a site of Aurora in a folder of its own, and returns the path of its configuration. The function
// set replaces the list of its packages.
func examinedSite(t *testing.T, source string) (config string, set func(list []byte)) {
	t.Helper()
	dir := t.TempDir()
	config = filepath.Join(dir, "sitegen.yaml")
	profile, err := os.ReadFile("../../testdata/aurora/profile.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"aurora.yaml":  string(profile),
		"sitegen.yaml": "profile: aurora.yaml\nservers: [nginx]\nsource: " + source + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	set = func(list []byte) {
		if err := os.WriteFile(filepath.Join(dir, "packages.json"), list, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return config, set
}

func auroraPackages(t *testing.T) []byte {
	t.Helper()
	list, err := os.ReadFile("../../testdata/aurora/packages.json")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestDoctorNginx compares the configuration in force of a real Nginx with the generated one.
func TestDoctorNginx(t *testing.T) {
	config, set := examinedSite(t, "packages.json")
	list := auroraPackages(t)
	set(list)
	sitegen(t, "build", "--config", config, "--quiet")
	dir := filepath.Dir(config)
	redirects := filepath.Join(dir, "redirects")
	n := testutil.StartNginx(t, filepath.Join(dir, "public"), redirects)
	address := []string{"--address", n.URL}
	examine(t, config, address, 0,
		`ok +nginx +Nginx \(process \d+\) includes all \d+ generated files`,
		`ok +nginx +Nginx has read the configuration of \d+-.* UTC`,
		`ok +answers +http://127.0.0.1:\d+ answers \d+ queries as the last build wants`,
		`ok +clock +within 1m0s of the clock of http://127.0.0.1:\d+`)

	// The newest release is withdrawn, and Nginx is not reloaded.
	set(regexp.MustCompile(`(?m)^.*"version": ?"3\.4".*\n`).ReplaceAll(list, nil))
	sitegen(t, "build", "--config", config, "--quiet", "--force")
	examine(t, config, address, 14,
		`problem +nginx +Nginx \(process \d+\) has not read the configuration of .*: its worker is from .*`,
		` +-> nginx -t && nginx -s reload; set after_change to do so after each build.`,
		`problem +answers +http.*/download\?.*: answers status 302 to /bitstream/aurora-3.4-.*, not status 302 to .*`)
	n.Reload(t)
	examine(t, config, address, 0, `ok +nginx +Nginx has read the configuration of .*`,
		`ok +answers .*`)

	// A later chmod changes nothing that Nginx reads.
	file, hour := filepath.Join(redirects, "nginx/http/files.conf"), time.Now().Add(-time.Hour)
	if err := os.Chtimes(file, time.Time{}, hour); err != nil {
		t.Fatal(err)
	}
	examine(t, config, append(address, "--offline"), 0, `ok +nginx +Nginx has read the configuration of .*`)

	// A file that is not valid: Nginx would not start again.
	broken := filepath.Join(redirects, "nginx/http/zz.conf")
	if err := os.WriteFile(broken, []byte("no_such_directive;\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	examine(t, config, append(address, "--offline"), 14, `.*nginx -T: .*\[emerg\].*no_such_directive.*`)
	if err := os.Remove(broken); err != nil {
		t.Fatal(err)
	}
}

// TestDoctorNginxIncludes starts an Nginx that lacks one of the generated files, and none that has those of another
// site.
func TestDoctorNginxIncludes(t *testing.T) {
	config, set := examinedSite(t, "packages.json")
	set(auroraPackages(t))
	sitegen(t, "build", "--config", config, "--quiet")
	redirects := filepath.Join(filepath.Dir(config), "redirects")
	linked := t.TempDir()
	for _, sub := range []string{".", "http", "server"} {
		if err := os.MkdirAll(filepath.Join(linked, "nginx", sub), 0o755); err != nil {
			t.Fatal(err)
		}
		files, err := filepath.Glob(filepath.Join(redirects, "nginx", sub, "*.conf"))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			if filepath.Base(file) == "bitstreams.conf" {
				continue
			}
			if err := os.Symlink(file, filepath.Join(linked, "nginx", sub, filepath.Base(file))); err != nil {
				t.Fatal(err)
			}
		}
	}
	testutil.StartNginx(t, filepath.Join(filepath.Dir(config), "public"), linked)
	examine(t, config, []string{"--offline"}, 14,
		`problem +nginx +Nginx \(process \d+\) does not include .*/server/bitstreams.conf`)

	other, set := examinedSite(t, "packages.json")
	set(auroraPackages(t))
	sitegen(t, "build", "--config", other, "--quiet")
	examine(t, other, []string{"--offline"}, 14, `problem +nginx +no Nginx on this machine includes the files in .*`)
}

// TestDoctorClock compares the clock with that of a source that is wrong.
func TestDoctorClock(t *testing.T) {
	var off time.Duration
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", time.Now().Add(off).UTC().Format(http.TimeFormat))
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(auroraPackages(t))
	}))
	defer server.Close()
	config, _ := examinedSite(t, server.URL+"/packages.json")
	sitegen(t, "build", "--config", config, "--quiet")
	unreachable := []string{"--base-url", "http://127.0.0.1:1"}
	examine(t, config, unreachable, 14, `ok +clock +within 1m0s of the clock of http://.*/packages.json`)
	off = 10 * time.Minute
	examine(t, config, unreachable, 14, `problem +clock +the clock of this machine is (10m0s|9m59s|10m1s) behind that of http://.*`,
		` +-> Correct the clock: .*`)
	off = -2 * time.Minute
	examine(t, config, unreachable, 14, `problem +clock +the clock of this machine is (2m0s|1m59s|2m1s) ahead of that of http://.*`)
}

// TestDoctorAWS checks the rights of a deploy.
func TestDoctorAWS(t *testing.T) {
	config, refuse := deploySite(t, "text"), false
	useCloud(t, func(w http.ResponseWriter, r *http.Request) bool {
		if refuse && r.Method == http.MethodPut {
			w.WriteHeader(http.StatusForbidden)
			return true
		}
		return false
	})
	unreachable := []string{"--base-url", "http://127.0.0.1:1"}
	examine(t, config, unreachable, 14, `problem +answers .*connection refused`,
		`ok +aws +bucket: download`, `ok +aws +write objects: allowed`, `not checked +aws +distribution: .*`)
	refuse = true
	examine(t, config, unreachable, 14, `problem +aws +write objects: .*`)
}
