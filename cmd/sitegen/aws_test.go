package main

import (
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dop251/goja"
	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/accesslog"
	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/servers/cloudfront"
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

// stack is what tests read from a template. Intrinsic functions such as !Ref count as their arguments.
type stack struct {
	Resources map[string]struct {
		Properties map[string]any `yaml:"Properties"`
	} `yaml:"Resources"`
	Outputs map[string]any `yaml:"Outputs"`
}

func readStack(t *testing.T, path string) (s stack) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(data, &s); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return s
}

// function returns the code of the CloudFront function.
func (s stack) function() string {
	code, _ := s.Resources["Function"].Properties["FunctionCode"].(string)
	return code
}

// TestTemplateHeaders checks that the response headers policy of the template sends the same headers as the one that a
// build compiles, besides Strict-Transport-Security, which has no default.
func TestTemplateHeaders(t *testing.T) {
	t.Parallel()
	config, _ := readStack(t, template).Resources["ResponseHeaders"].Properties["ResponseHeadersPolicyConfig"].(map[string]any)
	got := map[string]any{"custom": config["CustomHeadersConfig"].(map[string]any)["Items"]}
	for name, value := range config["SecurityHeadersConfig"].(map[string]any) {
		got[name] = value
	}
	if delete(got, "StrictTransportSecurity"); got["ContentSecurityPolicy"] == nil {
		t.Fatalf("the template has no policy: %v", got)
	}
	got["ContentSecurityPolicy"].(map[string]any)["ContentSecurityPolicy"] = testutil.ContentSecurityPolicy(t)

	table := &redirect.Table{Index: testutil.NoPackages(t), Rules: redirect.NewRules(nil),
		Headers: redirect.Headers(nil)}
	c := cloudfront.Server{}.Compile(table)
	var compiled struct {
		SecurityHeadersConfig map[string]any
		CustomHeadersConfig   struct{ Items []any }
	}
	if err := json.Unmarshal(c.File(cloudfront.Server{}, "response-headers.json"), &compiled); err != nil {
		t.Fatal(err, c.Findings)
	}
	want := compiled.SecurityHeadersConfig
	want["custom"] = compiled.CustomHeadersConfig.Items
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-compiled +template:\n%s", diff)
	}
}

// TestTemplateLogs checks that the parser for CloudFront's standard log reads a log with the fields of the template.
// CloudFront separates the names in the first lines by blanks or by tabs.
func TestTemplateLogs(t *testing.T) {
	t.Parallel()
	delivery := readStack(t, template).Resources["LogDelivery"].Properties
	values := map[string]string{
		"date": "2026-11-26", "time": "10:11:12", "c-ip": "203.0.113.9", "cs-method": "GET",
		"cs-uri-stem": "/bitstream/6a46", "sc-status": "302", "cs(User-Agent)": "curl/8.5.0",
	}
	var names, line []string
	for _, field := range delivery["RecordFields"].([]any) {
		name := field.(string)
		names = append(names, name)
		value, ok := values[name]
		if !ok {
			value = "-"
		}
		line = append(line, value)
	}
	formats, err := accesslog.NewFormats(nil, accesslog.Fields{})
	if err != nil {
		t.Fatal(err)
	}
	for _, separator := range []string{" ", "\t"} {
		parser := formats.NewParser()
		var e accesslog.Entry
		fields := "#Fields:" + separator + strings.Join(names, separator)
		for _, head := range []string{"#Version:" + separator + "1.0", fields} {
			if err := parser.Parse([]byte(head), &e); !errors.Is(err, accesslog.ErrComment) {
				t.Fatalf("read %q: %v", head, err)
			}
		}
		if err := parser.Parse([]byte(strings.Join(line, delivery["FieldDelimiter"].(string))), &e); err != nil {
			t.Fatal(err)
		}
		if string(e.Address) != "203.0.113.9" || string(e.Method) != "GET" || string(e.URI) != "/bitstream/6a46" ||
			e.Status != 302 || e.Time != 1795687872 || string(e.AgentText(nil)) != "curl/8.5.0" {
			t.Errorf("read %+v", e)
		}
	}
}

// TestTemplateFunction follows the step of docs/aws.md that puts the function into the template: the result contains
// the function unchanged, is small enough for CloudFormation, and cfn-lint finds nothing in it. Before that step, the
// function of the template answers 503.
func TestTemplateFunction(t *testing.T) {
	t.Parallel()
	vm := goja.New()
	if _, err := vm.RunString(readStack(t, template).function()); err != nil {
		t.Fatal(err)
	}
	if status, err := vm.RunString("handler().statusCode"); err != nil || status.ToInteger() != 503 {
		t.Errorf("the function of the template answers %v (%v), want 503", status, err)
	}

	dir := t.TempDir()
	source := filepath.Join("..", "..", "docs", "aws.md")
	var commands []string
	for _, c := range commandsOf(t, source) {
		if strings.HasPrefix(c.text, "sed ") {
			commands = append(commands, c.text)
		}
	}
	copied, err := filepath.Abs(template)
	if err != nil {
		t.Fatal(err)
	}
	runIn := func(cmd *exec.Cmd) {
		t.Helper()
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", cmd, err, out)
		}
	}
	runIn(exec.Command("cp", copied, "template.yaml"))
	runIn(exec.Command("sitegen", "build", "--source", "sample", "--quiet"))
	runIn(exec.Command("sh", "-ec", strings.Join(commands, "\n")))

	result := filepath.Join(dir, "stack.yaml")
	want, err := os.ReadFile(filepath.Join(dir, "redirects", "cloudfront", "function.js"))
	if err != nil {
		t.Fatal(err)
	}
	if got := readStack(t, result).function(); got != string(want) {
		t.Errorf("the stack has another function (%d bytes, want %d)", len(got), len(want))
	}
	const limit = 51_200 // bytes of a template in a request (CloudFormation quotas)
	if info, err := os.Stat(result); err != nil || info.Size() > limit {
		t.Errorf("the template has more than %d bytes: %v", limit, err)
	}
	if found := lint(t, result); found != "" {
		t.Error(found)
	}
}

// TestTemplateOutputs checks that docs/aws.md shows exactly the outputs of the template.
func TestTemplateOutputs(t *testing.T) {
	var got []string
	for _, c := range commandsOf(t, "../../docs/aws.md") {
		if strings.Contains(c.text, "Outputs") {
			for _, line := range c.prints {
				if name, _, ok := strings.Cut(line, "\t"); ok {
					got = append(got, name)
				}
			}
		}
	}
	if want := slices.Sorted(maps.Keys(readStack(t, template).Outputs)); !slices.Equal(got, want) {
		t.Errorf("the document shows %q, want %q", got, want)
	}
}
