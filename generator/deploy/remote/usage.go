package remote

import (
	"net/http"
	"strings"
	"sync/atomic"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Usage counts requests, with all their attempts.
type Usage struct {
	client   aws.HTTPClient
	Reads    atomic.Int64 // GET and HEAD of objects
	Writes   atomic.Int64 // PUT, POST and LIST, which cost the same
	Deletes  atomic.Int64 // free
	Keys     atomic.Int64 // requests to the key-value store
	Uploaded atomic.Int64 // bytes
}

// Do implements aws.HTTPClient.
func (u *Usage) Do(r *http.Request) (*http.Response, error) {
	query := r.URL.Query()
	switch {
	case strings.Contains(r.URL.Path, "/key-value-stores/"):
		u.Keys.Add(1)
	case r.Method == http.MethodDelete || query.Has("delete"):
		u.Deletes.Add(1)
	case r.Method == http.MethodPut || r.Method == http.MethodPost || query.Has("list-type"):
		u.Writes.Add(1)
		u.Uploaded.Add(max(r.ContentLength, 0))
	default:
		u.Reads.Add(1)
	}
	return u.client.Do(r)
}

// Requests returns the number of all requests.
func (u *Usage) Requests() int64 {
	return u.Reads.Load() + u.Writes.Load() + u.Deletes.Load() + u.Keys.Load()
}
