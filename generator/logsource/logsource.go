// Package logsource reads the access logs that CloudFront and S3 deliver to a bucket.
//
// A log is an object, named s3://bucket/key. Buckets.Expand lists the objects whose keys have a prefix:
//
//	names, err := buckets.Expand(ctx, []string{"s3://logs/cdn/"})
//	// names: s3://logs/cdn/E2ABC.2026-09-20-00.gz, s3://logs/cdn/E2ABC.2026-09-20-01.gz
//
// Buckets.Stat returns the version (ETag) and size that the listing contained. A program that stores the versions of
// the logs it has read downloads no log twice. Buckets.Open downloads the version that was listed; if the object has
// changed since then, it returns an error.
//
// Region, credentials and the URL of a server other than Amazon's come from the same places as for AWS's own programs:
// the environment (AWS_REGION, AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_ENDPOINT_URL and so on), ~/.aws, or the role of the
// machine.
package logsource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"github.com/Slicer/sitegen/generator/fault"
)

// scheme is the prefix of the names of logs in buckets.
const scheme = "s3://"

// connections is the maximum number of connections to a server, which stay open for the next log. It is more than the
// 129 logs that package stats opens at the same time: otherwise, a log would have to wait until another one is closed.
const connections = 130

// Buckets finds and opens logs in buckets. The zero value is ready to use; it connects to a server when it is first
// given an s3:// name. After Expand, several logs can be opened at the same time.
type Buckets struct {
	client  *s3.Client
	objects map[string]object  // by name
	direct  map[string]*direct // by bucket; nil for those that need the library for each request
}

// object is an object as it was listed.
type object struct {
	bucket, key, etag string
	size              int64 // bytes
}

// Expand replaces each s3://bucket/prefix with the names of the objects whose keys have the prefix, in the order of
// their keys. It returns each object once and skips empty objects, which represent folders. Names without a scheme are
// returned unchanged. The error lists everything that cannot be listed, with the kind fault.Source, and every name with
// another scheme, with the kind fault.Usage.
func (b *Buckets) Expand(ctx context.Context, names []string) ([]string, error) {
	var all []string
	var errs []error
	for _, name := range names {
		if !strings.Contains(name, "://") {
			all = append(all, name)
			continue
		}
		found, err := b.list(ctx, name)
		all = append(all, found...)
		errs = append(errs, err)
	}
	return all, errors.Join(errs...)
}

// Stat returns the version of a log, which changes with its content, and its size (bytes) as they were listed. The
// version is "" for a name that Expand did not return.
func (b *Buckets) Stat(name string) (version string, size int64) {
	o := b.objects[name]
	return o.etag, o.size
}

// Open opens a log that Expand has returned. If the object has changed since then, Open returns an error, and the next
// run can read the new version.
func (b *Buckets) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	o, ok := b.objects[name]
	if !ok {
		return nil, errors.New("the object was not listed")
	}
	if body := b.direct[o.bucket].get(ctx, o.key, o.etag); body != nil {
		return body, nil
	}
	// The library explains the error, and retries the request if that can help.
	reply, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.bucket, Key: &o.key, IfMatch: &o.etag})
	if err != nil {
		return nil, explain(err)
	}
	return reply.Body, nil
}

// list returns the names of the objects that an address such as s3://bucket/prefix selects, and stores their versions
// and sizes.
func (b *Buckets) list(ctx context.Context, address string) ([]string, error) {
	bucket, prefix, err := parse(address)
	if err != nil {
		return nil, err
	}
	if err := b.connect(ctx); err != nil {
		return nil, err
	}
	if _, known := b.direct[bucket]; !known {
		b.direct[bucket] = newDirect(ctx, b.client, bucket)
	}
	var names []string
	listed := 0
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return names, fmt.Errorf("list %s: %w", address, explain(err))
		}
		listed += len(page.Contents)
		for _, o := range page.Contents {
			found := object{
				bucket: bucket, key: aws.ToString(o.Key), etag: aws.ToString(o.ETag), size: aws.ToInt64(o.Size),
			}
			name := scheme + bucket + "/" + found.key
			if _, known := b.objects[name]; known || found.size == 0 {
				continue
			}
			b.objects[name] = found
			names = append(names, name)
		}
	}
	if listed == 0 {
		return nil, fault.Wrap(fault.Source, fmt.Errorf("list %s: no key begins with %q", address, prefix),
			"Use a prefix of the keys without * or ?, for example s3://bucket/logs/2026-.")
	}
	return names, nil
}

// parse splits an address into bucket and prefix. The prefix is not unescaped, because keys may contain any character.
func parse(address string) (bucket, prefix string, err error) {
	rest, ok := strings.CutPrefix(address, scheme)
	bucket, prefix, _ = strings.Cut(rest, "/")
	if !ok || bucket == "" {
		return "", "", fault.Wrap(fault.Usage, fmt.Errorf("invalid address of a log (found %q)", address),
			"Use a path, or s3://bucket/prefix.")
	}
	return bucket, prefix, nil
}

// connect finds region, server and credentials and creates the client, unless it exists already.
func (b *Buckets) connect(ctx context.Context) error {
	if b.client != nil {
		return nil
	}
	// Do not log: the library logs a line for each object without a checksum. Everything else that it logs is also in
	// the errors.
	c, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.MaxConnsPerHost, t.MaxIdleConnsPerHost, t.MaxIdleConns = connections, connections, connections
		})))
	if err != nil {
		return fault.Wrap(fault.Source, fmt.Errorf("read the AWS configuration: %w", err),
			"Check the environment variables AWS_… and ~/.aws/config.")
	}
	if _, err := c.Credentials.Retrieve(ctx); err != nil {
		return fault.Wrap(fault.Source, fmt.Errorf("find credentials for S3: %w", err),
			"Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or assign the machine a role that may "+
				"read the bucket.")
	}
	client := s3.NewFromConfig(c, func(o *s3.Options) {
		if o.BaseEndpoint != nil { // other servers than Amazon's rarely have regions or a host name per bucket
			o.UsePathStyle = true
			o.Region = cmp.Or(o.Region, "us-east-1")
		}
	})
	if client.Options().Region == "" {
		return fault.Wrap(fault.Source, errors.New("unknown region of the bucket"), "Set AWS_REGION.")
	}
	b.client, b.objects, b.direct = client, map[string]object{}, map[string]*direct{}
	return nil
}
