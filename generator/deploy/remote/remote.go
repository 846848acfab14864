// Package remote talks to Amazon S3 and to the key-value store of CloudFront for deploys.
//
//	c, err := remote.Connect(ctx, remote.Options{})
//	bucket := c.Bucket("download.example.org")
//	store := c.Store("arn:aws:cloudfront::123456789012:key-value-store/a1b2…")
//	website := c.Website("download.example.org")
//
// The first two implement the interfaces of package live, the third that of package website. Requests are retried after
// network errors, throttling and errors of the server, with increasing pauses. Region, credentials and the URLs of
// servers other than Amazon's come from the same places as for AWS's own programs: the environment (AWS_REGION,
// AWS_PROFILE, AWS_ENDPOINT_URL_S3 and so on), ~/.aws, or the role of the machine.
package remote

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go/logging"

	"github.com/Slicer/sitegen/generator/fault"
)

// Options configures a Client. The zero value is valid.
type Options struct {
	Attempts   int           // attempts of each request; 0 for AWS_MAX_ATTEMPTS, or 11
	MaxBackoff time.Duration // longest pause between two attempts; 0 for 20 seconds
	Timeout    time.Duration // longest wait for a response after the request was sent; 0 for a minute
}

// Client has the credentials for all requests. It counts them.
type Client struct {
	Usage  *Usage
	Who    string // the access key, and where it was found: "AKIA… from EnvConfigCredentials"
	Region string // of the bucket
	s3     *s3.Client
	keys   *cloudfrontkeyvaluestore.Client
}

// Connect finds region, servers and credentials.
func Connect(ctx context.Context, o Options) (*Client, error) {
	c, err := load(ctx, o)
	if err != nil {
		return nil, err
	}
	who, err := c.Credentials.Retrieve(ctx)
	if err != nil {
		if strings.Contains(err.Error(), "no EC2 IMDS role found") { // the last place where the SDK looks
			err = errors.New("there are none in the environment and in ~/.aws, and the machine has no role")
		}
		return nil, fault.Wrap(fault.Remote, fmt.Errorf("find credentials for AWS: %w", err),
			"Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or assign the machine a role.")
	}
	usage := &Usage{client: c.HTTPClient}
	c.HTTPClient = usage
	client := &Client{Usage: usage, Who: who.AccessKeyID + " from " + who.Source}
	client.s3 = s3.NewFromConfig(c, func(o *s3.Options) {
		if o.BaseEndpoint != nil { // other servers than Amazon's rarely have regions or a host name per bucket
			o.UsePathStyle = true
			o.Region = cmp.Or(o.Region, "us-east-1")
		}
	})
	if client.Region = client.s3.Options().Region; client.Region == "" {
		return nil, fault.Wrap(fault.Remote, errors.New("unknown region of the bucket"), "Set AWS_REGION.")
	}
	client.keys = cloudfrontkeyvaluestore.NewFromConfig(c, func(o *cloudfrontkeyvaluestore.Options) {
		o.EndpointResolverV2 = endpoint{o.EndpointResolverV2}
	})
	return client, nil
}

// load reads the configuration of AWS.
func load(ctx context.Context, o Options) (aws.Config, error) {
	timeout := cmp.Or(o.Timeout, time.Minute)
	// Do not log: everything that matters is also in the errors.
	c, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.ResponseHeaderTimeout = timeout
		})))
	if err != nil {
		if none, ok := errors.AsType[config.SharedConfigProfileNotExistError](err); ok {
			return c, fault.Wrap(fault.Remote, fmt.Errorf("read the AWS configuration: there is no profile %s",
				none.Profile), "Check AWS_PROFILE. ~/.aws/config and ~/.aws/credentials contain the profiles.")
		}
		return c, fault.Wrap(fault.Remote, fmt.Errorf("read the AWS configuration: %w", err),
			"Check the environment variables AWS_… and ~/.aws/config.")
	}
	// The first pause is at most 0.05 seconds, or one second if requests are throttled; each other one is at most twice
	// as long. So 11 attempts outlast half a minute without a network on average.
	attempts := cmp.Or(o.Attempts, c.RetryMaxAttempts, 11)
	c.RetryMaxAttempts = 0 // or it would wrap the retryer
	c.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(s *retry.StandardOptions) {
			s.MaxAttempts, s.MaxBackoff = attempts, cmp.Or(o.MaxBackoff, 20*time.Second)
			s.RateLimiter = ratelimit.None // the attempts are limit enough
		})
	}
	return c, nil
}
