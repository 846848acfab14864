package testutil

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// policyRE matches the default of the parameter ContentSecurityPolicy in the CloudFormation template.
var policyRE = regexp.MustCompile(`(?s)\n  ContentSecurityPolicy:\n.*?\n    Default: >-\n(.*?)\n    Description:`)

// ContentSecurityPolicy returns the policy that docs/aws/template.yaml lets CloudFront send with every response.
func ContentSecurityPolicy(t testing.TB) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(Path(""), "..", "docs", "aws", "template.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	m := policyRE.FindSubmatch(data)
	if m == nil {
		t.Fatal("docs/aws/template.yaml has no default for ContentSecurityPolicy")
	}
	return strings.Join(strings.Fields(string(m[1])), " ")
}
