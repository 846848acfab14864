// Command deploy compares sitegen deploy with aws s3 sync. Both publish the same site, that of the archive catalogue
// (11,456 packages), on the same S3 server, one after the other: first all of it, then again without changes, then with
// the packages of one more night. The command prints the requests, the uploaded bytes, the CPU time, the elapsed time
// and the peak memory of each run:
//
//	unchanged       sitegen            1 request       0.0 MB    0.50 s CPU    0.45 s    90 MiB
//
// The S3 server is versitygw, the key-value store is package kvserver; both are on this machine. Requests of sitegen
// include those to the store. Files are not compressed, so that both upload the same. aws s3 sync compares sizes and
// times of files, overwrites objects one after the other, and invalidates nothing; sitegen compares hashes.
//
//	go run ./bench/deploy [-aws /usr/bin/aws]
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/Slicer/sitegen/bench/cost"
	"github.com/Slicer/sitegen/bench/program"
	"github.com/Slicer/sitegen/generator/deploy/kvserver"
)

func main() {
	log.SetFlags(0)
	aws := flag.String("aws", "aws", "the `program` of AWS to compare with")
	flag.Parse()
	if err := bench(*aws); err != nil {
		log.Fatal("bench/deploy: ", err)
	}
}

// find returns the absolute path of the program of AWS, since it runs in other folders, and its version.
func find(aws string) (path string, version []byte, err error) {
	if path, err = exec.LookPath(aws); err == nil {
		path, err = filepath.Abs(path)
	}
	if err != nil {
		return aws, nil, err
	}
	version, err = exec.Command(path, "--version").Output()
	return path, version, err
}

func bench(aws string) error {
	aws, version, err := find(aws)
	if err != nil {
		return fmt.Errorf("run %s --version: %w; install it, for example with apt-get install awscli", aws, err)
	}
	dir, sitegen, err := program.Build()
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	server, err := startServer(dir)
	if err != nil {
		return err
	}
	defer server.stop()
	site := filepath.Join(dir, "site")
	build := func(without bool) error {
		data, err := listing("testdata/archive.json.gz", without)
		if err == nil {
			err = os.MkdirAll(site, 0o755)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(site, "listing.json"), data, 0o644)
		}
		if err == nil {
			err = os.WriteFile(filepath.Join(site, "sitegen.yaml"), []byte("precompress: []\n"), 0o644)
		}
		if err == nil {
			_, err = cost.Of(site, sitegen, "build", "--quiet", "--source", "listing.json")
		}
		return err
	}
	fmt.Printf("%s\n", strings.TrimSpace(string(version)))
	for _, step := range []struct {
		name    string
		without bool // the packages of the last day are not there yet
	}{{"first", true}, {"unchanged", true}, {"one more night", false}} {
		if err := build(step.without); err != nil {
			return err
		}
		for _, p := range []struct {
			name string
			argv []string
		}{
			{"sitegen", []string{sitegen, "deploy", "--quiet"}},
			{"aws s3 sync", []string{aws, "s3", "sync", "public", "s3://sync", "--delete", "--exclude=-/*",
				"--only-show-errors", "--endpoint-url", server.url}},
		} {
			requests, uploaded := server.requests.Load(), server.bytes.Load()
			c, err := cost.Of(site, p.argv...)
			if err != nil {
				return err
			}
			fmt.Printf("%-15s %-11s %6d requests %7.1f MB  %s\n", step.name, p.name, server.requests.Load()-requests,
				float64(server.bytes.Load()-uploaded)/1e6, c)
		}
	}
	return nil
}

// listing returns a listing of packages, if without is true without those of the last day.
func listing(path string, without bool) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	zr, err := gzip.NewReader(f)
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(zr)
	if err != nil || !without {
		return data, err
	}
	var items []map[string]any
	if err := json.Unmarshal(data, &items); err != nil {
		return nil, err
	}
	day := func(item map[string]any) string { return fmt.Sprintf("%.10s", item["created"]) }
	newest := ""
	for _, item := range items {
		newest = max(newest, day(item))
	}
	return json.Marshal(slices.DeleteFunc(items, func(item map[string]any) bool { return day(item) == newest }))
}

// server is a bucket and a key-value store. It counts requests and the bytes that are sent to it.
type server struct {
	url      string
	requests atomic.Int64
	bytes    atomic.Int64
	stop     func()
}

// startServer starts the server with the buckets site and sync, and sets the environment for both programs.
func startServer(dir string) (*server, error) {
	build := exec.Command("go", "tool", "-n", "github.com/versity/versitygw/cmd/versitygw")
	build.Dir = "tools"
	out, err := build.Output()
	if err != nil {
		return nil, fmt.Errorf("build versitygw: %w", err)
	}
	for _, bucket := range []string{"site", "sync"} { // a bucket is a folder
		if err := os.MkdirAll(filepath.Join(dir, "data", bucket), 0o755); err != nil {
			return nil, err
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	address := l.Addr().String()
	l.Close()
	cmd := exec.Command(strings.TrimSpace(string(out)), "--access", "bench", "--secret", "benchbench", "--port",
		address,
		"posix", filepath.Join(dir, "data"))
	var messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &messages, &messages
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{}
	keys := kvserver.New()
	bucket := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: address})
		r.Out.Host = r.In.Host // which is signed
	}}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		s.bytes.Add(max(r.ContentLength, 0))
		if strings.HasPrefix(r.URL.Path, "/key-value-stores/") {
			keys.ServeHTTP(w, r)
			return
		}
		bucket.ServeHTTP(w, r)
	}))
	s.url = front.URL
	s.stop = func() {
		front.Close()
		_ = cmd.Process.Kill() // an error means that it has ended
		_ = cmd.Wait()
	}
	for name, value := range map[string]string{
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "benchbench", "AWS_REGION": "us-east-1",
		"AWS_ENDPOINT_URL_S3": s.url, "AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE": s.url,
		"SITEGEN_DEPLOY_BUCKET": "site", "SITEGEN_DEPLOY_STORE": kvserver.ARN,
	} {
		if err := os.Setenv(name, value); err != nil {
			s.stop()
			return nil, err
		}
	}
	for range 400 {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return s, nil
		}
		time.Sleep(25 * time.Millisecond)
	}
	s.stop()
	return nil, fmt.Errorf("versitygw does not accept connections:\n%s", &messages)
}
