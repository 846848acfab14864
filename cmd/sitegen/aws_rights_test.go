package main

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/config"
)

// rights returns the permissions that the operations of the SDK need, by service and operation ("Actions, resources, and
// condition keys" in the service authorization reference). Those of a key-value store have the names of the operations.
func rights() map[string]string {
	const store = "cloudfront-keyvaluestore:"
	return map[string]string{
		"s3.GetObject": "s3:GetObject", "s3.HeadObject": "s3:GetObject",
		"s3.PutObject": "s3:PutObject", "s3.CreateMultipartUpload": "s3:PutObject", "s3.UploadPart": "s3:PutObject",
		"s3.CompleteMultipartUpload": "s3:PutObject", "s3.AbortMultipartUpload": "s3:AbortMultipartUpload",
		"s3.ListObjectsV2": "s3:ListBucket", "s3.HeadBucket": "s3:ListBucket",
		"s3.DeleteObject": "s3:DeleteObject", "s3.DeleteObjects": "s3:DeleteObject",
		"cloudfrontkeyvaluestore.DescribeKeyValueStore": store + "DescribeKeyValueStore",
		"cloudfrontkeyvaluestore.GetKey":                store + "GetKey",
		"cloudfrontkeyvaluestore.ListKeys":              store + "ListKeys",
		"cloudfrontkeyvaluestore.UpdateKeys":            store + "UpdateKeys",
		"s3.PutBucketWebsite":                           "", // only for an S3 website, which has no role in the template
		"s3.GetBucketWebsite":                           "", // the same
		"s3.GetBucketPolicy":                            "", // the same
		"s3.GetPublicAccessBlock":                       "", // the same
	}
}

// operationRE matches the parameters of an operation of the SDK: &s3.PutObjectInput{.
var operationRE = regexp.MustCompile(`&?(s3|cloudfrontkeyvaluestore)\.(\w+)Input\{`)

// TestTemplateRights checks that DeployPolicy contains exactly the permissions for the operations that the deploy
// packages call.
func TestTemplateRights(t *testing.T) {
	needed := map[string]bool{}
	root := filepath.Join("..", "..", "generator", "deploy")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go") {
			return err
		}
		data, err := os.ReadFile(path)
		for _, m := range operationRE.FindAllSubmatch(data, -1) {
			operation := string(m[1]) + "." + string(m[2])
			right, ok := rights()[operation]
			if !ok {
				t.Errorf("%s calls %s: add its permission to rights and to the template", path, operation)
			}
			if right != "" {
				needed[right] = true
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}

	var granted []string
	policy := readStack(t, template).Resources["DeployPolicy"].Properties["PolicyDocument"].(map[string]any)
	for _, statement := range policy["Statement"].([]any) {
		switch action := statement.(map[string]any)["Action"].(type) {
		case string:
			granted = append(granted, action)
		case []any:
			for _, a := range action {
				granted = append(granted, a.(string))
			}
		}
	}
	slices.Sort(granted)
	if diff := cmp.Diff(slices.Sorted(maps.Keys(needed)), granted); diff != "" {
		t.Errorf("permissions (-needed by sitegen deploy +granted by the template):\n%s", diff)
	}
}

// TestTemplateOptions checks that the keys of sitegen.yaml that the outputs of the template name exist.
func TestTemplateOptions(t *testing.T) {
	keyRE := regexp.MustCompile(`\bdeploy\.\w+`)
	found := 0
	for name, output := range readStack(t, template).Outputs {
		text, _ := output.(map[string]any)["Description"].(string)
		for _, key := range keyRE.FindAllString(text, -1) {
			found++
			if !slices.ContainsFunc(config.Options(), func(o *config.Option) bool { return o.Key == key }) {
				t.Errorf("output %s: there is no key %s in sitegen.yaml", name, key)
			}
		}
	}
	if found < 2 {
		t.Errorf("the outputs name %d keys, want 2 or more", found)
	}
}
