package preview

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"sync"

	"github.com/dop251/goja"

	"github.com/Slicer/sitegen/generator/redirect"
)

// edge is a CloudFront distribution with the function and its store, before a bucket that has the site.
type edge struct {
	mu      sync.Mutex // a runtime does one thing at a time
	vm      *goja.Runtime
	handler goja.Callable
	store   map[string]string
}

// importRE is the one line of the function that only CloudFront understands.
var importRE = regexp.MustCompile(`import cf from ?['"]cloudfront['"];`)

// newCloudFront answers by running the generated function.
func newCloudFront(t redirect.Target, table *redirect.Table) (target, error) {
	files, err := compiled(t, table)
	if err != nil {
		return nil, err
	}
	e := &edge{vm: goja.New(), store: map[string]string{}}
	var store struct {
		Data []struct{ Key, Value string }
	}
	if err := json.Unmarshal(files["keyvaluestore.json"], &store); err != nil {
		return nil, fmt.Errorf("read keyvaluestore.json: %w", err)
	}
	for _, pair := range store.Data {
		e.store[pair.Key] = pair.Value
	}
	kvs := map[string]any{"kvs": func() map[string]any { return map[string]any{"get": e.get} }}
	if err := e.vm.Set("cf", kvs); err != nil {
		return nil, fmt.Errorf("load function.js: %w", err)
	}
	if _, err := e.vm.RunString(importRE.ReplaceAllString(string(files["function.js"]), "")); err != nil {
		return nil, fmt.Errorf("load function.js: %w", err)
	}
	handler, ok := goja.AssertFunction(e.vm.Get("handler"))
	if !ok {
		return nil, fmt.Errorf("load function.js: it has no function handler")
	}
	e.handler = handler
	return e.answer, nil
}

// get reads the store as the function does.
func (e *edge) get(key string) *goja.Promise {
	p, resolve, reject := e.vm.NewPromise()
	var err error
	if v, ok := e.store[key]; ok {
		err = resolve(v)
	} else {
		err = reject("no key " + key)
	}
	if err != nil {
		panic(err) // the promise is new: cannot happen
	}
	return p
}

// edgeResult is what the function gives: a response, or the request to pass on.
type edgeResult struct {
	StatusCode int                               `json:"statusCode"`
	Headers    map[string]struct{ Value string } `json:"headers"`
	Body       struct{ Data string }             `json:"body"`
	URI        string                            `json:"uri"`
}

func (e *edge) answer(s *site, path, query string) (reply, error) {
	result, err := e.run(path, query)
	if err != nil {
		return reply{}, err
	}
	if result.StatusCode != 0 {
		r := newReply(result.StatusCode, "text/html; charset=utf-8", "", []byte(result.Body.Data))
		for name, h := range result.Headers {
			r.header.Set(name, h.Value)
		}
		return r, nil
	}
	file, err := url.PathUnescape(strings.TrimPrefix(result.URI, "/"))
	if err != nil || !s.Files.Has(file) {
		return s.notFound(404, "404.html")
	}
	r, err := s.content(200, file, cacheOf(file))
	if strings.HasPrefix(file, "api/") {
		r = withCORS(r)
	}
	return r, err
}

// run calls the function with a request.
func (e *edge) run(path, query string) (result edgeResult, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	event := e.vm.ToValue(map[string]any{"request": map[string]any{
		"method": "GET", "uri": (&url.URL{Path: path}).EscapedPath(), "querystring": map[string]any{},
		"headers":        map[string]any{},
		"rawQueryString": func() string { return query },
	}})
	v, err := e.handler(goja.Undefined(), event)
	if err != nil {
		return result, fmt.Errorf("run function.js: %w", err)
	}
	p, ok := v.Export().(*goja.Promise)
	if !ok || p.State() != goja.PromiseStateFulfilled {
		return result, fmt.Errorf("run function.js: no answer for %s", path)
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
