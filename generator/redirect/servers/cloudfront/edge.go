package cloudfront

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/dop251/goja"

	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// Edge emulates an edge location of a CloudFront distribution: it runs function.js for each request, and passes the
// requests that the function does not answer on to the bucket. Unlike CloudFront, it keeps no cache and does not
// compress.
type Edge struct {
	mu      sync.Mutex // guards vm, which runs one request at a time
	vm      *goja.Runtime
	handler goja.Callable
	get     func(key string) (value string, ok bool)
	object  func(key string) (reply emulate.Reply, ok bool)
	reads   int // number of reads from the key-value store so far
}

// importLine is the line of the function that imports CloudFront's module, which NewEdge replaces by its own store.
const importLine = "import cf from 'cloudfront';\n"

// NewEdge returns an edge location that runs function, the text of function.js. get reads the key-value store, object
// the bucket; both report whether there is such a key. The edge calls them for one request at a time.
func NewEdge(function []byte, get func(key string) (string, bool),
	object func(key string) (emulate.Reply, bool)) (*Edge, error) {
	e := &Edge{vm: goja.New(), get: get, object: object}
	kvs := map[string]any{"kvs": func() map[string]any { return map[string]any{"get": e.read} }}
	if err := errors.Join(e.vm.Set("cf", kvs), e.vm.Set("Buffer", e.buffer())); err != nil {
		return nil, fmt.Errorf("load function.js: %w", err)
	}
	if _, err := e.vm.RunString(strings.Replace(string(function), importLine, "", 1)); err != nil {
		return nil, fmt.Errorf("load function.js: %w", err)
	}
	handler, ok := goja.AssertFunction(e.vm.Get("handler"))
	if !ok {
		return nil, errors.New("load function.js: the function handler is missing")
	}
	e.handler = handler
	return e, nil
}

// ServeHTTP answers a request as visitors of the distribution see it.
func (e *Edge) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	result, err := e.run(r.Method, r.Host, r.URL.EscapedPath(), r.URL.RawQuery)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway) // CloudFront answers 503; 502 tells the two apart
		return
	}
	if result.StatusCode != 0 {
		result.reply().Send(w)
		return
	}
	key, err := url.PathUnescape(strings.TrimPrefix(result.URI, "/"))
	reply, ok := e.object(key)
	if err != nil || !ok {
		http.Error(w, "NoSuchKey: "+key, http.StatusNotFound)
		return
	}
	for name, values := range reply.Header {
		w.Header()[name] = values
	}
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(reply.Body))) // conditions, ranges, HEAD
}

// buffer returns the part of CloudFront's Buffer that the function uses: Buffer.from(text, encoding).toString(encoding)
// for the encodings hex and base64url, without invalid texts.
func (e *Edge) buffer() *goja.Object {
	object := func(name string, method func(text, encoding string) goja.Value) *goja.Object {
		o := e.vm.NewObject()
		err := o.Set(name, func(c goja.FunctionCall) goja.Value {
			return method(c.Argument(0).String(), c.Argument(1).String())
		})
		if err != nil {
			panic(err) // cannot happen: the object is new
		}
		return o
	}
	return object("from", func(text, encoding string) goja.Value {
		var data []byte
		var err error
		if encoding == "hex" {
			data, err = hex.DecodeString(text)
		} else {
			data, err = base64.RawURLEncoding.DecodeString(text)
		}
		if err != nil {
			panic(e.vm.NewGoError(fmt.Errorf("decode %q: %w", text, err)))
		}
		return object("toString", func(encoding, _ string) goja.Value {
			if encoding == "hex" {
				return e.vm.ToValue(hex.EncodeToString(data))
			}
			return e.vm.ToValue(base64.RawURLEncoding.EncodeToString(data))
		})
	})
}

// read implements the method get of CloudFront's key-value store for the function.
func (e *Edge) read(key string) *goja.Promise {
	e.reads++
	p, resolve, reject := e.vm.NewPromise()
	var err error
	if v, ok := e.get(key); ok {
		err = resolve(v)
	} else {
		err = reject("no key " + key)
	}
	if err != nil {
		panic(err) // cannot happen: the promise is new
	}
	return p
}

// edgeResult is the result of the function: a response, or the request that CloudFront forwards to the origin.
type edgeResult struct {
	StatusCode int                               `json:"statusCode"`
	Headers    map[string]struct{ Value string } `json:"headers"`
	Body       *struct{ Data string }            `json:"body"`
	URI        string                            `json:"uri"`
}

// reply returns the response of the function.
func (result edgeResult) reply() emulate.Reply {
	r := emulate.Reply{Status: result.StatusCode, Header: http.Header{}}
	if result.Body != nil {
		r.Body = []byte(result.Body.Data)
	}
	for name, h := range result.Headers {
		r.Header.Set(name, h.Value)
	}
	return r
}

// run calls the function with a request and returns its result. uri and query are encoded.
func (e *Edge) run(method, host, uri, query string) (result edgeResult, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	v, err := e.call(method, host, uri, query)
	if err != nil {
		return result, fmt.Errorf("run function.js: %w", err)
	}
	p, ok := v.Export().(*goja.Promise)
	if !ok || p.State() != goja.PromiseStateFulfilled {
		return result, fmt.Errorf("run function.js: no result for %s", uri)
	}
	data, err := p.Result().ToObject(e.vm).MarshalJSON()
	if err == nil {
		err = json.Unmarshal(data, &result)
	}
	if err != nil {
		return result, fmt.Errorf("run function.js: %w", err)
	}
	return result, nil
}

// call calls the function with a request and returns what the function returns: a promise. e.mu must be held.
func (e *Edge) call(method, host, uri, query string) (goja.Value, error) {
	event := e.vm.ToValue(map[string]any{"request": map[string]any{
		"method": method, "uri": uri, "querystring": map[string]any{},
		"headers": map[string]any{"host": map[string]any{"value": host}},
		"rawQueryString": func() any {
			if query == "" {
				return nil
			}
			return query
		},
	}})
	return e.handler(goja.Undefined(), event)
}
