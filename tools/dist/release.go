package main

import (
	"context"
	"crypto/sha256"
	"debug/buildinfo"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/tools/dist/deb"
)

// release is a release to write.
type release struct {
	root string // folder of the checkout
	out  string // folder to create
}

// write writes the release for the given platforms, from start to end.
func (r release) write(ctx context.Context, platforms []platform) error {
	if err := os.Mkdir(r.out, 0o755); err != nil {
		return err
	}
	documents, err := r.documents(ctx)
	if err != nil {
		return err
	}
	for _, p := range platforms {
		if err := p.build(ctx, r.root, r.program(p)); err != nil {
			return err
		}
	}
	for _, p := range platforms {
		s, err := readStamp(r.program(p))
		if err != nil {
			return err
		}
		texts, err := licenses(ctx, r.root, p)
		if err != nil {
			return err
		}
		if err := writeFiles(filepath.Dir(r.program(p)), texts); err != nil {
			return err
		}
		if err := r.pack(p, s, append(texts, documents...)); err != nil {
			return err
		}
		if err := r.writeSBOM(ctx, p, s); err != nil {
			return err
		}
		if err := r.writeDeb(ctx, p, s, texts); err != nil {
			return err
		}
	}
	if err := r.writeContainer(); err != nil {
		return err
	}
	return r.writeSums()
}

// program returns the path of the program for a platform.
func (r release) program(p platform) string {
	return filepath.Join(r.out, p.folder(), "sitegen")
}

// stamp is what the go command has stamped into a program.
type stamp struct {
	version string    // v1.2.3
	date    time.Time // of the commit
}

func readStamp(program string) (stamp, error) {
	info, err := buildinfo.ReadFile(program)
	if err != nil {
		return stamp{}, err
	}
	s := stamp{version: info.Main.Version}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.time" {
			s.date, err = time.Parse(time.RFC3339, setting.Value)
		}
	}
	if err != nil || s.date.IsZero() {
		return stamp{},
			fmt.Errorf("%s: no commit in the program: build it in a clone of Git, not in a worktree", program)
	}
	return s, nil
}

// name returns the name of a file of the release for a platform, without its end.
func (r release) name(p platform, s stamp) string {
	return fmt.Sprintf("sitegen_%s_%s", strings.TrimPrefix(s.version, "v"), p.folder())
}

// documents returns the files of the checkout that are in all archives.
func (r release) documents(ctx context.Context) ([]file, error) {
	names, err := output(ctx, r.root, os.Environ(),
		"git", "ls-files", "-z", "README.md", "LICENSE", "CHANGELOG.md", "docs")
	if err != nil {
		return nil, err
	}
	var files []file
	for name := range strings.SplitSeq(strings.TrimSuffix(string(names), "\x00"), "\x00") {
		f, err := read(filepath.Join(r.root, filepath.FromSlash(name)), name)
		if err != nil {
			return nil, err
		}
		files = append(files, f)
	}
	return files, nil
}

// pack writes the archive of a platform. Its files are in a folder with the name of the archive.
func (r release) pack(p platform, s stamp, files []file) error {
	program, err := read(r.program(p), "sitegen")
	if err != nil {
		return err
	}
	packed := append(slices.Clone(files), program)
	top := r.name(p, s)
	for i := range packed {
		packed[i].name = top + "/" + packed[i].name
	}
	return writeArchive(filepath.Join(r.out, top+".tar.gz"), packed, s.date)
}

// writeSBOM writes the software bill of materials of a program: the Go modules that are linked into it.
func (r release) writeSBOM(ctx context.Context, p platform, s stamp) error {
	_, err := output(ctx, r.root, append(os.Environ(), "GOFLAGS="),
		"go", "run", "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@v1.10.0", "bin",
		"-json", "-std", "-noserial", "-notimestamp", "-version", s.version,
		"-output", filepath.Join(r.out, r.name(p, s)+".cdx.json"), r.program(p))
	return err
}

// writeDeb writes the Debian package for a platform. The program for this machine prints the manual pages in it. The
// author of the commit is the maintainer of the package.
func (r release) writeDeb(ctx context.Context, p platform, s stamp, licenses []file) error {
	author, err := output(ctx, r.root, os.Environ(), "git", "log", "-1", "--format=%an <%ae>")
	if err != nil {
		return err
	}
	texts := map[string][]byte{}
	for _, f := range licenses {
		texts[strings.TrimPrefix(f.name, "licenses/")] = f.data
	}
	_, err = deb.Package{
		Root:       r.root,
		Binary:     r.program(p),
		Program:    r.program(platform{os: runtime.GOOS, arch: runtime.GOARCH}),
		Arch:       p.arch,
		Version:    s.version,
		Date:       s.date,
		Maintainer: strings.TrimSpace(string(author)),
		Licenses:   texts,
	}.Write(r.out)
	return err
}

// writeSums writes the checksums of the files of the release, for sha256sum --check.
func (r release) writeSums() error {
	entries, err := os.ReadDir(r.out)
	if err != nil {
		return err
	}
	var sums strings.Builder
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		data, err := os.ReadFile(filepath.Join(r.out, e.Name()))
		if err != nil {
			return err
		}
		fmt.Fprintf(&sums, "%x  %s\n", sha256.Sum256(data), e.Name())
	}
	return os.WriteFile(filepath.Join(r.out, "SHA256SUMS"), []byte(sums.String()), 0o644)
}
