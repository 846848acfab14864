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

// fingerprint returns a hash of all inputs of a build: this program, its options, the packages, the rules, content and
// layouts. If the hash is the same as in the last run, nothing needs to be rendered. fingerprint reads content and
// layouts into memory and stores them in in.
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
	options.Jobs = 0 // has no effect on the output
	c := &p.Config
	enc := json.NewEncoder(h)
	for _, v := range []any{options, p.Precompress(), p.Profile, c.Name, c.Servers, c.RedirectHosts, c.Headers, rules,
		packages, folders} {
		if err := enc.Encode(v); err != nil {
			return "", fmt.Errorf("compare with the last run: %w", err)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// loadFolders reads each file of content and layouts once, so the build renders the same bytes that were hashed.
func loadFolders(ctx context.Context, in *site.Input) (sums [2][sha256.Size]byte, err error) {
	for i, f := range []struct {
		name string
		fsys *fs.FS
	}{{"content", &in.Content}, {"layouts", &in.Layouts}} {
		loaded, err := folder.Load(ctx, *f.fsys, in.Jobs, folder.Ignored)
		if err != nil {
			return sums, fmt.Errorf("read the %s: %w", f.name, err)
		}
		sums[i], *f.fsys = loaded.Sum(), loaded
	}
	return sums, nil
}

// addProgram adds this program's executable to the hash, because another version may render the same inputs
// differently.
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
