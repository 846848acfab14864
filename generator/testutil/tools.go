package testutil

import (
	"os"
	"os/exec"
	"testing"
)

// AllTools is the environment variable that turns a missing tool into a failure. .ci/test sets it, so that no test is
// skipped there.
const AllTools = "TESTS_NEED_ALL_TOOLS"

// tools lists what tests need besides Go and a C compiler, with the names it goes by.
func tools() map[string][]string {
	return map[string][]string{
		"nginx":    {"nginx", "/usr/sbin/nginx"},
		"caddy":    {"caddy"},
		"chromium": {"chromium", "chromium-browser", "google-chrome"},
		"node":     {"node"},
		"njs":      {"njs"},
		"curl":     {"curl"},
		"jq":       {"jq"},
	}
}

// find returns the path of a tool, "" when it is not installed.
func find(names []string) string {
	for _, name := range names {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	return ""
}

// Need returns the path of a tool. Without the tool it skips the test; TestTools then says how to install it.
func Need(t testing.TB, tool string) string {
	t.Helper()
	path := find(tools()[tool])
	if path == "" {
		Missing(t, tool)
	}
	return path
}

// Missing ends a test that lacks something that .ci/install installs.
func Missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv(AllTools) != "" {
		t.Fatalf("%s is not installed; run .ci/install", what)
	}
	t.Skipf("%s is not installed", what)
}
