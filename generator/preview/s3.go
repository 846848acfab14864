package preview

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/Slicer/sitegen/generator/redirect"
)

// s3Website is the website endpoint of a bucket that has the site, website.json and objects.jsonl.
type s3Website struct {
	config struct {
		IndexDocument struct{ Suffix string }
		ErrorDocument struct{ Key string }
		RoutingRules  []s3Rule
	}
	objects map[string]s3Object // beside the files of the site
	files   map[string][]byte   // of the objects that have bytes
}

// s3Rule sends keys elsewhere: those with a prefix, at once or where there is nothing.
type s3Rule struct {
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

// s3Object is a line of objects.jsonl.
type s3Object struct {
	Key          string `json:"key"`
	Location     string `json:"location"` // of a redirect
	File         string `json:"file"`     // of an object with bytes
	ContentType  string `json:"content_type"`
	CacheControl string `json:"cache_control"`
}

// newS3 answers as the website endpoint does, from what the target writes for it.
func newS3(t redirect.Target, table *redirect.Table) (target, error) {
	files, err := compiled(t, table)
	if err != nil {
		return nil, err
	}
	w := &s3Website{objects: map[string]s3Object{}, files: files}
	if err := json.Unmarshal(files["website.json"], &w.config); err != nil {
		return nil, fmt.Errorf("read website.json: %w", err)
	}
	for line := range bytes.Lines(files["objects.jsonl"]) {
		var o s3Object
		if err := json.Unmarshal(line, &o); err != nil {
			return nil, fmt.Errorf("read objects.jsonl: %w", err)
		}
		if o.Key != "" { // the first line is about the file
			w.objects[o.Key] = o
		}
	}
	return w.answer, nil
}

// answer looks at no query, as S3 does.
func (w *s3Website) answer(s *site, path, _ string) (reply, error) {
	key := path[1:]
	if r, ok := w.rule(key, ""); ok {
		return r, nil
	}
	name := key
	if key == "" || strings.HasSuffix(key, "/") {
		name += w.config.IndexDocument.Suffix
	}
	if o, ok := w.objects[name]; ok {
		if o.Location != "" {
			return moved(http.StatusMovedPermanently, o.Location, o.CacheControl), nil
		}
		return newReply(200, o.ContentType, o.CacheControl, w.files[o.File]), nil
	}
	if s.Files.Has(name) {
		return s.content(200, name, cacheOf(name))
	}
	index := key + "/" + w.config.IndexDocument.Suffix
	if _, ok := w.objects[index]; (ok || s.Files.Has(index)) && name == key {
		return moved(http.StatusFound, "/"+key+"/", ""), nil
	}
	if r, ok := w.rule(key, "404"); ok {
		return r, nil
	}
	return s.notFound(404, w.config.ErrorDocument.Key)
}

// rule gives the answer of the first routing rule for a key: of those that wait for an error, or of the others.
func (w *s3Website) rule(key, status string) (reply, bool) {
	for _, r := range w.config.RoutingRules {
		prefix := r.Condition.KeyPrefixEquals
		if r.Condition.HttpErrorCodeReturnedEquals != status || !strings.HasPrefix(key, prefix) {
			continue
		}
		to := r.Redirect.ReplaceKeyWith
		if r.Redirect.ReplaceKeyPrefixWith != nil {
			to = *r.Redirect.ReplaceKeyPrefixWith + key[len(prefix):]
		}
		location := "/" + to
		if r.Redirect.HostName != "" {
			location = r.Redirect.Protocol + "://" + r.Redirect.HostName + location
		}
		code, err := strconv.Atoi(r.Redirect.HttpRedirectCode)
		if err != nil {
			code = http.StatusMovedPermanently
		}
		return moved(code, location, ""), true
	}
	return reply{}, false
}

// cacheOf is the Cache-Control with which a file is uploaded.
func cacheOf(file string) string {
	if strings.HasPrefix(file, "assets/") {
		return oneYear
	}
	return fiveMinutes
}
