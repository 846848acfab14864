package website

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
	"github.com/Slicer/sitegen/generator/fault"
)

// Reserved is the prefix of keys that no site may use.
const Reserved = ".sitegen/"

// ManifestKey is the key of the manifest.
const ManifestKey = Reserved + "manifest.json.gz"

// manifestFormat is the format of manifests. A new program reads all formats up to its own.
const manifestFormat = 1

// Maximum sizes of a manifest. One of 25,000 objects has 1 MB, or 5 MB when decompressed.
const (
	maxManifest      = 64 << 20 // bytes
	maxManifestPlain = 256 << 20
)

// sumSize is the number of bytes of a hash in a manifest.
const sumSize = 16

// manifest lists what deploys have stored and not deleted since.
type manifest struct {
	Format int              `json:"format"`
	ID     string           `json:"id"`               // the deploy that has written this manifest
	Claim  time.Time        `json:"claim,omitzero"`   // that deploy is running, at the latest until this time
	Config string           `json:"config,omitempty"` // hash of the website configuration; "" if it is not known
	Files  map[string]entry `json:"files"`            // by key
}

// entry describes an object.
type entry struct {
	Kind    kind   `json:"kind,omitempty"`
	Size    int64  `json:"size,omitempty"`    // bytes
	Sum     string `json:"sum,omitempty"`     // hash of the content; "" if the object may not exist
	Headers string `json:"headers,omitempty"` // hash of the headers, and of the location of a redirect
	ETag    string `json:"etag,omitempty"`    // as S3 lists it
	// Unsure means that a deploy was about to store or delete the object.
	Unsure bool      `json:"unsure,omitempty"`
	Gone   time.Time `json:"gone,omitzero"` // since when the site no longer has it
}

// kind is the kind of an object. It determines when the object is stored and deleted.
type kind string

const (
	plain    kind = ""         // assets, records, images: what others refer to
	page     kind = "page"     // refers to plain files and to other pages; also feeds and site maps
	redirect kind = "redirect" // refers to any other
)

// pageTypes lists the media types of pages.
var pageTypes = []string{"text/html", "text/xml", "application/xml", "application/atom+xml", "application/rss+xml",
	"application/xhtml+xml"}

// kindOf returns the kind of a file by its headers.
func kindOf(h objects.Headers) kind {
	mediaType, _, _ := strings.Cut(h["Content-Type"], ";")
	if slices.Contains(pageTypes, strings.TrimSpace(mediaType)) {
		return page
	}
	return plain
}

// fileEntry returns the entry of a file.
func fileEntry(o objects.Object) entry {
	return entry{Kind: kindOf(o.Headers), Size: o.Size, Sum: hex.EncodeToString(o.Sum[:sumSize]),
		Headers: hashOf(o.Headers.String())}
}

// redirectEntry returns the entry of a redirect object.
func redirectEntry(r Redirect) entry {
	return entry{Kind: redirect, Sum: hashOf(""), Headers: hashOf(r.headers().String() + r.Location)}
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:sumSize])
}

// encode returns the manifest as compressed JSON. The same manifest results in the same bytes.
func (m *manifest) encode() ([]byte, error) {
	var b bytes.Buffer
	zw := gzip.NewWriter(&b)
	if err := json.NewEncoder(zw).Encode(m); err != nil {
		return nil, err
	}
	if err := zw.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// damagedError is the error of a manifest that cannot be read.
type damagedError struct{ err error }

func (e *damagedError) Error() string {
	return fmt.Sprintf("the manifest of the site (%s) is damaged: %s", ManifestKey, e.err)
}

func (e *damagedError) Unwrap() error { return e.err }

// isDamaged reports whether an error means that the manifest cannot be read, now or later.
func isDamaged(err error) bool {
	_, damaged := errors.AsType[*damagedError](err)
	return damaged
}

// parseManifest parses what encode returned. It checks everything that the program relies on: the object could be
// written by anybody who may write to the bucket.
func parseManifest(data []byte) (*manifest, error) {
	damaged := func(err error) error {
		return fault.Wrap(fault.Remote, &damagedError{err},
			"Run sitegen deploy --verify: it uploads the whole site again.")
	}
	zr, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, damaged(err)
	}
	text, err := io.ReadAll(io.LimitReader(zr, maxManifestPlain+1))
	if err == nil && len(text) > maxManifestPlain {
		err = fmt.Errorf("it has more than %d bytes", maxManifestPlain)
	}
	if err != nil {
		return nil, damaged(err)
	}
	var head struct{ Format int }
	if err := json.Unmarshal(text, &head); err != nil {
		return nil, damaged(err)
	}
	if head.Format > manifestFormat {
		return nil, fault.Wrap(fault.Remote,
			fmt.Errorf("the manifest of the site (%s) has format %d, the newest known "+
				"format is %d", ManifestKey, head.Format, manifestFormat),
			"Use a sitegen at least as new as the one that wrote it.")
	}
	m := &manifest{}
	if err := json.Unmarshal(text, m); err != nil {
		return nil, damaged(err)
	}
	if err := m.check(); err != nil {
		return nil, damaged(err)
	}
	return m, nil
}

