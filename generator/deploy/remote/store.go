package remote

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore"
	"github.com/aws/aws-sdk-go-v2/service/cloudfrontkeyvaluestore/types"
	smithyendpoints "github.com/aws/smithy-go/endpoints"

	"github.com/Slicer/sitegen/generator/deploy/live"
)

// Store is a key-value store of CloudFront.
type Store struct {
	client *cloudfrontkeyvaluestore.Client
	arn    string
	service
}

// Store returns the key-value store with an ARN, which may not exist.
func (c *Client) Store(arn string) *Store {
	return &Store{c.keys, arn, oneWrite("CloudFront", "The credentials need the permissions "+
		"cloudfront-keyvaluestore:DescribeKeyValueStore, GetKey, ListKeys and UpdateKeys on the key-value store.")}
}

// Get implements live.Store. A store that does not exist has no keys.
func (s *Store) Get(ctx context.Context, key string) (string, error) {
	reply, err := s.client.GetKey(ctx, &cloudfrontkeyvaluestore.GetKeyInput{KvsARN: &s.arn, Key: &key})
	if _, missing := errors.AsType[*types.ResourceNotFoundException](err); missing {
		return "", fs.ErrNotExist
	}
	if err != nil {
		return "", s.explain(err)
	}
	return aws.ToString(reply.Value), nil
}

// Describe implements live.Store.
func (s *Store) Describe(ctx context.Context) (live.Version, error) {
	reply, err := s.client.DescribeKeyValueStore(ctx,
		&cloudfrontkeyvaluestore.DescribeKeyValueStoreInput{KvsARN: &s.arn})
	if err != nil {
		return live.Version{}, s.explain(err)
	}
	return live.Version{ETag: aws.ToString(reply.ETag), Size: aws.ToInt64(reply.TotalSizeInBytes)}, nil
}

// Update implements live.Store.
func (s *Store) Update(ctx context.Context, etag string, changes []live.Change) (live.Version, error) {
	in := &cloudfrontkeyvaluestore.UpdateKeysInput{KvsARN: &s.arn, IfMatch: &etag}
	for _, c := range changes {
		if c.Delete {
			in.Deletes = append(in.Deletes, types.DeleteKeyRequestListItem{Key: &c.Key})
		} else {
			in.Puts = append(in.Puts, types.PutKeyRequestListItem{Key: &c.Key, Value: &c.Value})
		}
	}
	reply, err := s.client.UpdateKeys(ctx, in)
	if err != nil {
		return live.Version{}, s.explain(err)
	}
	return live.Version{ETag: aws.ToString(reply.ETag), Size: aws.ToInt64(reply.TotalSizeInBytes)}, nil
}

// List implements live.Store.
func (s *Store) List(ctx context.Context) (map[string]string, error) {
	all := map[string]string{}
	pages := cloudfrontkeyvaluestore.NewListKeysPaginator(s.client, &cloudfrontkeyvaluestore.ListKeysInput{
		KvsARN: &s.arn, MaxResults: aws.Int32(50), // the maximum (API reference)
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.explain(err)
		}
		for _, item := range page.Items {
			all[aws.ToString(item.Key)] = aws.ToString(item.Value)
		}
	}
	return all, nil
}

// TryList reads at most one key, to find out whether keys may be listed.
func (s *Store) TryList(ctx context.Context) error {
	in := &cloudfrontkeyvaluestore.ListKeysInput{KvsARN: &s.arn, MaxResults: aws.Int32(1)}
	_, err := s.client.ListKeys(ctx, in)
	return s.explain(err)
}

// endpoint resolves the URL of the key-value store. The SDK prefixes the host with the number of the account, also if
// AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE names another server than Amazon's, such as localhost: endpoint does not.
type endpoint struct {
	cloudfrontkeyvaluestore.EndpointResolverV2
}

// ResolveEndpoint implements cloudfrontkeyvaluestore.EndpointResolverV2.
func (e endpoint) ResolveEndpoint(ctx context.Context,
	p cloudfrontkeyvaluestore.EndpointParameters) (smithyendpoints.Endpoint, error) {
	resolved, err := e.EndpointResolverV2.ResolveEndpoint(ctx, p)
	if err != nil || p.Endpoint == nil {
		return resolved, err
	}
	base, err := url.Parse(*p.Endpoint)
	if err != nil {
		return resolved, fmt.Errorf("parse the URL of the key-value store: %w", err)
	}
	resolved.URI = *base
	return resolved, nil
}
