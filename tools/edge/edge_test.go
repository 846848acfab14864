// Package edge tests sitegen deploy as visitors see it, with the program itself, a real S3 server, and the function of
// CloudFront:
//
//	sitegen deploy ── proxy, which injects faults ──┬─ versitygw, the bucket ───┐
//	                                                └─ kvserver, the store ─────┴─ edge locations ── visitors
//
// Visitors know all answers of each site that is deployed: those of a fresh deploy, which are compared with the recorded
// answers of the old server and with the files on disk. While deploys run, are killed or fail, each answer must be one
// of the site that was live at some moment between question and answer, and visitors never go back in time. For
// example, if site B replaces A, a visitor may see
//
//	/find?os=win of A, / of A, /about/ of B, /find?os=win of B
//
// but neither A's /find?os=win after B's /about/, nor a page of B whose style sheet is missing. See timeline.
package edge

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/Slicer/sitegen/generator/deploy/kvserver"
	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
	"github.com/Slicer/sitegen/generator/redirect/servers/cloudfront"
	"github.com/Slicer/sitegen/generator/testutil"
	"github.com/Slicer/sitegen/tools/gateway"
)

// bucketName is the name of the bucket.
const bucketName = "site"

// The hosts of the editions. The first is that of the built-in profile.
const (
	host        = "download.slicer.org"
	stagingHost = "staging.slicer.org"
)

// program is the path of sitegen.
var program string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "sitegen-edge-")
	if err != nil {
		panic(err)
	}
	program = filepath.Join(dir, "sitegen")
	build := exec.Command("go", "build", "-o", program, "./cmd/sitegen")
	build.Dir = testutil.Path("..")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Sprintf("build sitegen: %v\n%s", err, out))
	}
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// cloud is a bucket and a store with a proxy in front of them, and two edge locations.
type cloud struct {
	*gateway.Server
	t         *testing.T
	store     *kvserver.Server
	proxy     *proxy
	near, far *location
	env       []string // of the program
	timeline  timeline
}

// start starts a cloud with an empty bucket and an empty store.
func start(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{Server: gateway.Start(t), t: t, store: kvserver.New()}
	if _, err := c.Client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(bucketName)}); err != nil {
		t.Fatal(err)
	}
	c.proxy = newProxy(t, c.API, c.store)
	server := httptest.NewServer(c.proxy)
	t.Cleanup(server.Close)
	nothing := filepath.Join(t.TempDir(), "none")
	c.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + nothing, "TMPDIR=" + os.TempDir(),
		"AWS_CONFIG_FILE=" + nothing, "AWS_SHARED_CREDENTIALS_FILE=" + nothing, "AWS_EC2_METADATA_DISABLED=true",
		"AWS_ACCESS_KEY_ID=" + gateway.Access, "AWS_SECRET_ACCESS_KEY=" + gateway.Secret, "AWS_REGION=us-east-1",
		"AWS_ENDPOINT_URL_S3=" + server.URL, "AWS_ENDPOINT_URL_CLOUDFRONT_KEYVALUESTORE=" + server.URL,
		"SITEGEN_DEPLOY_BUCKET=" + bucketName, "SITEGEN_DEPLOY_STORE=" + kvserver.ARN,
		"SITEGEN_DEPLOY_HOSTS=" + stagingHost + " staging",
	}
	c.near = c.locate(0)
	c.far = c.locate(150 * time.Millisecond)
	return c
}

// location is an edge location. Its copy of the store may be older than the store.
type location struct {
	url   string
	floor func() int // index of a deploy in the timeline that is live here, or a later one is
}

// copied is the copy of the store of an edge location.
type copied struct {
	keys  map[string]string
	floor int
}

// locate starts an edge location whose copy of the store is up to lag older than the store.
func (c *cloud) locate(lag time.Duration) *location {
	c.t.Helper()
	function, err := cloudfront.Function()
	if err != nil {
		c.t.Fatal(err)
	}
	get, floor := c.store.Get, c.timeline.floor
	if lag > 0 {
		var now atomic.Pointer[copied]
		renew := func() { now.Store(&copied{floor: c.timeline.floor(), keys: c.store.Keys()}) }
		renew()
		go func() {
			for random := rand.New(rand.NewPCG(4, 4)); c.t.Context().Err() == nil; renew() {
				time.Sleep(time.Duration(random.Int64N(int64(lag))))
			}
		}()
		get = func(key string) (string, bool) { v, ok := now.Load().keys[key]; return v, ok }
		floor = func() int { return now.Load().floor }
	}
	e, err := cloudfront.NewEdge(function, get, c.object)
	if err != nil {
		c.t.Fatal(err)
	}
	server := httptest.NewServer(e)
	c.t.Cleanup(server.Close)
	return &location{server.URL, floor}
}

