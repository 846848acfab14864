package logsource

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/google/go-cmp/cmp"
)

// recorder records requests and answers none of them.
type recorder struct{ requests []*http.Request }

func (r *recorder) Do(request *http.Request) (*http.Response, error) {
	r.requests = append(r.requests, request)
	return nil, errors.New("no answer")
}

// TestDirect compares the requests of direct with those of the library, for buckets and servers of all kinds.
func TestDirect(t *testing.T) {
	for _, test := range []struct {
		name, bucket, key string
		options           s3.Options
	}{
		{"host name of the bucket", "logs", "cdn/E2.2026-10-01.gz", s3.Options{Region: "eu-central-1"}},
		{"bucket with dots", "logs.example.org", "a.gz", s3.Options{Region: "eu-central-1"}},
		{"another partition", "logs", "a.gz", s3.Options{Region: "cn-north-1"}},
		{"FIPS", "logs", "a.gz", s3.Options{Region: "us-west-2",
			EndpointOptions: s3.EndpointResolverOptions{UseFIPSEndpoint: aws.FIPSEndpointStateEnabled}}},
		{"another server", "logs", "a.gz", s3.Options{Region: "us-east-1", UsePathStyle: true,
			BaseEndpoint: aws.String("http://127.0.0.1:9000")}},
		{"another server below a path", "logs", "a.gz", s3.Options{Region: "us-east-1", UsePathStyle: true,
			BaseEndpoint: aws.String("https://storage.example.org/s3")}},
		{"odd key", "logs", "a b+c/ü/?x=1&y#z%25:@*'(~)", s3.Options{Region: "eu-central-1"}},
		{"slashes and dots", "logs", "/a//../b/./c/", s3.Options{Region: "us-east-1", UsePathStyle: true,
			BaseEndpoint: aws.String("http://127.0.0.1:9000")}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var r recorder
			test.options.HTTPClient = &r
			test.options.Credentials = credentials.NewStaticCredentialsProvider("AKIATEST", "secret", "token")
			test.options.Retryer = aws.NopRetryer{}
			client := s3.New(test.options)
			d := newDirect(t.Context(), client, test.bucket)
			if d == nil || len(r.requests) > 0 {
				t.Fatalf("got %v after %d requests", d, len(r.requests))
			}
			if body := d.get(t.Context(), test.key, `"1"`); body != nil {
				t.Error("got a body without an answer")
			}
			if _, err := client.GetObject(context.Background(), &s3.GetObjectInput{Bucket: &test.bucket,
				Key: &test.key, IfMatch: aws.String(`"1"`)}); err == nil {
				t.Error("the library got an answer")
			}
			if len(r.requests) != 2 {
				t.Fatalf("%d requests were sent", len(r.requests))
			}
			if diff := cmp.Diff(sent(r.requests[1]), sent(r.requests[0])); diff != "" {
				t.Errorf("request (-library +direct):\n%s", diff)
			}
		})
	}
}

// sent returns what decides about the answer to a request, apart from the time.
func sent(r *http.Request) map[string]string {
	scope, _, _ := strings.Cut(r.Header.Get("Authorization"), ", SignedHeaders=")
	key, rest, _ := strings.Cut(scope, "/")
	_, rest, _ = strings.Cut(rest, "/") // the day
	query := r.URL.Query()
	query.Del("x-id") // the name of the operation, for the library's own use
	return map[string]string{
		"method": r.Method, "scheme": r.URL.Scheme, "host": r.URL.Host, "path": r.URL.EscapedPath(),
		"query": query.Encode(), "scope": key + "/" + rest, "token": r.Header.Get("X-Amz-Security-Token"),
		"ETag": r.Header.Get("If-Match"), "encoding": r.Header.Get("Accept-Encoding"),
	}
}

// TestDirectExpress checks that a directory bucket, whose requests need a session, is left to the library.
func TestDirectExpress(t *testing.T) {
	client := s3.New(s3.Options{Region: "us-east-1", HTTPClient: &recorder{}, Retryer: aws.NopRetryer{},
		Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "secret", "")})
	d := newDirect(t.Context(), client, "logs--use1-az4--x-s3")
	if d != nil || d.get(t.Context(), "a.gz", `"1"`) != nil {
		t.Errorf("got %+v", d)
	}
}
