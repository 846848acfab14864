package edge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/kvserver"
)

// fault is what goes wrong with a request.
type fault int

const (
	noFault     fault = iota
	refused           // status 500; the request is not carried out
	throttled         // SlowDown or ThrottlingException; the request is not carried out
	resetBefore       // the connection is reset; the request is not carried out
	stalled           // no response for a while, then a reset; the request is not carried out
	resetAfter        // the connection is reset after the request was carried out
	lateRefused       // status 500 after the request was carried out
	cut               // half of the response, then a reset
	conflict          // another client writes to the store just before
	faults            // number of faults
)

var faultNames = [...]string{"none", "500", "throttled", "reset before", "stalled", "reset after", "500 after", "cut",
	"conflict"}

func (f fault) String() string { return faultNames[f] }

// request is a request of a deployer.
type request struct {
	Method string
	// Target is the path in the bucket, for example o/12ab.html, or what is after the store's ARN: keys or keys/KEY. For
	// the list of a bucket and deletions it is "".
	Target string
	Query  string
	Store  bool   // the request is for the key-value store
	Keys   int    // number of keys that the request changes
	Bytes  int    // length of the body
	App    string // name of the deployer: AWS_SDK_UA_APP_ID
}

func (r request) String() string {
	server := "bucket"
	if r.Store {
		server = "store"
	}
	return strings.TrimSpace(fmt.Sprintf("%s %s %s %s", server, r.Method, r.Target, r.Query))
}

// upload reports whether the request uploads a file of a site, not the base of records.
func (r request) upload() bool {
	return r.Method == "PUT" && strings.HasPrefix(r.Target, "o/") && !strings.HasSuffix(r.Target, ".gz")
}

// flip reports whether the request is the last write of a deploy. It is the only one that changes the root.
func (r request) flip(body []byte) bool {
	return r.Store && r.Method == "POST" && bytes.Contains(body, []byte(`"root/`))
}

// proxy passes the requests of deployers on to the bucket and the store. It injects faults.
type proxy struct {
	t      *testing.T
	bucket http.RoundTripper // to versitygw
	api    string            // host:port of versitygw
	keys   *kvserver.Server

	mu     sync.Mutex
	idle   *sync.Cond
	busy   int // requests that are being answered
	random *rand.Rand
	rate   float64 // share of the requests with a fault
	hit    [faults]int
	log    []request
	all    int // number of requests since the start
	// before and after are called before and after a request is carried out; they may be nil.
	before, after func(r request, body []byte)
	// answer may answer a request itself, and reports whether it did. It may be nil.
	answer func(w http.ResponseWriter, r request) bool
}

func newProxy(t *testing.T, api string, keys *kvserver.Server) *proxy {
	p := &proxy{t: t, api: api, keys: keys, bucket: &http.Transport{MaxIdleConnsPerHost: 32, DisableCompression: true},
		random: rand.New(rand.NewPCG(1, 2))}
	p.idle = sync.NewCond(&p.mu)
	return p
}

// fail sets the share of the requests with a fault, and the seed that selects them.
func (p *proxy) fail(rate float64, seed uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rate, p.random = rate, rand.New(rand.NewPCG(seed, 3))
}

// hooks sets before and after.
func (p *proxy) hooks(before, after func(r request, body []byte)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.before, p.after = before, after
}

// replace sets answer.
func (p *proxy) replace(answer func(w http.ResponseWriter, r request) bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.answer = answer
}

// take returns the requests since it was last called.
func (p *proxy) take() []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	log := p.log
	p.log = nil
	return log
}

// wait waits until no request is being carried out. The deployer may be dead, but what it has sent still happens.
func (p *proxy) wait() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for p.busy > 0 {
		p.idle.Wait()
	}
}