// check returns what is wrong with a manifest.
func (m *manifest) check() error {
	if m.Format != manifestFormat {
		return fmt.Errorf("unknown format %d", m.Format)
	}
	if m.ID == "" || m.Files == nil {
		return errors.New("it has no id or no files")
	}
	for _, key := range slices.Sorted(maps.Keys(m.Files)) {
		if err := checkKey(key); err != nil {
			return err
		}
		switch e := m.Files[key]; {
		case e.Kind != plain && e.Kind != page && e.Kind != redirect:
			return fmt.Errorf("%q has the unknown kind %q", key, e.Kind)
		case e.Size < 0:
			return fmt.Errorf("%q has the size %d", key, e.Size)
		case !e.Unsure && (e.Sum == "" || e.Headers == ""):
			return fmt.Errorf("%q has no hash", key)
		}
	}
	return nil
}

// load reads the manifest and its ETag. If there is none, it returns an empty one, and "". If it is damaged, the ETag
// is valid.
func (w *Website) load(ctx context.Context) (m *manifest, etag string, err error) {
	data, etag, err := w.Bucket.Read(ctx, ManifestKey, maxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return &manifest{Format: manifestFormat}, "", nil
	}
	if err != nil {
		return nil, "", fmt.Errorf("read the manifest of the site: %w", err)
	}
	m, err = parseManifest(data)
	return m, etag, err
}

// pause is the time between two reads of a manifest that has a claim.
const pause = 5 * time.Second

// await reads the manifest after it has waited until no other deploy is running: until the claim is released, or
// expires. If the clock of the other deployer is ahead, await waits until the claim has not been renewed for claimTime.
func (w *Website) await(ctx context.Context) (m *manifest, etag string, err error) {
	seen, since := "", w.Now()
	for told := false; ; told = true {
		m, etag, err := w.load(ctx)
		now := w.Now()
		if etag != seen {
			seen, since = etag, now
		}
		if err != nil || !now.Before(m.Claim) || now.Sub(since) >= claimTime {
			return m, etag, err
		}
		if !told {
			w.Log.Info("waiting: another deploy is running, or was killed", "deploy", m.ID, "until", m.Claim)
		}
		if err := w.Sleep(ctx, pause); err != nil {
			return nil, "", err
		}
	}
}

// maxAttempts is the number of attempts to write a manifest that no one else writes.
const maxAttempts = 5

// save writes a manifest if the one in the bucket still has the given ETag, and returns the new ETag. Otherwise the
// error is live.OtherDeploy.
func (w *Website) save(ctx context.Context, m *manifest, etag string) (string, error) {
	data, err := m.encode()
	if err != nil {
		return "", fmt.Errorf("write the manifest of the site: %w", err)
	}
	headers := objects.Headers{"Content-Type": "application/gzip", "Cache-Control": "no-store"}
	for attempt := 1; ; attempt++ {
		next, err := w.Bucket.Replace(ctx, ManifestKey, data, headers, etag)
		if err == nil {
			return next, nil
		}
		if !errors.Is(err, ErrConflict) {
			return "", fmt.Errorf("write the manifest of the site: %w", err)
		}
		// The manifest may be ours: then the response to the first attempt was lost. It may also be the one before: S3
		// refuses one of two conditional writes at the same time, even if the other one fails in the end.
		found, now, readErr := w.Bucket.Read(ctx, ManifestKey, maxManifest)
		switch {
		case errors.Is(readErr, fs.ErrNotExist):
			found, now = nil, ""
		case readErr != nil:
			return "", fmt.Errorf("read the manifest of the site: %w", readErr)
		}
		if bytes.Equal(found, data) {
			return now, nil
		}
		if now != etag || attempt == maxAttempts {
			return "", otherDeploy(found)
		}
		if err := w.Sleep(ctx, time.Duration(attempt)*100*time.Millisecond); err != nil {
			return "", err
		}
	}
}

// otherDeploy returns the error for a manifest that another deploy has written.
func otherDeploy(data []byte) error {
	e := &live.OtherDeploy{}
	if m, err := parseManifest(data); err == nil {
		e.ID = m.ID
	}
	return fault.Wrap(fault.Conflict, e,
		"Run the command again: it compares the site with what the other deploy has stored.")
}
