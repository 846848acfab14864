package generator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/Slicer/sitegen"
	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/config"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/folder"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/site"
)

func (o *Options) siteInput(cat *catalogue) (site.Input, error) {
	c := &o.Config
	pages, err := o.folder("content", c.Content)
	if err != nil {
		return site.Input{}, err
	}
	templates, err := o.folder("layouts", c.Layouts)
	if err != nil {
		return site.Input{}, err
	}
	jobs := c.Jobs
	if jobs == 0 {
		jobs = runtime.GOMAXPROCS(0)
	}
	return site.Input{
		Options: site.Options{
			Title: c.Title, Project: c.Project, Description: c.Description, BaseURL: c.BaseURL, Notice: c.Notice,
			Sample: cat.run.IsSample(), Stats: o.hasStats(), Jobs: jobs, Minify: true,
			Today: o.Now().UTC().Truncate(24 * time.Hour),
		},
		Index:   cat.index(),
		Content: site.Overlay(pages, sitegen.Content()),
		Layouts: site.Overlay(templates, sitegen.Layouts()),
	}, nil
}

// folder opens a folder of the site. One that nobody asked for may be missing: the embedded files serve.
func (o *Options) folder(key, path string) (fs.FS, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && o.Config.Origin(key).Level == config.Default:
		return nil, nil
	case err != nil:
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("open the folder %s: %w", key, err), "")
	case !info.IsDir():
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("open the folder %s: %s is no folder", key, path), "")
	}
	return folder.Open(path), nil
}

func (o *Options) precompress() output.Precompress {
	return output.Precompress{
		Gzip:   slices.Contains(o.Config.Precompress, "gzip"),
		Brotli: slices.Contains(o.Config.Precompress, "br"),
	}
}

// loadFolders reads the files of content and layouts into memory and puts them in the place of the folders, so that
// what is rendered is what was hashed. It returns the hashes.
func loadFolders(ctx context.Context, in *site.Input) (sums [2][sha256.Size]byte, err error) {
	for i, f := range []struct {
		name string
		fsys *fs.FS
	}{{"content", &in.Content}, {"layouts", &in.Layouts}} {
		loaded, err := folder.Load(ctx, *f.fsys, in.Jobs, site.Ignored)
		if err != nil {
			return sums, fmt.Errorf("read the %s: %w", f.name, err)
		}
		sums[i], *f.fsys = loaded.Sum(), loaded
	}
	return sums, nil
}

// fingerprint is a hash of everything that the files of a build are made from: this program, its options, the
// packages, and content and layouts, whose hashes are folders. If it is that of the last run, there is nothing to
// render.
func (o *Options) fingerprint(options site.Options, packages []*catalog.Package, folders [2][sha256.Size]byte) (string, error) {
	h := sha256.New()
	if err := addProgram(h); err != nil {
		return "", err
	}
	options.Jobs = 0 // does not change a byte
	_, rules, err := o.rulesText()
	if err != nil {
		return "", err
	}
	enc := json.NewEncoder(h)
	for _, v := range []any{options, o.precompress(), o.profile(), o.Config.Servers, o.Config.RedirectHosts, rules, packages, folders} {
		if err := enc.Encode(v); err != nil {
			return "", fmt.Errorf("compare with the last run: %w", err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// addProgram adds the bytes of this program: another one may render otherwise.
func addProgram(h io.Writer) error {
	path, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find the program itself: %w", err)
	}
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the program itself: %w", err)
	}
	defer f.Close()
	_, err = io.Copy(h, f)
	return err
}
