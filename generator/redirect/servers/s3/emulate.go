package s3

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/emulate"
)

// endpoint emulates the website endpoint of a bucket that contains the site and the compiled objects.
type endpoint struct {
	config struct {
		IndexDocument struct{ Suffix string }
		ErrorDocument struct{ Key string }
		RoutingRules  []endpointRule
	}
	objects map[string]endpointObject // by key, in addition to the files of the site
	file    func(name string) []byte  // returns the contents of a compiled file
}

// endpointRule is a routing rule. It redirects keys with a prefix, either always or only if no object exists.
type endpointRule struct {
	Condition struct {
		KeyPrefixEquals             string
		HttpErrorCodeReturnedEquals string
	}
	Redirect struct {
		Protocol             string
		HostName             string
		ReplaceKeyWith       string
		ReplaceKeyPrefixWith *string
		HttpRedirectCode     string
	}
}

// endpointObject is a line of objects.jsonl.
type endpointObject struct {
	Key          string `json:"key"`
	Location     string `json:"location"` // for a redirect
	File         string `json:"file"`     // for an object that is a file
	ContentType  string `json:"content_type"`
	CacheControl string `json:"cache_control"`
}

// Emulate implements redirect.Server.
func (s Server) Emulate(_ *redirect.Table, compiled func() *redirect.Compilation) (redirect.Emulator, error) {
	c := compiled()
	if err := c.Err(); err != nil {
		return nil, err
	}
	e := &endpoint{objects: map[string]endpointObject{}, file: func(name string) []byte { return c.File(s, name) }}
	if err := json.Unmarshal(c.File(s, "website.json"), &e.config); err != nil {
		return nil, fmt.Errorf("parse website.json: %w", err)
	}
	for line := range bytes.Lines(c.File(s, "objects.jsonl")) {
		var o endpointObject
		if err := json.Unmarshal(line, &o); err != nil {
			return nil, fmt.Errorf("parse objects.jsonl: %w", err)
		}
		if o.Key != "" { // the first line describes the file
			e.objects[o.Key] = o
		}
	}
	return e, nil
}

// Answer implements redirect.Emulator. It ignores the query, as S3 does.
func (e *endpoint) Answer(s *emulate.Site, path, _ string) (emulate.Reply, error) {
	key := path[1:]
	if r, ok := e.rule(key, ""); ok {
		return r, nil
	}
	name := key
	if key == "" || strings.HasSuffix(key, "/") {
		name += e.config.IndexDocument.Suffix
	}
	if o, ok := e.objects[name]; ok {
		if o.Location != "" {
			return emulate.Redirect(http.StatusMovedPermanently, o.Location, o.CacheControl), nil
		}
		return emulate.Respond(http.StatusOK, o.ContentType, o.CacheControl, e.file(o.File)), nil
	}
	if s.Has(name) {
		return s.Content(http.StatusOK, name, emulate.CacheOf(name))
	}
	index := key + "/" + e.config.IndexDocument.Suffix
	if _, ok := e.objects[index]; (ok || s.Has(index)) && name == key {
		return emulate.Redirect(http.StatusFound, "/"+key+"/", ""), nil
	}
	if r, ok := e.rule(key, "404"); ok {
		return r, nil
	}
	return s.Error(http.StatusNotFound, e.config.ErrorDocument.Key)
}

// unsafeRE matches the characters of a key that are encoded in a Location.
var unsafeRE = regexp.MustCompile(`[^A-Za-z0-9._~@:,!()*'+/-]`)

// rule answers with the first routing rule that matches a key. It tries the rules that apply to the given status, or
// those that always apply if status is "".
func (e *endpoint) rule(key, status string) (emulate.Reply, bool) {
	for _, r := range e.config.RoutingRules {
		prefix := r.Condition.KeyPrefixEquals
		if r.Condition.HttpErrorCodeReturnedEquals != status || !strings.HasPrefix(key, prefix) {
			continue
		}
		to := r.Redirect.ReplaceKeyWith
		if r.Redirect.ReplaceKeyPrefixWith != nil {
			to = *r.Redirect.ReplaceKeyPrefixWith + unsafeRE.ReplaceAllStringFunc(key[len(prefix):], url.PathEscape)
		}
		location := "/" + to
		if r.Redirect.HostName != "" {
			location = r.Redirect.Protocol + "://" + r.Redirect.HostName + location
		}
		code, err := strconv.Atoi(r.Redirect.HttpRedirectCode)
		if err != nil {
			code = http.StatusMovedPermanently
		}
		return emulate.Redirect(code, location, ""), true
	}
	return emulate.Reply{}, false
}
