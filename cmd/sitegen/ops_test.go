package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dop251/goja"

	"github.com/Slicer/sitegen/generator/testutil"
)

// The files of docs/ops are checked by the programs that read them. Only paths, ports and the names of programs are
// replaced, by those of the test.

const opsFolder = "../../docs/ops"

// readOps returns a file of docs/ops, with texts replaced.
func readOps(t *testing.T, name string, oldnew ...string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(opsFolder, name))
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(oldnew...).Replace(string(data))
}

// writeFile writes a file, and the folder that it is in.
func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// must runs a program and returns its output.
func must(t *testing.T, program string, args ...string) string {
	t.Helper()
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", program, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// TestOpsUnits checks the units with systemd-analyze: they are valid, and what an intruder could do in them is limited.
func TestOpsUnits(t *testing.T) {
	analyze, nginx := testutil.Need(t, "systemd-analyze"), testutil.Need(t, "nginx")
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	mail, err := filepath.Abs(filepath.Join(opsFolder, "systemd/mail-run"))
	if err != nil {
		t.Fatal(err)
	}
	must(t, "sh", "-n", mail)
	// The exposure that systemd-analyze security computes, in tenths, from 0 (safe) to 100.
	limits := map[string]int{
		"sitegen-build.service": 15, "sitegen-stats.service": 10, "sitegen-backup.service": 10,
		"sitegen-deploy.service": 15, "sitegen-doctor.service": 20,
		"sitegen-nginx.service": 30, "sitegen-mail@.service": 45, // as root, see their comments
	}
	dir := t.TempDir()
	paths, err := filepath.Glob(filepath.Join(opsFolder, "systemd/*.*"))
	if err != nil {
		t.Fatal(err)
	}
	var units []string
	for _, path := range paths {
		name := filepath.Base(path)
		unit := filepath.Join(dir, name)
		writeFile(t, unit, readOps(t, "systemd/"+name, "/usr/bin/sitegen", program, "/usr/sbin/nginx", nginx,
			"/usr/local/lib/sitegen/mail-run", mail))
		units = append(units, unit)
		if filepath.Ext(name) != ".service" {
			continue
		}
		limit, ok := limits[name]
		if !ok {
			t.Errorf("%s has no limit of its exposure", name)
		}
		if strings.Contains(name, "@") {
			unit = filepath.Join(dir, "sitegen-mail@instance.service")
			writeFile(t, unit, readOps(t, "systemd/"+name))
		}
		must(t, analyze, "security", "--offline=true", "--no-pager", fmt.Sprintf("--threshold=%d", limit), unit)
	}
	if out := must(t, analyze, append([]string{"verify", "--man=no"}, units...)...); out != "" {
		t.Errorf("systemd-analyze verify:\n%s", out)
	}
}

// TestOpsCommands reads the commands of the units and of the crontab as the program does.
func TestOpsCommands(t *testing.T) {
	crontab := filepath.Join(opsFolder, "crontab")
	must(t, testutil.Need(t, "crontab"), "-n", crontab)
	paths, err := filepath.Glob(filepath.Join(opsFolder, "systemd/*.service"))
	if err != nil {
		t.Fatal(err)
	}
	commandRE := regexp.MustCompile(`(?m)(?:^ExecStart=/usr/bin/|&& )(sitegen [^&\n]*)`)
	found := 0
	for _, path := range append(paths, crontab) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range commandRE.FindAllSubmatch(text, -1) {
			found++
			if err := parseCommand(strings.TrimSpace(string(m[1]))); err != nil {
				t.Errorf("%s: %s: %v", path, m[1], err)
			}
		}
	}
	if found < 10 {
		t.Errorf("only %d commands found", found)
	}
}