// object reads an object of the bucket for an edge location.
func (c *cloud) object(key string) (emulate.Reply, bool) {
	o, err := c.Client.GetObject(context.Background(), &s3.GetObjectInput{Bucket: aws.String(bucketName), Key: &key})
	if _, missing := errors.AsType[*types.NoSuchKey](err); missing {
		return emulate.Reply{}, false
	}
	if err != nil {
		c.t.Errorf("read %s for a visitor: %v", key, err)
		return emulate.Reply{}, false
	}
	defer o.Body.Close()
	body, err := io.ReadAll(o.Body)
	if err != nil {
		c.t.Errorf("read %s for a visitor: %v", key, err)
	}
	reply := emulate.Reply{Status: http.StatusOK, Header: http.Header{}, Body: body}
	for name, value := range map[string]*string{
		"Content-Type": o.ContentType, "Cache-Control": o.CacheControl, "Content-Disposition": o.ContentDisposition,
		"Content-Language": o.ContentLanguage, "ETag": o.ETag,
	} {
		if value != nil {
			reply.Header.Set(name, *value)
		}
	}
	return reply, true
}

// process is a run of the program.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	code           int   // exit code; -1 if it was killed
	rss            int64 // peak memory, bytes
	took           time.Duration
	began          time.Time
}

// begin starts the program in the folder of a site. env is appended to the environment.
func (c *cloud) begin(s *site, env []string, args ...string) *process {
	c.t.Helper()
	p := &process{t: c.t, cmd: exec.Command(program, args...), began: time.Now()}
	p.cmd.Dir, p.cmd.Env = s.dir, append(c.env[:len(c.env):len(c.env)], env...)
	p.cmd.Stdout, p.cmd.Stderr = &p.stdout, &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	return p
}

// wait waits until the program ends.
func (p *process) wait() *process {
	p.t.Helper()
	err := p.cmd.Wait()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		p.t.Fatal(err)
	}
	p.code, p.took = p.cmd.ProcessState.ExitCode(), time.Since(p.began)
	p.rss = p.cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	return p
}

// run runs the program in the folder of a site until it ends.
func (c *cloud) run(s *site, args ...string) *process {
	c.t.Helper()
	return c.begin(s, nil, args...).wait()
}

// must runs the program and expects success.
func (c *cloud) must(s *site, args ...string) *process {
	c.t.Helper()
	p := c.run(s, args...)
	if p.code != 0 {
		c.t.Fatalf("sitegen %s: exit code %d\n%s%s", strings.Join(args, " "), p.code, &p.stdout, &p.stderr)
	}
	return p
}

// state returns which deploy of an edition is live.
func (c *cloud) state(edition string) (s live.State) {
	c.t.Helper()
	if text, ok := c.store.Get("deploy:" + edition); ok {
		if err := json.Unmarshal([]byte(text), &s); err != nil {
			c.t.Fatal(err)
		}
	}
	return s
}

// attempt runs the program while it makes a site live, or tries to: s itself for a deploy, another one for a rollback or a
// promotion, which run in the folder of s. Then it finds out which site is live.
func (c *cloud) attempt(s, next *site, args ...string) *process {
	c.t.Helper()
	c.timeline.begin(next)
	p := c.run(s, args...)
	c.settle()
	return p
}

// settle finds out which site is live, after all deployers have ended.
func (c *cloud) settle() {
	c.t.Helper()
	c.proxy.wait()
	if err := c.timeline.settle(c.state(live.Production).Site); err != nil {
		c.t.Error(err)
	}
}

// deploy deploys a site and expects success.
func (c *cloud) deploy(s *site) *process {
	c.t.Helper()
	p := c.attempt(s, s, "deploy")
	if got := c.state(live.Production).Site; p.code != 0 || s.hash != "" && got != s.hash {
		c.t.Fatalf("deploy %s: exit code %d, the live site is %q, want %q\n%s%s", s.name, p.code, got, s.hash, &p.stdout,
			&p.stderr)
	}
	return p
}
