package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/deploy/website"
	"github.com/Slicer/sitegen/generator/fault"
)

// Website is a bucket whose website endpoint serves a site.
type Website struct{ *Bucket }

// Website returns the bucket with a name, which may not exist.
func (c *Client) Website(name string) *Website {
	return &Website{&Bucket{c.s3, name, service{
		name: "bucket " + name,
		needs: "The credentials need the permissions s3:ListBucket, s3:GetBucketWebsite and s3:PutBucketWebsite " +
			"on the bucket, and s3:GetObject, s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on its " +
			"objects.",
		full: "A quota is exhausted. Have it increased, and run the command again.",
		next: "Run the command again; it continues where it stopped.",
	}}}
}

// Read implements website.Bucket.
func (w *Website) Read(ctx context.Context, key string, limit int64) (data []byte, etag string, err error) {
	reply, err := w.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &w.name, Key: &key})
	if err != nil {
		return nil, "", w.explain(err)
	}
	defer reply.Body.Close()
	data, err = io.ReadAll(io.LimitReader(reply.Body, limit+1))
	if err == nil && int64(len(data)) > limit {
		return nil, "", fault.Wrap(fault.Remote,
			fmt.Errorf("%s: %s has more than %d bytes", w.service.name, key, limit),
			"Delete it if sitegen has not written it.")
	}
	return data, unquote(reply.ETag), w.explain(err)
}

// Replace implements website.Bucket.
func (w *Website) Replace(ctx context.Context, key string, data []byte, headers objects.Headers,
	etag string) (string, error) {
	in := &s3.PutObjectInput{Key: &key, Body: bytes.NewReader(data)}
	if etag == "" {
		in.IfNoneMatch = aws.String("*")
	} else {
		in.IfMatch = aws.String(`"` + etag + `"`)
	}
	next, err := w.putData(ctx, in, headers)
	if errors.Is(err, live.ErrConflict) || errors.Is(err, fs.ErrNotExist) { // the object was replaced or deleted
		return "", website.ErrConflict
	}
	return next, err
}

// Store implements website.Bucket.
func (w *Website) Store(ctx context.Context, key string, size int64, headers objects.Headers,
	open func() (io.ReadCloser, error)) (string, error) {
	return w.put(ctx, key, size, headers, open)
}

// Redirect implements website.Bucket.
func (w *Website) Redirect(ctx context.Context, key, location string, headers objects.Headers) (string, error) {
	return w.putData(ctx, &s3.PutObjectInput{
		Key: &key, Body: bytes.NewReader(nil), WebsiteRedirectLocation: &location,
	}, headers)
}

// Policy returns the policy of the bucket. The error is fs.ErrNotExist if there is none.
func (w *Website) Policy(ctx context.Context) (string, error) {
	reply, err := w.client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: &w.name})
	if err != nil {
		return "", w.explain(err)
	}
	return aws.ToString(reply.Policy), nil
}

// Blocks returns the settings of "Block public access" that make a public policy ineffective. It does not see those of
// the account.
func (w *Website) Blocks(ctx context.Context) (names []string, err error) {
	reply, err := w.client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: &w.name})
	if err = w.explain(err); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	} else if err != nil || reply.PublicAccessBlockConfiguration == nil {
		return nil, err
	}
	if aws.ToBool(reply.PublicAccessBlockConfiguration.BlockPublicPolicy) {
		names = append(names, "BlockPublicPolicy")
	}
	if aws.ToBool(reply.PublicAccessBlockConfiguration.RestrictPublicBuckets) {
		names = append(names, "RestrictPublicBuckets")
	}
	return names, nil
}

// Config implements website.Bucket.
func (w *Website) Config(ctx context.Context) (*website.Config, error) {
	reply, err := w.client.GetBucketWebsite(ctx, &s3.GetBucketWebsiteInput{Bucket: &w.name})
	if err != nil {
		return nil, w.explain(err)
	}
	c := &website.Config{} // of a bucket that redirects all requests to another host, it stays empty
	if reply.IndexDocument != nil {
		c.IndexDocument.Suffix = aws.ToString(reply.IndexDocument.Suffix)
	}
	if reply.ErrorDocument != nil {
		c.ErrorDocument.Key = aws.ToString(reply.ErrorDocument.Key)
	}
	for _, rule := range reply.RoutingRules {
		var r website.RoutingRule
		if on := rule.Condition; on != nil {
			r.Condition.KeyPrefixEquals = aws.ToString(on.KeyPrefixEquals)
			r.Condition.HTTPError = aws.ToString(on.HttpErrorCodeReturnedEquals)
		}
		if to := rule.Redirect; to != nil {
			r.Redirect.Protocol, r.Redirect.HostName = string(to.Protocol), aws.ToString(to.HostName)
			r.Redirect.ReplaceKeyWith = aws.ToString(to.ReplaceKeyWith)
			r.Redirect.ReplaceKeyPrefixWith = aws.ToString(to.ReplaceKeyPrefixWith)
			r.Redirect.HTTPRedirectCode = aws.ToString(to.HttpRedirectCode)
		}
		c.RoutingRules = append(c.RoutingRules, r)
	}
	return c, nil
}

// SetConfig implements website.Bucket.
func (w *Website) SetConfig(ctx context.Context, c *website.Config) error {
	in := &types.WebsiteConfiguration{IndexDocument: &types.IndexDocument{Suffix: &c.IndexDocument.Suffix}}
	if c.ErrorDocument.Key != "" {
		in.ErrorDocument = &types.ErrorDocument{Key: &c.ErrorDocument.Key}
	}
	for _, r := range c.RoutingRules {
		rule := types.RoutingRule{
			Condition: &types.Condition{
				KeyPrefixEquals:             nonEmpty(r.Condition.KeyPrefixEquals),
				HttpErrorCodeReturnedEquals: nonEmpty(r.Condition.HTTPError),
			},
			Redirect: &types.Redirect{
				Protocol: types.Protocol(r.Redirect.Protocol), HostName: nonEmpty(r.Redirect.HostName),
				ReplaceKeyWith:       nonEmpty(r.Redirect.ReplaceKeyWith),
				ReplaceKeyPrefixWith: nonEmpty(r.Redirect.ReplaceKeyPrefixWith),
				HttpRedirectCode:     nonEmpty(r.Redirect.HTTPRedirectCode),
			},
		}
		if r.Condition.KeyPrefixEquals == "" && r.Condition.HTTPError == "" {
			rule.Condition = nil // the rule applies to all keys
		}
		in.RoutingRules = append(in.RoutingRules, rule)
	}
	_, err := w.client.PutBucketWebsite(ctx, &s3.PutBucketWebsiteInput{Bucket: &w.name, WebsiteConfiguration: in})
	return w.explain(err)
}

// nonEmpty returns a pointer to a text, or nil if it is "".
func nonEmpty(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
