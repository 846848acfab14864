package deploy

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// TestOtherBucket deploys a site that is live to another bucket: it is not unchanged, because the distribution would
// find nothing there.
func TestOtherBucket(t *testing.T) {
	w := newWorld(t)
	first := w.deploy()
	const other = "other"
	if _, messages := w.run(9, "deploy", "--bucket", other); !strings.Contains(messages, "NoSuchBucket") {
		t.Errorf("a bucket that does not exist:\n%s", messages)
	}
	if _, err := w.Client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(other)}); err != nil {
		t.Fatal(err)
	}
	if r := w.deploy("--bucket", other); r.Unchanged || r.Objects.Uploaded != first.Objects.Uploaded {
		t.Errorf("the first deploy to another bucket: %+v, want %d uploads", r, first.Objects.Uploaded)
	}
	if r := w.deploy("--bucket", other); !r.Unchanged {
		t.Errorf("the same again: %+v", r)
	}
	for _, key := range w.list("") { // nothing needs the first bucket any more
		w.remove(key)
	}
	t.Setenv("SITEGEN_DEPLOY_BUCKET", other)
	if r := w.deploy("--verify"); !r.Unchanged || *r.Damage != (damage{}) {
		t.Errorf("verify: %+v %+v", r, r.Damage)
	}
}
