// Package kvserver is a key-value store of CloudFront for tests. It answers the requests of the AWS SDK as the API
// reference and the quotas of the developer guide describe them:
//
//	s := kvserver.New()
//	server := httptest.NewServer(s)
//	t.Setenv("AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE", server.URL)
//	store := client.Store(kvserver.ARN)
//
// An update changes all its keys or none, is conditional on the ETag of the store, and has at most 50 keys and 3 MB.
// The store holds at most 5 MB; keys have at most 512 bytes and values 1 KB. AWS does not document what deleting a
// missing key does: here it is an error, which a deploy must cope with.
package kvserver

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// ARN is the ARN of the store.
const ARN = "arn:aws:cloudfront::123456789012:key-value-store/0a1b2c3d-0000-4000-8000-000000000000"

// Limits of CloudFront (developer guide, "Quotas on key value stores").
const (
	maxStore = 5_000_000 // "5 MB"; the smaller of its two meanings
	maxKey   = 512
	maxValue = 1024
	maxCall  = 50
	maxBytes = 3_000_000
	maxPage  = 50
)

// Server is the server of one store. It is an http.Handler.
type Server struct {
	// Access is the id of the only access key that is accepted; "" for any.
	Access string
	// ReadOnly refuses updates, as without the permission cloudfront-keyvaluestore:UpdateKeys.
	ReadOnly bool

	mu      sync.Mutex
	keys    map[string]string
	version int
	calls   int
}

// New returns a server whose store is empty.
func New() *Server { return &Server{keys: map[string]string{}} }

// Get returns the value of a key, as the function at the edge reads it.
func (s *Server) Get(key string) (string, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.keys[key]
	return v, ok
}

// Keys returns all keys and values.
func (s *Server) Keys() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.keys)
}

// Put puts a key, as another client does: the ETag changes.
func (s *Server) Put(key, value string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = maps.Clone(s.keys)
	s.keys[key] = value
	s.version++
}

// Calls returns the number of requests so far.
func (s *Server) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// failure is an error of the API.
type failure struct {
	status        int
	code, message string
}

func invalid(format string, args ...any) *failure {
	return &failure{http.StatusBadRequest, "ValidationException", fmt.Sprintf(format, args...)}
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 2*maxBytes))
	if err != nil {
		return // the client has closed the connection
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	reply, fail := s.answer(r, body)
	w.Header().Set("Content-Type", "application/json")
	status := http.StatusOK
	if fail != nil {
		w.Header().Set("X-Amzn-ErrorType", fail.code)
		status, reply = fail.status, map[string]string{"Message": fail.message}
	}
	w.Header().Set("ETag", s.etag())
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(reply) // an error means that the client has closed the connection
}

func (s *Server) etag() string { return fmt.Sprintf("KV%08d", s.version) }

// answer answers a request.
func (s *Server) answer(r *http.Request, body []byte) (any, *failure) {
	auth := r.Header.Get("Authorization")
	switch {
	case !strings.HasPrefix(auth, "AWS4-ECDSA-P256-SHA256 "):
		return nil, &failure{http.StatusForbidden, "AccessDeniedException", "Signature Version 4A is required"}
	case s.Access != "" && !strings.Contains(auth, "Credential="+s.Access+"/"):
		return nil, &failure{http.StatusForbidden, "UnrecognizedClientException",
			"The security token included in the request is invalid."}
	}
	arn, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.EscapedPath(), "/key-value-stores/"), "/")
	arn, err := url.PathUnescape(arn)
	if err != nil || arn != ARN {
		return nil, &failure{http.StatusNotFound, "ResourceNotFoundException", "The key-value store does not exist"}
	}
	key, isKey := strings.CutPrefix(rest, "keys/")
	if key, err = url.PathUnescape(key); err != nil {
		return nil, invalid("malformed key")
	}
	switch {
	case r.Method == http.MethodGet && rest == "":
		return s.size(map[string]any{"KvsARN": ARN, "Created": 1.7e9, "Status": "READY"}), nil
	case r.Method == http.MethodGet && isKey:
		v, ok := s.keys[key]
		if !ok {
			return nil, &failure{http.StatusNotFound, "ResourceNotFoundException", "The key does not exist"}
		}
		return s.size(map[string]any{"Key": key, "Value": v}), nil
	case r.Method == http.MethodGet && rest == "keys":
		return s.list(r.URL.Query())
	case r.Method == http.MethodPost && rest == "keys":
		return s.update(r.Header.Get("If-Match"), body)
	}
	return nil, invalid("unknown operation %s %s", r.Method, r.URL.Path)
}

// size adds the size of the store to a reply.
func (s *Server) size(reply map[string]any) map[string]any {
	reply["ItemCount"], reply["TotalSizeInBytes"] = len(s.keys), sizeOf(s.keys)
	return reply
}

func sizeOf(keys map[string]string) (n int) {
	for key, value := range keys {
		n += len(key) + len(value)
	}
	return n
}

type item struct {
	Key   string
	Value string `json:",omitempty"`
}

// list answers ListKeys. A token is the last key of the page before.
func (s *Server) list(query url.Values) (any, *failure) {
	n := 10
	if text := query.Get("MaxResults"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > maxPage {
			return nil, invalid("MaxResults must be between 1 and %d", maxPage)
		}
	}
	var items []item
	for _, key := range slices.Sorted(maps.Keys(s.keys)) {
		if key <= query.Get("NextToken") {
			continue
		}
		if len(items) == n {
			return map[string]any{"Items": items, "NextToken": items[n-1].Key}, nil
		}
		items = append(items, item{key, s.keys[key]})
	}
	return map[string]any{"Items": items}, nil
}

// update answers UpdateKeys.
func (s *Server) update(ifMatch string, body []byte) (any, *failure) {
	var in struct{ Puts, Deletes []item }
	switch err := json.Unmarshal(body, &in); {
	case s.ReadOnly:
		return nil, &failure{http.StatusForbidden, "AccessDeniedException",
			"User is not authorized to perform: cloudfront-keyvaluestore:UpdateKeys"}
	case err != nil:
		return nil, invalid("malformed request: %s", err)
	case ifMatch != s.etag():
		return nil, &failure{http.StatusConflict, "ConflictException", "The If-Match value does not match the ETag"}
	case len(in.Puts)+len(in.Deletes) == 0 || len(in.Puts)+len(in.Deletes) > maxCall:
		return nil, invalid("a call updates 1 to %d keys", maxCall)
	}
	next, seen, bytes := maps.Clone(s.keys), map[string]bool{}, 0
	for _, p := range append(slices.Clone(in.Puts), in.Deletes...) {
		if p.Key == "" || len(p.Key) > maxKey || len(p.Value) > maxValue || seen[p.Key] {
			return nil, invalid("key %.40q is too long, has a value that is too long, or occurs twice", p.Key)
		}
		seen[p.Key] = true
		bytes += len(p.Key) + len(p.Value)
	}
	for _, p := range in.Puts {
		next[p.Key] = p.Value
	}
	for _, d := range in.Deletes {
		if _, ok := next[d.Key]; !ok {
			return nil, &failure{http.StatusNotFound, "ResourceNotFoundException", "The key does not exist"}
		}
		delete(next, d.Key)
	}
	if bytes > maxBytes || sizeOf(next) > maxStore {
		return nil, &failure{http.StatusPaymentRequired, "ServiceQuotaExceededException",
			"The size of the call or of the store is exceeded"}
	}
	s.keys = next
	s.version++
	return s.size(map[string]any{}), nil
}
