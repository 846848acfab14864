package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/fault"
)

// Bucket is a bucket of S3.
type Bucket struct {
	client *s3.Client
	name   string
	service
}

// Bucket returns the bucket with a name, which may not exist.
func (c *Client) Bucket(name string) *Bucket {
	return &Bucket{c.s3, name, oneWrite("bucket "+name, objectRights)}
}

// objectRights says which permissions uploads need.
const objectRights = "The credentials need the permissions s3:ListBucket on the bucket, and s3:GetObject, " +
	"s3:PutObject, s3:DeleteObject and s3:AbortMultipartUpload on its objects."

// Backups returns the bucket with a name, which may not exist, for backups.
func (c *Client) Backups(name string) *Bucket {
	return &Bucket{c.s3, name, service{
		name:  "bucket " + name,
		needs: objectRights,
		full:  "A quota is exhausted. Keep fewer backups (--keep), or have the quota increased.",
		next:  "Run the command again.",
	}}
}

// Exists returns an error if there is no such bucket, or if it is in another region. Without the right to list the
// bucket, it returns nil.
func (b *Bucket) Exists(ctx context.Context) error {
	_, err := b.client.HeadBucket(ctx, &s3.HeadBucketInput{Bucket: &b.name})
	r, ok := errors.AsType[*awshttp.ResponseError](err)
	if !ok {
		return b.explain(err)
	}
	switch r.HTTPStatusCode() {
	case http.StatusForbidden:
		return nil
	case http.StatusNotFound:
		return fault.Wrap(fault.Remote, fmt.Errorf("bucket %s: does not exist (NoSuchBucket)", b.name),
			b.hint("NoSuchBucket"))
	case http.StatusMovedPermanently, http.StatusBadRequest:
		return fault.Wrap(fault.Remote, fmt.Errorf("bucket %s: is in another region (PermanentRedirect)", b.name),
			b.hint("PermanentRedirect"))
	}
	return b.explain(err)
}

// Get implements live.Bucket.
func (b *Bucket) Get(ctx context.Context, key string) ([]byte, error) {
	reply, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return nil, b.explain(err)
	}
	defer reply.Body.Close()
	data, err := io.ReadAll(reply.Body)
	return data, b.explain(err)
}

// Open opens an object for reading. If there is none, the error is fs.ErrNotExist.
func (b *Bucket) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	reply, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &key})
	if err != nil {
		return nil, b.explain(err)
	}
	return reply.Body, nil
}

// Has implements live.Bucket.
func (b *Bucket) Has(ctx context.Context, key string) (bool, error) {
	_, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &b.name, Key: &key})
	if r, ok := errors.AsType[*awshttp.ResponseError](err); ok && r.HTTPStatusCode() == http.StatusNotFound {
		return false, nil
	}
	return err == nil, b.explain(err)
}

// partSize is the size of the parts of a large object, and the size above which an object is large. At most one part of
// each object that is being uploaded is in memory.
const partSize = 8 << 20

// maxParts is the maximum number of parts (S3 user guide, "Multipart upload limits").
const maxParts = 10_000

// PutRequests returns the number of requests that Put sends for an object of a size.
func PutRequests(size int64) int64 {
	if size <= partSize {
		return 1
	}
	part := max(partSize, (size+maxParts-1)/maxParts)
	return 2 + (size+part-1)/part // begin, parts, end
}

// Put implements live.Bucket.
func (b *Bucket) Put(ctx context.Context, key string, size int64, headers objects.Headers,
	open func() (io.ReadCloser, error)) error {
	_, err := b.put(ctx, key, size, headers, open)
	return err
}

// put stores an object and returns its ETag.
func (b *Bucket) put(ctx context.Context, key string, size int64, headers objects.Headers,
	open func() (io.ReadCloser, error)) (etag string, err error) {
	r, err := open()
	if err != nil {
		return "", err
	}
	defer r.Close()
	if size > partSize {
		return b.putParts(ctx, key, size, headers, r)
	}
	buffer := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead)) // large enough not to grow
	if _, err := buffer.ReadFrom(r); err != nil {
		return "", err
	}
	return b.putData(ctx, &s3.PutObjectInput{Key: &key, Body: bytes.NewReader(buffer.Bytes())}, headers)
}

// putData stores an object in one request and returns its ETag.
func (b *Bucket) putData(ctx context.Context, in *s3.PutObjectInput, headers objects.Headers) (string, error) {
	in.Bucket = &b.name
	in.ContentType, in.CacheControl = header(headers, "Content-Type"), header(headers, "Cache-Control")
	in.ContentDisposition = header(headers, "Content-Disposition")
	in.ContentLanguage = header(headers, "Content-Language")
	reply, err := b.client.PutObject(ctx, in)
	if err != nil {
		return "", b.explain(err)
	}
	return unquote(reply.ETag), nil
}

