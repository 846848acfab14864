package place

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/fault"
)

// The limits of GitHub ("About releases", storage and bandwidth quotas).
const (
	maxAsset  = 2<<30 - 1 // bytes
	maxAssets = 1000      // of a release
	perPage   = 100       // assets in an answer
)

// github is a release on GitHub, whose assets are the files.
type github struct {
	client
	repo, tag string
	public    bool // whether a public repository may be used
}

// release is a release, as the API describes it.
type release struct {
	ID     int64  `json:"id"`
	Upload string `json:"upload_url"` // URL template
}

// asset is a file of a release. After an interrupted upload, its state is not uploaded.
type asset struct {
	ID    int64  `json:"id"`
	Name  string `json:"name"`
	State string `json:"state"`
	Size  int64  `json:"size"`
}

const uploaded = "uploaded"

// newGitHub returns a release. Without a token, one can only read public repositories.
func newGitHub(a Address, o Options) (Place, error) {
	if o.Write && o.Token == "" {
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("%s: needs a token", a),
			"Set GITHUB_TOKEN or SITEGEN_GITHUB_TOKEN to a token with the permission Contents: read and write.")
	}
	return &github{client: newClient(a, o), repo: a.Repo, tag: a.Folder, public: o.Public}, nil
}

// Names implements Place.
func (g *github) Names(ctx context.Context) ([]string, error) {
	assets, err := g.assets(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, g.visible(ctx) // a release without assets is the same as none
	}
	var names []string
	for _, a := range assets {
		if a.State == uploaded {
			names = append(names, a.Name)
		}
	}
	return names, err
}

// visible returns an error if the token cannot see the repository.
func (g *github) visible(ctx context.Context) error {
	_, err := g.repository(ctx)
	return err
}

// repository reports whether the repository is private.
func (g *github) repository(ctx context.Context) (private bool, err error) {
	var r struct {
		Private bool `json:"private"`
	}
	err = g.json(ctx, http.MethodGet, g.url(""), nil, &r)
	if errors.Is(err, fs.ErrNotExist) {
		return false, fault.Wrap(fault.Remote,
			fmt.Errorf("%s: there is no such repository, or the token cannot see it", g.name),
			"Check the name, and that the token has access to the repository.")
	}
	return r.Private, err
}

// release returns the release of the tag. If there is none, the error is fs.ErrNotExist.
func (g *github) release(ctx context.Context) (r release, err error) {
	err = g.json(ctx, http.MethodGet, g.url("/releases/tags/"+url.PathEscape(g.tag)), nil, &r)
	return r, err
}

// create creates the release: as a pre-release, which GitHub does not show as the latest one.
func (g *github) create(ctx context.Context) (r release, err error) {
	body, err := json.Marshal(map[string]any{
		"tag_name": g.tag, "name": g.tag, "prerelease": true, "make_latest": "false",
		"body": "Backups of a download site, written by sitegen backup. sitegen restore reads them.",
	})
	if err != nil {
		return r, err
	}
	err = g.json(ctx, http.MethodPost, g.url("/releases"), body, &r)
	if isTaken(err) { // another process has created it
		return g.release(ctx)
	}
	return r, err
}

// assets returns all assets of the release.
func (g *github) assets(ctx context.Context) ([]asset, error) {
	r, err := g.release(ctx)
	if err != nil {
		return nil, err
	}
	return g.assetsOf(ctx, r)
}

func (g *github) assetsOf(ctx context.Context, r release) (all []asset, err error) {
	for page := 1; len(all) <= maxAssets; page++ {
		var list []asset
		path := fmt.Sprintf("/releases/%d/assets?per_page=%d&page=%d", r.ID, perPage, page)
		if err := g.json(ctx, http.MethodGet, g.url(path), nil, &list); err != nil {
			return nil, err
		}
		all = append(all, list...)
		if len(list) < perPage {
			break
		}
	}
	return all, nil
}

