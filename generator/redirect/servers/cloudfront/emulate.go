package cloudfront

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/dop251/goja"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// edge emulates a CloudFront distribution: it runs the compiled function with its store, and serves the files of the
// site as its origin.
type edge struct {
	mu      sync.Mutex // guards vm, which runs one request at a time
	vm      *goja.Runtime
	handler goja.Callable
	store   map[string]string
	reads   int // number of reads from the store so far
}

// importRE matches the import of CloudFront's module, which newEdge replaces by its own store.
var importRE = regexp.MustCompile(`import cf from ?['"]cloudfront['"];`)

// Emulate implements redirect.Server. The emulator runs the compiled function.
func (s Server) Emulate(_ *redirect.Table, compiled func() *redirect.Compilation) (redirect.Emulator, error) {
	c := compiled()
	if err := c.Err(); err != nil {
		return nil, err
	}
	store, err := ParseStore(c.File(s, storeFile))
	if err != nil {
		return nil, err
	}
	return newEdge(string(c.File(s, functionFile)), store)
}

// newEdge loads a compiled function.
func newEdge(function string, store map[string]string) (*edge, error) {
	e := &edge{vm: goja.New(), store: store}
	kvs := map[string]any{"kvs": func() map[string]any { return map[string]any{"get": e.get} }}
	if err := e.vm.Set("cf", kvs); err != nil {
		return nil, fmt.Errorf("load function.js: %w", err)
	}
	if _, err := e.vm.RunString(importRE.ReplaceAllString(function, "")); err != nil {
		return nil, fmt.Errorf("load function.js: %w", err)
	}
	handler, ok := goja.AssertFunction(e.vm.Get("handler"))
	if !ok {
		return nil, errors.New("load function.js: the function handler is missing")
	}
	e.handler = handler
	return e, nil
}

// get implements the method get of CloudFront's key-value store for the function.
func (e *edge) get(key string) *goja.Promise {
	e.reads++
	p, resolve, reject := e.vm.NewPromise()
	var err error
	if v, ok := e.store[key]; ok {
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

// Answer implements redirect.Emulator.
func (e *edge) Answer(s *emulate.Site, path, query string) (emulate.Reply, error) {
	result, err := e.run("GET", (&url.URL{Path: path}).EscapedPath(), query)
	if err != nil {
		return emulate.Reply{}, err
	}
	if result.StatusCode != 0 {
		r := emulate.Respond(result.StatusCode, "text/html; charset=utf-8", "", nil)
		if result.Body != nil {
			r.Body = []byte(result.Body.Data)
		}
		for name, h := range result.Headers {
			r.Header.Set(name, h.Value)
		}
		return r, nil
	}
	file, err := url.PathUnescape(strings.TrimPrefix(result.URI, "/"))
	if err != nil || !s.Has(file) {
		return s.NotFound()
	}
	r, err := s.Content(200, file, emulate.CacheOf(file))
	if strings.HasPrefix(file, "api/") {
		r = r.WithCORS()
	}
	return r, err
}

// run calls the function with a request. uri and query are encoded.
func (e *edge) run(method, uri, query string) (result edgeResult, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	event := e.vm.ToValue(map[string]any{"request": map[string]any{
		"method": method, "uri": uri, "querystring": map[string]any{},
		"headers": map[string]any{},
		"rawQueryString": func() any {
			if query == "" {
				return nil
			}
			return query
		},
	}})
	v, err := e.handler(goja.Undefined(), event)
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
