package generator

import (
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

// fingerprint is a hash of everything that the files are made from: this program, what it was told, the
// packages, content and layouts. With the same fingerprint there is nothing to render.
func (o *Options) fingerprint(in site.Input, packages []*catalog.Package) (string, error) {
	h := sha256.New()
	if err := addProgram(h); err != nil {
		return "", err
	}
	options := in.Options
	options.Jobs = 0 // does not change a byte
	enc := json.NewEncoder(h)
	_, rules, err := o.rulesText()
	if err != nil {
		return "", err
	}
	for _, v := range []any{options, o.precompress(), o.profile(), o.Config.Targets, o.Config.RedirectHosts, rules, packages} {
		if err := enc.Encode(v); err != nil {
			return "", fmt.Errorf("compare with the last run: %w", err)
		}
	}
	for _, folder := range []fs.FS{in.Content, in.Layouts} {
		if err := addFolder(h, folder); err != nil {
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

// addFolder adds the files of a folder, each with its name and length so that no two folders read alike.
func addFolder(h io.Writer, folder fs.FS) error {
	return fs.WalkDir(folder, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(folder, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(h, "%q %d\n", path, len(data))
		_, err = h.Write(data)
		return err
	})
}
