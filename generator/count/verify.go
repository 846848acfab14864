package count

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/output"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/stats"
)

// Verified holds the results of Verify.
type Verified struct {
	Days     int                    // number of days recounted
	Numbers  []stats.Difference     // numbers of days that differ from the recount
	Compared int                    // number of published files
	Files    []stats.FileDifference // values in published files that differ from the database
}

// Verify recounts all days, generates the published files again from the numbers of the database, and compares them
// with the files on disk. It changes nothing. If they differ while a run is active, the kind of the error is
// fault.Locked.
//
// It uses the options with which the files were published: min_country, for example, can be a flag in a crontab, and
// the attribution comes from a GeoIP database that only the runs need.
func Verify(ctx context.Context, p *project.Project, r *stats.Reader) (*Verified, error) {
	v := &Verified{}
	published, ok, err := r.Published(ctx)
	if err != nil {
		return nil, err
	}
	if ok {
		p = asPublished(p, published)
	}
	if v.Numbers, v.Days, err = r.Verify(ctx); err != nil {
		return nil, err
	}
	for attempt := range 2 {
		if err := v.compare(ctx, p, r); err != nil {
			return nil, err
		}
		if len(v.Files) == 0 || attempt > 0 {
			break
		}
		// A run may have changed the database after this one has read it, or may not have published it yet.
		running, err := stats.Running(p.Config.Data)
		if err != nil {
			return nil, err
		}
		if running {
			return nil, fault.Wrap(fault.Locked, errors.New("a run changes the statistics"),
				"Wait until it has ended, then run this command again.")
		}
	}
	return v, nil
}

// asPublished returns the project with the options with which its files were published.
func asPublished(p *project.Project, o stats.Published) *project.Project {
	same := *p
	c := &same.Config.Stats
	c.MinCountry, c.Legacy, c.Privacy = o.MinCountry, o.Legacy, string(o.Privacy)
	return &same
}

// compare sets Compared and Files.
func (v *Verified) compare(ctx context.Context, p *project.Project, r *stats.Reader) error {
	v.Compared, v.Files = 0, nil
	options := publishing(p)
	generated, err := r.Generate(ctx, &options)
	if err != nil {
		return err
	}
	page, err := pageFiles(ctx, p, generated, generated.Files)
	if err != nil {
		return err
	}
	for _, f := range folders(p, append(generated.Files, page...)) {
		if err := v.compareFolder(ctx, &f); err != nil {
			return err
		}
	}
	return nil
}

// compareFolder adds the results of a folder to Compared and Files.
func (v *Verified) compareFolder(ctx context.Context, folder *folder) error {
	var list []stats.FileDifference
	for _, f := range folder.files {
		if err := ctx.Err(); err != nil {
			return err
		}
		differences, err := compareFile(&f, filepath.Join(folder.output.Public, filepath.FromSlash(f.Path)))
		if err != nil {
			return fmt.Errorf("compare %s: %w", f.Path, err)
		}
		v.Compared++
		list = append(list, differences...)
	}
	out, err := output.OpenReadOnly(folder.output)
	if err != nil {
		return err
	}
	defer out.Close()
	plan, err := out.Plan(ctx, folder.files)
	if err != nil {
		return err
	}
	missing, err := out.MissingVariants()
	if err != nil {
		return err
	}
	for _, name := range missing {
		list = append(list, stats.FileDifference{File: name, Published: "no file", Counted: "a file"})
	}
	removed := map[string]bool{}
	extra, err := folder.extra()
	if err != nil {
		return err
	}
	for _, name := range append(plan.Public.Removed, extra...) {
		if !removed[name] {
			removed[name] = true
			list = append(list, stats.FileDifference{File: name, Published: "a file", Counted: "nothing"})
		}
	}
	for _, d := range list {
		d.File = folder.name + d.File
		v.Files = append(v.Files, d)
	}
	return nil
}