// Put implements Place.
func (g *github) Put(ctx context.Context, name string, file *os.File, size int64) error {
	if size > maxAsset {
		return fault.Wrap(fault.Usage,
			fmt.Errorf("%s: the backup has %d bytes, GitHub accepts %d", g.name, size, maxAsset),
			"Use a folder or a bucket.")
	}
	private, err := g.repository(ctx)
	if err != nil {
		return err
	}
	if !private && !g.public {
		return fault.Wrap(fault.Usage,
			fmt.Errorf("%s: the repository is public, so everyone could read the backup", g.name),
			"It contains user agents, times and hashes of addresses of visitors. Use a private repository, or accept "+
				"it with --public.")
	}
	r, err := g.release(ctx)
	if errors.Is(err, fs.ErrNotExist) {
		r, err = g.create(ctx)
	}
	if err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		done, err := g.prepare(ctx, r, name, size, attempt > 1)
		if err != nil || done {
			return err
		}
		if err = g.upload(ctx, r, name, file, size); err == nil {
			return nil
		}
		if attempt == attempts || !passes(err) && !isTaken(err) {
			return err
		}
		if err := g.sleep(ctx, pause(attempt)); err != nil {
			return err
		}
	}
}

// prepare removes the rest of an interrupted upload. After an attempt, it reports whether the file is there already,
// because the answer may have been lost.
func (g *github) prepare(ctx context.Context, r release, name string, size int64, again bool) (done bool, err error) {
	assets, err := g.assetsOf(ctx, r)
	if err != nil {
		return false, err
	}
	i := slices.IndexFunc(assets, func(a asset) bool { return a.Name == name })
	switch {
	case i < 0 && len(assets) >= maxAssets:
		return false, fault.Wrap(fault.Remote,
			fmt.Errorf("%s: the release has %d files, the maximum", g.name, len(assets)),
			"Use another tag, or keep fewer backups with --keep.")
	case i < 0:
		return false, nil
	case assets[i].State != uploaded:
		return false, g.remove(ctx, assets[i])
	case !again || assets[i].Size != size:
		return false, fault.Wrap(fault.Conflict,
			fmt.Errorf("%s: another backup with the name %s is there", g.name, name),
			"Run the command again.")
	}
	return true, nil
}

// upload uploads a file.
func (g *github) upload(ctx context.Context, r release, name string, file *os.File, size int64) error {
	to, _, _ := strings.Cut(r.Upload, "{")
	if err := g.safe(to); err != nil {
		return err
	}
	body := io.NewSectionReader(file, 0, size)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to+"?name="+url.QueryEscape(name), io.NopCloser(body))
	if err != nil {
		return g.failed(err)
	}
	req.ContentLength = size
	req.Header.Set("Content-Type", "application/zstd")
	reply, err := g.send(req)
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	var a asset
	if err := json.NewDecoder(io.LimitReader(reply.Body, maxReply)).Decode(&a); err != nil {
		return g.failed(err)
	}
	if a.State != uploaded || a.Size != size {
		return fault.Wrap(fault.Remote, fmt.Errorf("%s: stored %d of %d bytes", g.name, a.Size, size), tryAgain)
	}
	return nil
}

// Get implements Place.
func (g *github) Get(ctx context.Context, name string) (io.ReadCloser, error) {
	assets, err := g.assets(ctx)
	if err != nil {
		return nil, err
	}
	for _, a := range assets {
		if a.Name == name && a.State == uploaded {
			reply, err := g.try(ctx, http.MethodGet, g.url(fmt.Sprintf("/releases/assets/%d", a.ID)), nil,
				"application/octet-stream")
			if err != nil {
				return nil, err
			}
			return reply.Body, nil
		}
	}
	return nil, fs.ErrNotExist
}

// Remove implements Place.
func (g *github) Remove(ctx context.Context, names []string) error {
	assets, err := g.assets(ctx)
	if err != nil {
		return err
	}
	for _, a := range assets {
		if slices.Contains(names, a.Name) {
			if err := g.remove(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g *github) remove(ctx context.Context, a asset) error {
	err := g.json(ctx, http.MethodDelete, g.url(fmt.Sprintf("/releases/assets/%d", a.ID)), nil, nil)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// url returns the URL of something in the repository.
func (g *github) url(path string) string { return g.api + "/repos/" + g.repo + path }

// json sends a request and decodes the answer into v, unless it is nil.
func (g *github) json(ctx context.Context, method, url string, body []byte, v any) error {
	reply, err := g.try(ctx, method, url, body, "application/vnd.github+json")
	if err != nil {
		return err
	}
	defer reply.Body.Close()
	data, err := io.ReadAll(io.LimitReader(reply.Body, maxReply))
	if err == nil && v != nil {
		err = json.NewDecoder(bytes.NewReader(data)).Decode(v)
	}
	if err != nil {
		return g.failed(fmt.Errorf("read the answer: %w", err))
	}
	return nil
}
