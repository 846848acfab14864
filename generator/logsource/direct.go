package logsource

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/encoding/httpbinding"
)

// direct opens the objects of a bucket. It does what GetObject of the library does if nothing goes wrong, but without
// the forty layers of code through which the library sends a request. For objects of a few kilobytes, these take more
// CPU time than the request itself and the lines of the log together. Server, region and credentials are those that
// the library has found.
type direct struct {
	client      s3.HTTPClient
	credentials aws.CredentialsProvider
	signer      *v4.Signer
	bucket      url.URL // ends in a slash
	region      string
}

// probe is the key of an object that need not exist.
const probe = "probe"

// newDirect returns the direct of a bucket, nil if the bucket needs another kind of signature. It sends no request: the
// library signs the URL of an object, such as
//
//	https://logs.s3.eu-central-1.amazonaws.com/probe?X-Amz-Credential=AKIA…/20261127/eu-central-1/s3/aws4_request&…
//
// This is the URL of the bucket, followed by the key, and has the region and service of the signature.
func newDirect(ctx context.Context, client *s3.Client, bucket string) *direct {
	signed, err := s3.NewPresignClient(client).PresignGetObject(ctx,
		&s3.GetObjectInput{Bucket: &bucket, Key: aws.String(probe)})
	if err != nil {
		return nil
	}
	u, err := url.Parse(signed.URL)
	if err != nil {
		return nil
	}
	scope := strings.Split(u.Query().Get("X-Amz-Credential"), "/")
	path, ok := strings.CutSuffix(u.Path, probe)
	if !ok || u.RawPath != "" || u.Query().Get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256" ||
		len(scope) != 5 || scope[3] != "s3" {
		return nil
	}
	options := client.Options()
	return &direct{
		client: options.HTTPClient, credentials: options.Credentials,
		signer: v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true }),
		bucket: url.URL{Scheme: u.Scheme, Host: u.Host, Path: path}, region: scope[2],
	}
}

// emptyHash is the SHA-256 hash of the empty body of a request.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

// get returns the content of an object with this ETag, or nil if anything goes wrong or d is nil.
func (d *direct) get(ctx context.Context, key, etag string) io.ReadCloser {
	if d == nil {
		return nil
	}
	credentials, err := d.credentials.Retrieve(ctx) // usually those of the last request
	if err != nil {
		return nil
	}
	u := d.bucket
	u.RawPath = u.Path + httpbinding.EscapePath(key, false)
	u.Path += key
	r := (&http.Request{Method: http.MethodGet, URL: &u, Host: u.Host, Header: http.Header{}}).WithContext(ctx)
	r.Header.Set("If-Match", etag)
	r.Header.Set("X-Amz-Content-Sha256", emptyHash)
	if err := d.signer.SignHTTP(ctx, credentials, r, emptyHash, "s3", d.region, time.Now()); err != nil {
		return nil
	}
	r.Header.Set("Accept-Encoding", "identity") // objects are returned as they are stored
	reply, err := d.client.Do(r)
	if err != nil {
		return nil
	}
	if reply.StatusCode != http.StatusOK {
		reply.Body.Close()
		return nil
	}
	return reply.Body
}