// TestOpsLogrotate lets logrotate read its configuration.
func TestOpsLogrotate(t *testing.T) {
	dir := t.TempDir()
	config := filepath.Join(dir, "download")
	writeFile(t, filepath.Join(dir, "log/access.log"), "a line\n")
	writeFile(t, config, readOps(t, "logrotate/download", "/var/log/download", filepath.Join(dir, "log")))
	out := must(t, testutil.Need(t, "logrotate"), "-d", "-s", filepath.Join(dir, "state"), config)
	if !strings.Contains(out, "considering log "+filepath.Join(dir, "log/access.log")) ||
		strings.Contains(out, "error:") {
		t.Errorf("logrotate -d:\n%s", out)
	}
}

// TestOpsRights checks the rules by which the user of sitegen may reload Nginx, and nothing else.
func TestOpsRights(t *testing.T) {
	must(t, testutil.Need(t, "visudo"), "-c", "-f", filepath.Join(opsFolder, "sudoers/sitegen"))
	vm := goja.New()
	if _, err := vm.RunString(`var rule, polkit = {Result: {YES: "yes"}, addRule: function (f) { rule = f; }};
		function ask(id, unit, verb, user) {
			var details = {unit: unit, verb: verb};
			return rule({id: id, lookup: function (key) { return details[key]; }}, {user: user}) || "";
		}`); err != nil {
		t.Fatal(err)
	}
	if _, err := vm.RunString(readOps(t, "polkit/50-sitegen.rules")); err != nil {
		t.Fatal(err)
	}
	const manage = "org.freedesktop.systemd1.manage-units"
	for _, tt := range []struct{ id, unit, verb, user, want string }{
		{manage, "sitegen-nginx.service", "start", "sitegen", "yes"},
		{manage, "sitegen-nginx.service", "stop", "sitegen", ""},
		{manage, "nginx.service", "start", "sitegen", ""},
		{manage, "sitegen-nginx.service", "start", "www-data", ""},
		{"org.freedesktop.systemd1.manage-unit-files", "sitegen-nginx.service", "start", "sitegen", ""},
	} {
		got, err := vm.RunString(fmt.Sprintf("ask(%q, %q, %q, %q)", tt.id, tt.unit, tt.verb, tt.user))
		if err != nil || got.String() != tt.want {
			t.Errorf("%v: %v, %v", tt, got, err)
		}
	}
	if unit := readOps(t, "systemd/sitegen-nginx.service"); !strings.Contains(unit, "ExecStart=/usr/sbin/nginx -t -q\n") {
		t.Error("sitegen-nginx.service does not test the configuration")
	}
}

// opsSite builds production and staging with the configuration of docs/ops in one folder, and returns the folder.
func opsSite(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	metrics := filepath.Join(dir, "metrics")
	const folder = "/var/lib/prometheus/node-exporter"
	for _, name := range []string{"sitegen.yaml", "sitegen.staging.yaml"} {
		writeFile(t, filepath.Join(dir, name), readOps(t, name, folder, metrics, "systemctl start sitegen-nginx.service",
			"true"))
	}
	if err := os.Mkdir(metrics, 0o755); err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(dir, "sitegen.yaml")
	sitegen(t, "build", "--config", config, "--source", "sample", "--cron")
	sitegen(t, "build", "--config", config, "--source", "sample", "--cron", "--overlay", "staging")
	for path, want := range map[string]string{
		"public/sitemap.xml": "https://download.example.org/", "staging/public/sitemap.xml": "https://staging.example.org/",
		"metrics/sitegen.prom": `command="build"`, "metrics/sitegen-staging.prom": `command="build"`,
	} {
		text, err := os.ReadFile(filepath.Join(dir, path))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: no %s in %.200s, %v", path, want, text, err)
		}
	}
	return dir
}

