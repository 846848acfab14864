package website

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/fault"
)

// line is a line of objects.jsonl. The first one has neither a location nor a file.
type line struct {
	Key          string `json:"key"`
	Location     string `json:"location"` // of a redirect object
	File         string `json:"file"`     // of an object that is a file: its name in the folder of objects.jsonl
	ContentType  string `json:"content_type"`
	CacheControl string `json:"cache_control"`
}

// Read returns the site of a build: the files that were read from its public folder, and what it has compiled to the
// folder redirects/s3. A redirect takes precedence over a file at the same path. jobs files are read at the same time.
func Read(ctx context.Context, public *objects.Folder, files []objects.Object, redirects string,
	jobs int) (*Site, error) {
	folder := &objects.Folder{Dir: redirects}
	compiled, err := folder.Read(ctx, jobs, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("%s: the last build has not compiled the server s3", redirects),
			"Add s3 to servers, and run sitegen build.")
	}
	if err != nil {
		return nil, err
	}
	s := &Site{}
	config, err := os.ReadFile(filepath.Join(redirects, "website.json"))
	if err != nil {
		return nil, fmt.Errorf("read the website configuration: %w", err)
	}
	c, err := ParseConfig(config)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(redirects, "website.json"), err)
	}
	s.Config = *c
	place := filepath.Join(redirects, "objects.jsonl")
	data, err := os.ReadFile(place)
	if err != nil {
		return nil, fmt.Errorf("read the redirect objects: %w", err)
	}
	sources := map[string]string{} // name of the file in the folder of redirects, by key
	taken := map[string]bool{}
	scanner := bufio.NewScanner(bytes.NewReader(data))
	scanner.Buffer(nil, len(data)+1)
	for number := 1; scanner.Scan(); number++ {
		var l line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			return nil, fmt.Errorf("%s:%d: parse the line: %w", place, number, err)
		}
		switch {
		case l.Location != "":
			s.Redirects = append(s.Redirects, Redirect{l.Key, l.Location, l.CacheControl})
		case l.File != "":
			i := slices.IndexFunc(compiled, func(o objects.Object) bool { return o.Path == l.File })
			if i < 0 {
				return nil, fmt.Errorf("%s:%d: there is no file %q in the folder", place, number, l.File)
			}
			o := objects.New(l.Key, compiled[i].Size, compiled[i].Sum, objects.Headers{
				"Content-Type": l.ContentType, "Cache-Control": l.CacheControl,
			})
			s.Files = append(s.Files, o)
			sources[l.Key] = l.File
		}
		taken[l.Key] = true
	}
	for _, o := range files {
		if !taken[o.Path] {
			s.Files = append(s.Files, o)
		}
	}
	s.Content = func(o objects.Object) (io.ReadCloser, error) {
		if file, ok := sources[o.Path]; ok {
			o.Path = file
			return folder.Content(o)
		}
		return public.Content(o)
	}
	return s, nil
}
