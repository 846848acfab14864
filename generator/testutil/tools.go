package testutil

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// AllTools is the environment variable that turns a missing tool into a test failure. .ci/test sets it, so no test is
// skipped in CI.
const AllTools = "TESTS_NEED_ALL_TOOLS"

// OtherNginx is the environment variable with the path of the Nginx that tests run instead of the installed one.
// .ci/nginx downloads that of the next Debian:
//
//	TESTS_NGINX=$PWD/.cache/nginx/usr/sbin/nginx go test ./generator/redirect/servers/nginx
const OtherNginx = "TESTS_NGINX"

// tools returns the tools that tests need besides Go and a C compiler, each with its possible names.
func tools() map[string][]string {
	nginx := []string{"nginx", "/usr/sbin/nginx"}
	if path := os.Getenv(OtherNginx); path != "" {
		nginx = []string{path}
	}
	return map[string][]string{
		"nginx":    nginx,
		"caddy":    {"caddy"},
		"chromium": {"chromium", "chromium-browser", "google-chrome"},
		"node":     {"node"},
		"njs":      {"njs"},
		"curl":     {"curl"},
		"jq":       {"jq"},
		"cfn-lint": {cached("aws/bin/cfn-lint")},
		"aws":      {cached("aws/bin/aws")},
		"duckdb":   {cached("duckdb/bin/python")},
		"zig":      {cached("zig/zig")},
		"buildah":  {"buildah"},
		"qemu":     {"qemu-aarch64-static", "qemu-aarch64"},

		"systemd-analyze": {"systemd-analyze"},
		"crontab":         {"crontab"},
		"logrotate":       {"logrotate", "/usr/sbin/logrotate"},
		"visudo":          {"visudo", "/usr/sbin/visudo"},
		"setfacl":         {"setfacl"},
		"openssl":         {"openssl"},
		"mandoc":          {"mandoc"},
		"systemd-nspawn":  {"systemd-nspawn"},
		"lintian":         {"lintian"},
	}
}

// Agents returns the folder with the user agents of .ci/agents.
func Agents(t testing.TB) string {
	t.Helper()
	folder := cached("agents")
	if _, err := os.Stat(folder); err != nil {
		Missing(t, "the list of .ci/agents")
	}
	return folder
}

// cached returns the path of a tool that a script in .ci/ installs into .cache/.
func cached(name string) string {
	return filepath.Join(filepath.Dir(Path("")), ".cache", filepath.FromSlash(name))
}

// find returns the path of a tool, or "" if it is not installed.
func find(names []string) string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Need returns the path of a tool. If it is not installed, Need skips the test, and TestTools fails with a message on
// how to install it.
func Need(t testing.TB, tool string) string {
	t.Helper()
	path := find(tools()[tool])
	if path == "" {
		Missing(t, tool)
	}
	return path
}

// Missing ends a test because a tool that .ci/install installs is missing.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(AllTools) != "" {
		t.Fatalf("%s is not installed; run .ci/install", what)
	}
	t.Skipf("%s is not installed", what)
}