// unquote returns an ETag without its quotation marks.
func unquote(etag *string) string { return strings.Trim(aws.ToString(etag), `"`) }

// header returns the value of a header, or nil if there is none.
func header(h objects.Headers, name string) *string {
	if v, ok := h[name]; ok {
		return &v
	}
	return nil
}

// putParts uploads a large object in parts and returns its ETag. If it fails, the parts are removed.
func (b *Bucket) putParts(ctx context.Context, key string, size int64, headers objects.Headers,
	r io.Reader) (etag string, err error) {
	upload, err := b.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &b.name, Key: &key, ContentType: header(headers, "Content-Type"),
		CacheControl:       header(headers, "Cache-Control"),
		ContentDisposition: header(headers, "Content-Disposition"),
		ContentLanguage:    header(headers, "Content-Language"),
		ChecksumAlgorithm:  types.ChecksumAlgorithmCrc32,
	})
	if err != nil {
		return "", b.explain(err)
	}
	parts, err := b.sendParts(ctx, key, *upload.UploadId, size, r)
	if err == nil {
		var reply *s3.CompleteMultipartUploadOutput
		reply, err = b.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &b.name, Key: &key, UploadId: upload.UploadId,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		})
		if err == nil {
			etag = unquote(reply.ETag)
		}
		err = b.explain(err)
	}
	if err != nil {
		// Do not leave parts behind, even if ctx is done. If this fails as well, a rule of the bucket removes them.
		_, _ = b.client.AbortMultipartUpload(context.WithoutCancel(ctx), &s3.AbortMultipartUploadInput{
			Bucket: &b.name, Key: &key, UploadId: upload.UploadId,
		}, func(o *s3.Options) { o.RetryMaxAttempts = 1 })
	}
	return etag, err
}

// sendParts uploads the parts of an object.
func (b *Bucket) sendParts(ctx context.Context, key, id string, size int64,
	r io.Reader) ([]types.CompletedPart, error) {
	var parts []types.CompletedPart
	part := make([]byte, max(partSize, (size+maxParts-1)/maxParts))
	for number := int32(1); ; number++ {
		n, err := io.ReadFull(r, part)
		if err == io.EOF {
			return parts, nil
		}
		if err != nil && err != io.ErrUnexpectedEOF {
			return nil, err
		}
		sent, sendErr := b.client.UploadPart(ctx, &s3.UploadPartInput{
			Bucket: &b.name, Key: &key, UploadId: &id, PartNumber: &number, Body: bytes.NewReader(part[:n]),
			ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		})
		if sendErr != nil {
			return nil, b.explain(sendErr)
		}
		parts = append(parts, types.CompletedPart{ETag: sent.ETag, PartNumber: &number,
			ChecksumCRC32: sent.ChecksumCRC32})
		if err == io.ErrUnexpectedEOF {
			return parts, nil
		}
	}
}

// List implements live.Bucket.
func (b *Bucket) List(ctx context.Context, prefix string, each func(live.Listed) error) error {
	pages := s3.NewListObjectsV2Paginator(b.client, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return b.explain(err)
		}
		for _, o := range page.Contents {
			err := each(live.Listed{
				Key: aws.ToString(o.Key), Size: aws.ToInt64(o.Size), ETag: unquote(o.ETag),
				Modified: aws.ToTime(o.LastModified),
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// Delete implements live.Bucket.
func (b *Bucket) Delete(ctx context.Context, keys []string) error {
	for part := range slices.Chunk(keys, 1000) { // the maximum of one call (S3 API reference)
		ids := make([]types.ObjectIdentifier, len(part))
		for i := range part {
			ids[i].Key = &part[i]
		}
		reply, err := b.client.DeleteObjects(ctx, &s3.DeleteObjectsInput{
			Bucket: &b.name, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)},
		})
		if denied, ok := errors.AsType[smithy.APIError](err); ok && denied.ErrorCode() == "AccessDenied" {
			return &live.RefusedError{Err: b.explain(err)}
		}
		if err != nil {
			return b.explain(err)
		}
		for _, e := range reply.Errors {
			err := fmt.Errorf("bucket %s: delete %s: %s (%s)", b.name, aws.ToString(e.Key), aws.ToString(e.Message),
				aws.ToString(e.Code))
			return &live.RefusedError{Err: fault.Wrap(fault.Remote, err, b.hint(aws.ToString(e.Code)))}
		}
	}
	return nil
}
