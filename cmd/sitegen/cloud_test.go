package main

import (
	"crypto/md5"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/kvserver"
)

// bucketDownload is the bucket of newCloud.
const bucketDownload = "download"

// newCloud starts what a site can be deployed to: a server with the protocol of S3 that has the empty bucket download,
// and a key-value store. It returns the variables that lead sitegen to them. Requests for other buckets go to others.
func newCloud(t *testing.T, others http.Handler) (environ []string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.Handle("/", others)
	objects := &objectServer{objects: map[string]object{}}
	mux.Handle("/"+bucketDownload, objects)
	mux.Handle("/"+bucketDownload+"/", objects)
	s3, keys := httptest.NewServer(mux), httptest.NewServer(kvserver.New())
	t.Cleanup(s3.Close)
	t.Cleanup(keys.Close)
	return []string{"AWS_ENDPOINT_URL=" + s3.URL, "AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE=" + keys.URL,
		"AWS_REGION=us-east-1", "AWS_MAX_ATTEMPTS=1"}
}

// object is an object of a bucket.
type object struct {
	body []byte
	at   time.Time
}

func (o object) etag() string { return fmt.Sprintf(`"%x"`, md5.Sum(o.body)) }

// objectServer answers the requests of S3 that a deploy sends, for one bucket. It does not check signatures: the tests
// in tools/deploy use a real server.
type objectServer struct {
	mu      sync.Mutex
	objects map[string]object
	website []byte // the website configuration
}

func (s *objectServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	key := strings.TrimPrefix(r.URL.Path, "/"+bucketDownload+"/")
	switch o, ok := s.objects[key]; {
	case r.URL.Query().Has("website"):
		s.configure(w, r)
	case r.URL.Query().Has("policy"): // that of docs/deploy.md
		fmt.Fprint(w, `{"Statement": [
			{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::download/*"},
			{"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::download"}]}`)
	case ok && r.Header.Get("If-None-Match") == "*", r.Header.Get("If-Match") != "" && r.Header.Get("If-Match") != o.etag():
		w.WriteHeader(http.StatusPreconditionFailed)
		fmt.Fprint(w, "<Error><Code>PreconditionFailed</Code><Message>The object has changed.</Message></Error>")
	case r.Method == http.MethodPut:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		o = object{body, time.Now()}
		s.objects[key] = o
		w.Header().Set("ETag", o.etag())
	case r.Method == http.MethodPost && r.URL.Query().Has("delete"):
		s.delete(w, r)
	case r.URL.Query().Has("list-type"):
		s.list(w, r.FormValue("prefix"))
	case r.Method == http.MethodHead && key == r.URL.Path: // HeadBucket
	case ok:
		w.Header().Set("ETag", o.etag())
		w.Write(o.body)
	default:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>")
	}
}

// configure answers GetBucketWebsite and PutBucketWebsite.
func (s *objectServer) configure(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.Method == http.MethodPut:
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		s.website = body
	case s.website == nil:
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<Error><Code>NoSuchWebsiteConfiguration</Code><Message>There is none.</Message></Error>")
	default:
		w.Write(s.website)
	}
}

// delete answers DeleteObjects.
func (s *objectServer) delete(w http.ResponseWriter, r *http.Request) {
	var in struct{ Object []struct{ Key string } }
	if err := xml.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	for _, o := range in.Object {
		delete(s.objects, o.Key)
	}
	fmt.Fprint(w, "<DeleteResult></DeleteResult>")
}

// list answers ListObjectsV2, on one page.
func (s *objectServer) list(w http.ResponseWriter, prefix string) {
	fmt.Fprint(w, "<ListBucketResult><IsTruncated>false</IsTruncated>")
	for _, key := range slices.Sorted(maps.Keys(s.objects)) {
		if strings.HasPrefix(key, prefix) {
			fmt.Fprintf(w, "<Contents><Key>%s</Key><LastModified>%s</LastModified><ETag>%s</ETag><Size>%d</Size>"+
				"</Contents>", key, s.objects[key].at.UTC().Format(time.RFC3339), s.objects[key].etag(),
				len(s.objects[key].body))
		}
	}
	fmt.Fprint(w, "</ListBucketResult>")
}