// extra returns the files on disk whose names are those of tables or series, but which are not among the files of the
// folder: a restored backup of the site, for example, can have tables of days that were dropped since. Programs and
// people may read them. Other files are those of the site's administrators.
func (f *folder) extra() (names []string, err error) {
	if f.name != "" {
		return nil, nil // a folder without tables
	}
	planned := map[string]bool{}
	for _, file := range f.files {
		planned[file.Path] = true
	}
	root := os.DirFS(f.output.Public)
	for _, pattern := range []string{"*", "version/*", "system/*"} {
		found, err := fs.Glob(root, pattern)
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			plain := output.PlainName(name)
			if !planned[plain] && (stats.IsTable(plain) || stats.IsSeriesFile(plain)) {
				names = append(names, name)
			}
		}
	}
	return names, nil
}

// compareFile compares a file, and its compressed variants if there are any, with the disk.
func compareFile(f *output.File, place string) ([]stats.FileDifference, error) {
	published, err := os.Open(place)
	if errors.Is(err, fs.ErrNotExist) {
		return []stats.FileDifference{{File: f.Path, Published: "no file", Counted: "a file"}}, nil
	}
	if err != nil {
		return nil, err
	}
	defer published.Close()
	list, err := compareContent(f, published)
	if err != nil {
		return nil, err
	}
	want := f.Write
	switch {
	case f.Write == nil:
		want = func(w io.Writer) error {
			_, err := w.Write(f.Data)
			return err
		}
	case len(list) == 0: // reading the file is faster than generating it again
		want = func(w io.Writer) error {
			_, err := published.Seek(0, io.SeekStart)
			if err == nil {
				_, err = io.Copy(w, published)
			}
			return err
		}
	}
	err = output.Variants(place, func(ext string, text io.Reader, err error) error {
		if err == nil {
			err = compare(want, text)
		}
		if err != nil {
			list = append(list, stats.FileDifference{File: f.Path + ext, Published: "other content",
				Counted: "the content of " + f.Path})
		}
		return nil
	})
	return list, err
}

// compareContent compares a file with its published content. A file that is too large for memory is compared while it
// is generated.
func compareContent(f *output.File, published io.Reader) ([]stats.FileDifference, error) {
	if f.Write == nil {
		text, err := io.ReadAll(published)
		return stats.CompareFile(f.Path, text, f.Data), err
	}
	err := compare(f.Write, published)
	if differs, ok := errors.AsType[*differsError](err); ok {
		return []stats.FileDifference{{File: f.Path, Name: fmt.Sprintf("byte %d", differs.at+1),
			Published: stats.Visible(differs.published), Counted: stats.Visible(differs.counted)}}, nil
	}
	return nil, err
}

// compare compares what want writes with a published file. The error is a differsError at the first difference.
func compare(want func(io.Writer) error, published io.Reader) error {
	c := &comparer{published: bufio.NewReaderSize(published, 1<<16)}
	if err := want(c); err != nil {
		return err
	}
	b, err := c.published.Peek(shown)
	if len(b) > 0 {
		return &differsError{c.at, b, []byte("the end of the file")}
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err // a compressed variant that continues with something else
}

// comparer compares what is written to it with a published file. A write returns a differsError at the first
// difference.
type comparer struct {
	published *bufio.Reader
	at        int64 // number of bytes that are the same
	buffer    []byte
}

// differsError is the first difference.
type differsError struct {
	at                 int64  // its offset
	published, counted []byte // the text around it
}

func (e *differsError) Error() string { return fmt.Sprintf("byte %d differs", e.at+1) }

// shown is the number of bytes before and after a difference that are shown.
const shown = 40

func (c *comparer) Write(b []byte) (int, error) {
	if len(c.buffer) < len(b) {
		c.buffer = make([]byte, len(b))
	}
	n, err := io.ReadFull(c.published, c.buffer[:len(b)])
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return 0, err
	}
	have := c.buffer[:n]
	if bytes.Equal(have, b) {
		c.at += int64(n)
		return n, nil
	}
	same := 0
	for same < n && have[same] == b[same] {
		same++
	}
	from := max(0, same-shown)
	return 0, &differsError{c.at + int64(same), have[from:min(n, same+shown)],
		bytes.Clone(b[from:min(len(b), same+shown)])}
}
