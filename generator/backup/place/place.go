// Package place stores the files of backups: in a folder, in a bucket of S3, or as the assets of a release on GitHub.
//
//	address, err := place.Parse("s3://backups/downloads")
//	p, err := place.Open(ctx, address, place.Options{})
//	err = p.Put(ctx, "aurora-2026-11-27T064500Z.tar.zst", file, size)
//	names, err := p.Names(ctx)
//
// A file appears at a place whole or not at all. Places have no folders: names contain no slash.
package place

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/fault"
)

// Place is where backups are stored.
type Place interface {
	// Names returns the names of all files, in any order.
	Names(ctx context.Context) ([]string, error)
	// Put stores a file of a size (bytes), readable only by its owner where the place has owners.
	Put(ctx context.Context, name string, file *os.File, size int64) error
	// Get opens a file. If there is none with this name, the error is fs.ErrNotExist.
	Get(ctx context.Context, name string) (io.ReadCloser, error)
	// Remove removes files.
	Remove(ctx context.Context, names []string) error
}

// Ending is the end of the name of each backup.
const Ending = ".tar.zst"

// Address is the place of a backup or of several.
type Address struct {
	Kind   Kind
	Folder string // Folder: the path; Bucket: the prefix of the keys, "" or ending in a slash; GitHub: the tag
	Name   string // of a single file; "" for the place itself
	Bucket string // Bucket: its name
	Repo   string // GitHub: "owner/name"
}

// Kind is a kind of place.
type Kind int

// The kinds.
const (
	Folder Kind = iota
	Bucket
	GitHub
)

// Forms describes the addresses, for messages.
const Forms = "a folder, a file *" + Ending + ", s3://bucket/prefix or github://owner/repository/tag"

// GitHub replaces other characters in the names of assets than those of githubRE.
var (
	bucketRE = regexp.MustCompile(`^s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?$`)
	githubRE = regexp.MustCompile(
		`^github://([0-9A-Za-z-]+/[0-9A-Za-z._-]+)/([0-9A-Za-z][0-9A-Za-z._+-]*)(?:/([0-9A-Za-z][0-9A-Za-z._-]*))?$`)
	schemeRE = regexp.MustCompile(`^[a-z0-9]+://`)
)

// Parse parses an address. One that ends in Ending is that of a single file.
func Parse(text string) (Address, error) {
	if m := bucketRE.FindStringSubmatch(text); m != nil {
		a := Address{Kind: Bucket, Bucket: m[1], Folder: m[2]}
		if strings.HasSuffix(a.Folder, Ending) {
			a.Folder, a.Name = m[2][:strings.LastIndexByte(m[2], '/')+1], m[2][strings.LastIndexByte(m[2], '/')+1:]
		} else if a.Folder != "" && !strings.HasSuffix(a.Folder, "/") {
			a.Folder += "/"
		}
		return a, nil
	}
	if m := githubRE.FindStringSubmatch(text); m != nil && !strings.Contains(text, "/..") &&
		(m[3] == "" || strings.HasSuffix(m[3], Ending)) {
		return Address{Kind: GitHub, Repo: m[1], Folder: m[2], Name: m[3]}, nil
	}
	if text == "" || schemeRE.MatchString(text) {
		return Address{}, fault.Wrap(fault.Usage, fmt.Errorf("invalid place of a backup (found %.80q)", text),
			"Use "+Forms+".")
	}
	if strings.HasSuffix(text, Ending) {
		return Address{Folder: filepath.Dir(text), Name: filepath.Base(text)}, nil
	}
	return Address{Folder: text}, nil
}

// String returns the address, as Parse parses it.
func (a Address) String() string {
	switch a.Kind {
	case Bucket:
		return "s3://" + a.Bucket + "/" + a.Folder + a.Name
	case GitHub:
		return strings.TrimSuffix("github://"+a.Repo+"/"+a.Folder+"/"+a.Name, "/")
	}
	return filepath.Join(a.Folder, a.Name)
}

// With returns the address of a file at the place.
func (a Address) With(name string) Address {
	a.Name = name
	return a
}

// Options are what places need besides an address.
type Options struct {
	Token  string // for GitHub, a secret; "" for none
	API    string // base URL of the API of GitHub
	Write  bool   // whether files will be stored
	Public bool   // whether they may be stored in a public repository

	Client *http.Client                                         // nil for one with time limits
	Sleep  func(ctx context.Context, pause time.Duration) error // waits between two attempts; nil for time.Timer
}

// Open opens a place. It does not send a request.
func Open(ctx context.Context, a Address, o Options) (Place, error) {
	switch a.Kind {
	case Bucket:
		return openBucket(ctx, a)
	case GitHub:
		return newGitHub(a, o)
	}
	return openFolder(a.Folder)
}

// folder is a folder of this machine.
type folder struct{ dir string }

func openFolder(dir string) (Place, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("%s: there is no such folder", dir),
			"Create it. If it is on another disk, check that the disk is mounted.")
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fault.Wrap(fault.Usage, fmt.Errorf("%s: is not a folder", dir),
			"The name of a backup ends in "+Ending+".")
	}
	return folder{dir}, nil
}

// Names implements Place.
func (f folder) Names(context.Context) ([]string, error) {
	entries, err := os.ReadDir(f.dir)
	var names []string
	for _, e := range entries {
		if e.Type().IsRegular() {
			names = append(names, e.Name())
		}
	}
	return names, err
}

// partial returns the name of a file that is still being written.
func partial(name string) string { return "." + name + ".partial" }

// Whole returns the name that a file that is still being written, or was when its writer was killed, will have. For
// other files it returns "".
func Whole(name string) string {
	whole := strings.TrimSuffix(strings.TrimPrefix(name, "."), ".partial")
	if partial(whole) != name {
		return ""
	}
	return whole
}

// Put implements Place.
func (f folder) Put(_ context.Context, name string, from *os.File, _ int64) (err error) {
	temporary := filepath.Join(f.dir, partial(name))
	to, err := os.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(to, from)
	err = errors.Join(err, to.Chmod(0o600), to.Sync(), to.Close())
	if err == nil {
		err = os.Rename(temporary, filepath.Join(f.dir, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary))
	}
	self, err := os.Open(f.dir)
	if err != nil {
		return err
	}
	return errors.Join(self.Sync(), self.Close())
}

// Get implements Place.
func (f folder) Get(_ context.Context, name string) (io.ReadCloser, error) {
	return os.Open(filepath.Join(f.dir, name))
}

// Remove implements Place.
func (f folder) Remove(_ context.Context, names []string) error {
	var errs []error
	for _, name := range names {
		if err := os.Remove(filepath.Join(f.dir, name)); !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}
