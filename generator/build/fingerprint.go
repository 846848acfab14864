package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/folder"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/site"
)

// fingerprint is a hash of everything that the files of a build are made from: this program, its options, the packages,
// the rules, and content and layouts, which it reads into memory and leaves in in. If it is that of the last run, there
// is nothing to render.
func fingerprint(ctx context.Context, p *project.Project, in *site.Input, packages []*catalog.Package) (string, error) {
	folders, err := loadFolders(ctx, in)
	if err != nil {
		return "", err
	}
	rules, err := p.Rules()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	if err := addProgram(h); err != nil {
		return "", err
	}
	options := in.Options
	options.Jobs = 0 // does not change a byte
	c := &p.Config
	enc := json.NewEncoder(h)
	for _, v := range []any{options, p.Precompress(), p.Profile, c.Servers, c.RedirectHosts, rules, packages, folders} {
		if err := enc.Encode(v); err != nil {
			return "", fmt.Errorf("compare with the last run: %w", err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// loadFolders reads content and layouts, each file once, so that what is rendered is what was hashed.
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

// addProgram adds the bytes of this program: another version may render something else.
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
