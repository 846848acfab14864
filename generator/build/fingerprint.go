package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/site"
)

// fingerprint identifies all inputs of a build. If they are the same as in the last run, nothing needs to be rendered.
type fingerprint struct {
	sources project.Sources // what people edit
	all     string          // a hash of all inputs: also this program, its options, and the packages
}

// String returns the text that output.Writer compares.
func (f fingerprint) String() string { return f.sources.String() + " all:" + f.all }

// stopped returns the text after a build that has not written all files: the next run renders again.
func (f fingerprint) stopped() string { return f.sources.String() }

// takeFingerprint returns the fingerprint of the inputs. It reads content and layouts into memory and stores them in
// in.
func takeFingerprint(ctx context.Context, p *project.Project, in *site.Input,
	packages []*catalog.Package) (f fingerprint, err error) {
	if f.sources, err = project.ReadSources(ctx, p, in); err != nil {
		return f, err
	}
	h := sha256.New()
	if err := addProgram(h); err != nil {
		return f, err
	}
	options := in.Options
	options.Jobs = 0 // has no effect on the output
	c := &p.Config
	enc := json.NewEncoder(h)
	for _, v := range []any{options, p.Precompress(), p.Profile, c.Name, c.Servers, c.RedirectHosts, c.Headers,
		packages, in.Withdrawn, f.sources.String()} {
		if err := enc.Encode(v); err != nil {
			return f, fmt.Errorf("compare with the last run: %w", err)
		}
	}
	f.all = hex.EncodeToString(h.Sum(nil))
	return f, nil
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
