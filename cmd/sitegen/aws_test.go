package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/testutil"
)

const template = "../../docs/aws/template.yaml"

// lint returns what cfn-lint finds in a template, "" if it finds nothing.
func lint(t *testing.T, path string) string {
	t.Helper()
	cmd := exec.Command(testutil.Need(t, "cfn-lint"), "--include-checks", "I", "--regions", "us-east-1", "--", path)
	out, err := cmd.CombinedOutput()
	if err != nil && len(out) == 0 {
		t.Fatal(err)
	}
	return string(out)
}

// TestTemplate checks the CloudFormation template with cfn-lint, which must find mistakes that are made in it.
func TestTemplate(t *testing.T) {
	t.Parallel()
	if found := lint(t, template); found != "" {
		t.Error(found)
	}
	data, err := os.ReadFile(template)
	if err != nil {
		t.Fatal(err)
	}
	text := string(data)
	mistakes := []struct{ good, bad, code string }{
		{"!GetAtt Store.Arn", "!GetAtt Stor.Arn", "E1010"},
		{"!Ref SiteBucket\n", "!Ref Bucket\n", "E1020"},
		{"CachePolicyId:", "CachePolicy:", "E3002"},
		{"cloudfront-js-2.0", "cloudfront-js-3.0", "E3030"},
		{"s3:AbortMultipartUpload", "s3:AbortUpload", "W3037"},
	}
	for _, m := range mistakes {
		if !strings.Contains(text, m.good) {
			t.Errorf("the template does not contain %q", m.good)
		}
		text = strings.Replace(text, m.good, m.bad, 1)
	}
	path := filepath.Join(t.TempDir(), "template.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	found := lint(t, path)
	for _, m := range mistakes {
		if !strings.Contains(found, m.code) {
			t.Errorf("cfn-lint does not report %s for %q:\n%s", m.code, m.bad, found)
		}
	}
}
