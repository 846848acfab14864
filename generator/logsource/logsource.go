// Package logsource reads the access logs that CloudFront and S3 leave in a bucket.
//
// A log is an object, and its name s3://bucket/key. Buckets.Expand makes such names from the beginnings of keys,
// by listing; what the listing says of an object, its version and size, is remembered under its name. So whoever
// has kept the version of a log that was read need not ask for it again. Open gives the object in the version
// that was listed, or an error.
//
// Region, credentials and another server than Amazon's come from where AWS's own programs take them: the
// environment (AWS_REGION, AWS_ACCESS_KEY_ID, AWS_PROFILE, AWS_ENDPOINT_URL …), ~/.aws, the role of the machine.
package logsource

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"github.com/Slicer/sitegen/generator/fault"
)

// scheme is what the names of logs in buckets begin with.
const scheme = "s3://"

// Buckets finds and opens logs. The zero value is ready, and connects to nothing before it is given a name
// that asks for it. Not for use by two goroutines at once.
type Buckets struct {
	client  *s3.Client
	objects map[string]object // by name
}

// object is what the listing says of a log.
type object struct {
	bucket, key, etag string
	size              int64 // bytes
}

// Expand puts in the place of each s3://bucket/prefix the names of the objects whose keys begin so, in the
// order of the keys, each object once; empty objects, which stand for folders, are left out. Names without a
// scheme stay as they are. It reports everything that cannot be listed, with the kind fault.Source, and other
// schemes with the kind fault.Usage.
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

// Stat tells what the present content of a log is known by, and its size (bytes), as it was listed; "" of a
// name that Expand did not give.
func (b *Buckets) Stat(name string) (version string, size int64) {
	o := b.objects[name]
	return o.etag, o.size
}

// Open opens a log that Expand has named. An object that has changed since then is an error: the next run
// finds it.
func (b *Buckets) Open(ctx context.Context, name string) (io.ReadCloser, error) {
	o, ok := b.objects[name]
	if !ok {
		return nil, errors.New("the bucket was not listed")
	}
	reply, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &o.bucket, Key: &o.key, IfMatch: &o.etag})
	if err != nil {
		return nil, explain(err)
	}
	return reply.Body, nil
}

// list names the objects of an address.
func (b *Buckets) list(ctx context.Context, address string) ([]string, error) {
	bucket, prefix, err := parse(address)
	if err != nil {
		return nil, err
	}
	if err := b.connect(ctx); err != nil {
		return nil, err
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
			found := object{bucket: bucket, key: aws.ToString(o.Key), etag: aws.ToString(o.ETag), size: aws.ToInt64(o.Size)}
			name := scheme + bucket + "/" + found.key
			if _, known := b.objects[name]; known || found.size == 0 {
				continue
			}
			b.objects[name] = found
			names = append(names, name)
		}
	}
	if listed == 0 {
		return nil, fault.Wrap(fault.Source, fmt.Errorf("list %s: no object's key begins with %q", address, prefix),
			"What follows the bucket is the beginning of keys, without * or ?: s3://bucket/logs/2026- for instance.")
	}
	return names, nil
}

// parse takes an address apart. The prefix is taken as it is written.
func parse(address string) (bucket, prefix string, err error) {
	rest, ok := strings.CutPrefix(address, scheme)
	bucket, prefix, _ = strings.Cut(rest, "/")
	if !ok || bucket == "" {
		return "", "", fault.Wrap(fault.Usage, fmt.Errorf("%s names no log", address), "Logs elsewhere are named s3://bucket/prefix.")
	}
	return bucket, prefix, nil
}

// connect finds region, server and credentials, once.
func (b *Buckets) connect(ctx context.Context) error {
	if b.client != nil {
		return nil
	}
	// The library's log has a line for each object without a checksum, and nothing that errors do not tell.
	c, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}))
	if err != nil {
		return fault.Wrap(fault.Source, fmt.Errorf("read the settings of AWS: %w", err), "Look at the variables AWS_… and at ~/.aws/config.")
	}
	if _, err := c.Credentials.Retrieve(ctx); err != nil {
		return fault.Wrap(fault.Source, fmt.Errorf("find credentials for S3: %w", err),
			"Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or give the machine a role that may read the bucket.")
	}
	client := s3.NewFromConfig(c, func(o *s3.Options) {
		if o.BaseEndpoint != nil { // not Amazon: such servers rarely have a name for each bucket, or regions
			o.UsePathStyle = true
			o.Region = cmp.Or(o.Region, "us-east-1")
		}
	})
	if client.Options().Region == "" {
		return fault.Wrap(fault.Source, errors.New("the region of the bucket is not known"), "Set AWS_REGION to it.")
	}
	b.client, b.objects = client, map[string]object{}
	return nil
}
