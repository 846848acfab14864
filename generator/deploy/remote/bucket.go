package remote

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/fault"
)

// Bucket is a bucket of S3.
type Bucket struct {
	client *s3.Client
	name   string
}

// Bucket returns the bucket with a name, which may not exist.
func (c *Client) Bucket(name string) *Bucket { return &Bucket{c.s3, name} }

func (b *Bucket) explain(err error) error { return explain(err, "bucket "+b.name) }

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

// Put implements live.Bucket.
func (b *Bucket) Put(ctx context.Context, key string, size int64, headers objects.Headers,
	open func() (io.ReadCloser, error)) error {
	r, err := open()
	if err != nil {
		return err
	}
	defer r.Close()
	if size > partSize {
		return b.putParts(ctx, key, size, headers, r)
	}
	buffer := bytes.NewBuffer(make([]byte, 0, size+bytes.MinRead)) // large enough not to grow
	if _, err := buffer.ReadFrom(r); err != nil {
		return err
	}
	_, err = b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &b.name, Key: &key, Body: bytes.NewReader(buffer.Bytes()), ContentType: header(headers, "Content-Type"),
		CacheControl:       header(headers, "Cache-Control"),
		ContentDisposition: header(headers, "Content-Disposition"),
		ContentLanguage:    header(headers, "Content-Language"),
	})
	return b.explain(err)
}

// header returns the value of a header, or nil if there is none.
func header(h objects.Headers, name string) *string {
	if v, ok := h[name]; ok {
		return &v
	}
	return nil
}

// putParts uploads a large object in parts. If it fails, the parts are removed.
func (b *Bucket) putParts(ctx context.Context, key string, size int64, headers objects.Headers, r io.Reader) error {
	upload, err := b.client.CreateMultipartUpload(ctx, &s3.CreateMultipartUploadInput{
		Bucket: &b.name, Key: &key, ContentType: header(headers, "Content-Type"),
		CacheControl:       header(headers, "Cache-Control"),
		ContentDisposition: header(headers, "Content-Disposition"),
		ContentLanguage:    header(headers, "Content-Language"),
		ChecksumAlgorithm:  types.ChecksumAlgorithmCrc32,
	})
	if err != nil {
		return b.explain(err)
	}
	parts, err := b.sendParts(ctx, key, *upload.UploadId, size, r)
	if err == nil {
		_, err = b.client.CompleteMultipartUpload(ctx, &s3.CompleteMultipartUploadInput{
			Bucket: &b.name, Key: &key, UploadId: upload.UploadId,
			MultipartUpload: &types.CompletedMultipartUpload{Parts: parts},
		})
		err = b.explain(err)
	}
	if err != nil {
		// Do not leave parts behind, even if ctx is done. If this fails as well, a rule of the bucket removes them.
		_, _ = b.client.AbortMultipartUpload(context.WithoutCancel(ctx), &s3.AbortMultipartUploadInput{
			Bucket: &b.name, Key: &key, UploadId: upload.UploadId,
		}, func(o *s3.Options) { o.RetryMaxAttempts = 1 })
	}
	return err
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
		parts = append(parts, types.CompletedPart{ETag: sent.ETag, PartNumber: &number, ChecksumCRC32: sent.ChecksumCRC32})
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
				Key: aws.ToString(o.Key), Size: aws.ToInt64(o.Size), Modified: aws.ToTime(o.LastModified),
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
		if err != nil {
			return b.explain(err)
		}
		for _, e := range reply.Errors {
			return fault.Wrap(fault.Remote, fmt.Errorf("bucket %s: delete %s: %s (%s)", b.name, aws.ToString(e.Key),
				aws.ToString(e.Message), aws.ToString(e.Code)), hint(aws.ToString(e.Code)))
		}
	}
	return nil
}