// TestOpsNginx starts both examples of a site, each with an Nginx that can read it, and counts a download in its log.
func TestOpsNginx(t *testing.T) {
	dir := opsSite(t)
	must(t, testutil.Need(t, "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
		"-subj", "/CN=download.example.org", "-days", "1", "-keyout", filepath.Join(dir, "privkey.pem"),
		"-out", filepath.Join(dir, "fullchain.pem"))
	newer := testutil.Path("../.cache/nginx/usr/sbin/nginx") // of .ci/nginx
	if _, err := os.Stat(newer); err != nil {
		testutil.Missing(t, "the Nginx of .ci/nginx")
	}
	for name, nginx := range map[string]string{"download.conf": testutil.Need(t, "nginx"), "download-http3.conf": newer} {
		t.Run(name, func(t *testing.T) {
			work := t.TempDir()
			logs := filepath.Join(work, "log")
			plain, secure := freeTCPPort(t), freeTCPPort(t)
			site := readOps(t, "nginx/"+name, "/srv/download", dir, "/var/log/download", logs,
				"/etc/letsencrypt/live/download.example.org", dir, "listen 80;", "listen 127.0.0.1:"+plain+";",
				"listen 443 ", "listen 127.0.0.1:"+secure+" ")
			site = regexp.MustCompile(`(?m)^    listen \[::\].*\n`).ReplaceAllString(site, "") // it may have no IPv6
			writeFile(t, filepath.Join(work, "site.conf"), site)
			writeFile(t, filepath.Join(logs, "error.log"), "")
			user := ""
			if os.Getuid() == 0 {
				user = "user root;" // only root may read the test's folders
			}
			conf := filepath.Join(work, "nginx.conf")
			writeFile(t, conf, user+"daemon off; pid "+work+"/pid; error_log "+logs+"/error.log;\nevents {}\nhttp {\n"+
				"include /etc/nginx/mime.types;\nclient_body_temp_path "+work+"/a; proxy_temp_path "+work+"/b;\n"+
				"fastcgi_temp_path "+work+"/c; uwsgi_temp_path "+work+"/d; scgi_temp_path "+work+"/e;\n"+
				"include "+work+"/site.conf;\n}\n")
			if out := must(t, nginx, "-t", "-c", conf, "-p", work); strings.Contains(out, "[warn]") {
				t.Errorf("nginx -t:\n%s", out)
			}
			var out bytes.Buffer
			cmd := exec.Command(nginx, "-c", conf, "-p", work)
			cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = cmd.Process.Signal(syscall.SIGTERM)
				_ = cmd.Wait()
			}()
			visit(t, &out, plain, secure)
			counted := sitegen(t, "stats", "--config", filepath.Join(dir, "sitegen.yaml"), "--dry-run",
				filepath.Join(logs, "access.log*"))
			if !strings.Contains(counted, "1 request for packages, 1 of them successful") {
				t.Errorf("statistics:\n%s", counted)
			}
		})
	}
}

// visit sends one request for a download over plain HTTP, and follows it to HTTP/2.
func visit(t *testing.T, output fmt.Stringer, plain, secure string) {
	t.Helper()
	client := &http.Client{
		Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{InsecureSkipVerify: true, ServerName: "download.example.org"},
			ForceAttemptHTTP2: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	defer client.CloseIdleConnections()
	get := func(url string) *http.Response {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "download.example.org"
		req.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0")
		for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
			res, err := client.Do(req)
			if err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				res.Body.Close()
				return res
			}
			if time.Now().After(end) {
				t.Fatalf("%s: %v\n%s", url, err, output)
			}
		}
	}
	path := "/download?os=linux&stability=release"
	if res := get("http://127.0.0.1:" + plain + path); res.Header.Get("Location") != "https://download.example.org"+path {
		t.Errorf("plain HTTP leads to %q", res.Header.Get("Location"))
	}
	res := get("https://127.0.0.1:" + secure + path)
	to := res.Header.Get("Location")
	if res.StatusCode != 302 || res.ProtoMajor != 2 || !strings.HasPrefix(to, "/bitstream/") {
		t.Errorf("status %d, %s, to %q", res.StatusCode, res.Proto, to)
	}
	for header, want := range map[string]string{
		"Strict-Transport-Security": "max-age=31536000", "Alt-Svc": `h3=":443"; ma=86400`,
	} {
		if got := res.Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	get("https://127.0.0.1:" + secure + to)
}

// freeTCPPort returns a port of 127.0.0.1 that is free.
func freeTCPPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