// ServeHTTP implements http.Handler.
func (p *proxy) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return // the deployer is dead
	}
	r := describe(req, body)
	p.mu.Lock()
	p.busy++
	p.all++
	p.log = append(p.log, r)
	before, after, answer, f := p.before, p.after, p.answer, p.choose(r)
	p.hit[f]++
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.busy--
		p.idle.Broadcast()
	}()
	if before != nil {
		before(r, body)
	}
	if answer != nil && answer(w, r) {
		return
	}
	switch f {
	case refused, throttled:
		refuse(w, r, f)
		return
	case stalled:
		time.Sleep(300 * time.Millisecond)
		fallthrough
	case resetBefore:
		reset(w)
		return
	case conflict:
		p.keys.Put("deploy-test", fmt.Sprint(time.Now().UnixNano()))
	}
	reply, err := p.pass(req, body, r.Store)
	if err != nil {
		p.t.Errorf("%s: %v", r, err)
		reset(w)
		return
	}
	if after != nil {
		after(r, body)
	}
	switch f {
	case resetAfter:
		reset(w)
		return
	case lateRefused:
		refuse(w, r, refused)
		return
	}
	for name, values := range reply.Header {
		w.Header()[name] = values
	}
	data := reply.body
	if len(data) > 0 {
		w.Header().Set("Content-Length", fmt.Sprint(len(data)))
	}
	w.WriteHeader(reply.status)
	if f == cut {
		data = data[:len(data)/2]
	}
	w.Write(data)
	if f == cut {
		http.NewResponseController(w).Flush()
		reset(w)
	}
}

// choose selects a fault for a request. The few requests that write to the store have more faults than others, and half
// of theirs are conflicts.
func (p *proxy) choose(r request) fault {
	rate := p.rate
	if r.Keys > 0 {
		rate *= 3
	}
	switch {
	case p.random.Float64() >= rate:
		return noFault
	case r.Keys > 0 && p.random.IntN(2) == 0:
		return conflict
	}
	return 1 + fault(p.random.IntN(int(conflict)-1))
}

// reply is a response with its body.
type reply struct {
	status int
	Header http.Header
	body   []byte
}

// pass carries a request out.
func (p *proxy) pass(req *http.Request, body []byte, store bool) (*reply, error) {
	out := req.Clone(req.Context())
	out.Body, out.ContentLength, out.RequestURI = io.NopCloser(bytes.NewReader(body)), int64(len(body)), ""
	if store {
		rec := httptest.NewRecorder()
		p.keys.ServeHTTP(rec, out)
		return &reply{rec.Code, rec.Header(), rec.Body.Bytes()}, nil
	}
	out.URL.Scheme, out.URL.Host = "http", p.api // the Host header, which is signed, remains
	// What a killed deployer has sent is carried out nevertheless.
	res, err := p.bucket.RoundTrip(out.WithContext(p.t.Context()))
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	return &reply{res.StatusCode, res.Header, data}, err
}

// describe describes a request.
func describe(req *http.Request, body []byte) request {
	r := request{Method: req.Method, Query: req.URL.RawQuery, Bytes: len(body)}
	if _, app, ok := strings.Cut(req.UserAgent(), "app/"); ok {
		r.App, _, _ = strings.Cut(app, " ")
	}
	path, ok := strings.CutPrefix(req.URL.Path, "/key-value-stores/")
	r.Store = ok
	if !ok {
		_, r.Target, _ = strings.Cut(strings.TrimPrefix(path, "/"), "/") // without the name of the bucket
		return r
	}
	_, rest, _ := strings.Cut(path, "key-value-store/")
	_, r.Target, _ = strings.Cut(rest, "/")
	var changes struct{ Puts, Deletes []json.RawMessage }
	if r.Method == "POST" && json.Unmarshal(body, &changes) == nil {
		r.Keys = len(changes.Puts) + len(changes.Deletes)
	}
	return r
}

// refuse answers with an error of S3 or of the store.
func refuse(w http.ResponseWriter, r request, f fault) {
	status, code := http.StatusInternalServerError, "InternalError"
	switch {
	case f == throttled && r.Store:
		status, code = http.StatusTooManyRequests, "ThrottlingException"
	case f == throttled:
		status, code = http.StatusServiceUnavailable, "SlowDown"
	case r.Store:
		code = "InternalServerException"
	}
	respond(w, r, status, code, "injected by the test")
}

// respond answers with an error in the format of S3 or of the store.
func respond(w http.ResponseWriter, r request, status int, code, message string) {
	if r.Store {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("X-Amzn-ErrorType", code)
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"Message":%q}`, message)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	fmt.Fprintf(w, "<Error><Code>%s</Code><Message>%s</Message></Error>", code, message)
}

// reset resets the connection of a request.
func reset(w http.ResponseWriter) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return // the deployer is dead
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	c.Close()
}
