package output

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/parallel"
)

// Plan is what has to be done to make the disk as it should be.
type Plan struct {
	Public    Changes
	Redirects Changes

	steps   []step           // files to be written, in the order of the build
	remove  []string         // names that went out of use, sorted
	inWay   map[string]bool  // those of them that stand where a file or folder is to be
	settled map[string]entry // what is on disk as it should be
}

// Changes are the files of one root. Compressed variants count with the file they are made from.
type Changes struct {
	Written   []string // paths, in the order of the build
	Removed   []string // paths, sorted
	Unchanged int
}

// changes is what the plan does to a root.
func (p *Plan) changes(r Root) *Changes {
	if r == Redirects {
		return &p.Redirects
	}
	return &p.Public
}

// Empty says that every file is as it should be. Such a plan is to be applied all the same: commands may be due.
func (p *Plan) Empty() bool { return len(p.steps) == 0 && len(p.remove) == 0 }

// step is the writing of one file, of variants of it, or of both.
type step struct {
	file     *File
	sum      hash
	write    bool      // the file itself
	mtime    time.Time // of what is in its place
	compress []int     // indices of the encodings in which variants are to be made
	drop     []string  // names of variants that the file has no more
}

// InTheWayError names what stands where the site's files should be, and is not ours.
type InTheWayError struct {
	Places []string // on disk
}

// inTheWayShown is how many places the message names: what a screen holds.
const inTheWayShown = 10

func (e *InTheWayError) Error() string {
	text := "files are in the way that sitegen has not written"
	for i, place := range e.Places {
		if i == inTheWayShown {
			text += fmt.Sprintf("\n  and %d more", len(e.Places)-i)
			break
		}
		text += "\n  " + place
	}
	return text + "\nmove them away, or replace them with --force"
}

// Plan compares the files with the disk. It reports all files that cannot be written at once: paths that
// leave the root, files that are there twice, and, as an [*InTheWayError], what is in the way.
// It keeps the files until it is applied; they must not change. Earlier files in the folders keep, below
// Redirects, stay as they are: the build has none to put in their place. Nothing on disk is changed; when ctx is
// done, Plan stops with its error.
func (w *Writer) Plan(ctx context.Context, files []File, keep ...string) (*Plan, error) {
	set, err := newFileSet(files)
	if err != nil {
		return nil, err
	}
	surveys := make([]survey, len(files))
	err = parallel.For(ctx, w.options.Jobs, len(files), func(i int) (err error) {
		surveys[i], err = w.survey(set, &files[i])
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("compare with the disk: %w", err)
	}
	p := &Plan{inWay: map[string]bool{}, settled: make(map[string]entry, len(w.manifest.Files))}
	for i := range files {
		p.add(&files[i], &surveys[i])
	}
	w.planKept(p, keep)
	w.planRemovals(p, set)
	if err := errors.Join(w.strangers(p, surveys)...); err != nil {
		return nil, err
	}
	return p, nil
}

// survey is what was found out about one file.
type survey struct {
	step
	entry    entry   // of the file, if it is not to be written
	variants []entry // of the file, that are as they should be
	folder   bool    // a folder is in its place
	foreign  bool    // something else is in its place, not known to be ours
	marked   bool    // it says that it is ours
}

// survey compares one file with the disk.
func (w *Writer) survey(set *fileSet, f *File) (s survey, err error) {
	name := f.name()
	s.step = step{file: f, sum: sha256.Sum256(f.Data)}
	place := w.locate(name)
	info, err := stat(place)
	if err != nil {
		return s, err
	}
	known, ours := w.manifest.Files[name]
	switch {
	case info == nil:
		s.write = true
	case info.IsDir():
		s.write, s.folder = true, true
	case !info.Mode().IsRegular():
		s.write, s.foreign = true, !ours
	default:
		s.mtime = info.ModTime()
		same, err := sameContent(place, info, f, s.sum, known)
		if err != nil {
			return s, err
		}
		s.write = !same
		s.foreign = !same && !ours
		if s.foreign {
			if s.marked, err = marked(place); err != nil {
				return s, err
			}
		}
	}
	s.entry = entry{Path: name, SHA256: s.sum, Size: int64(len(f.Data)), MTime: s.mtime.UTC()}
	w.surveyVariants(set, &s)
	return s, nil
}

// sameContent says that the file at place has the content of f, from the manifest if that will do.
func sameContent(place string, info fs.FileInfo, f *File, sum hash, known entry) (bool, error) {
	if info.Size() != int64(len(f.Data)) {
		return false, nil
	}
	if known.Size == info.Size() && known.MTime.Equal(info.ModTime()) && known.SHA256 != (hash{}) {
		return known.SHA256 == sum, nil
	}
	return holds(place, f.Data)
}

// surveyVariants finds which variants of a file are to be made and which dropped. One is made again when the
// file has changed since, or when it is not on disk as it was written.
func (w *Writer) surveyVariants(set *fileSet, s *survey) {
	for i, enc := range encodings {
		name := s.file.name() + enc.ext
		if set.claims(name) { // the site brings its own
			continue
		}
		known, ours := w.manifest.Files[name]
		switch {
		case enc.worth(w.options.Precompress, s.file):
			if known.From == s.sum && known.intact(w.locate(name)) {
				s.variants = append(s.variants, known)
			} else {
				s.compress = append(s.compress, i)
			}
		case ours && known.isVariant() && !known.Larger:
			s.drop = append(s.drop, name)
		}
	}
}

// isVariant says that the entry is not known to be a file of the site's own.
func (e entry) isVariant() bool { return e.From != (hash{}) || e.SHA256 == (hash{}) }

// add takes up what the survey of a file found.
func (p *Plan) add(f *File, s *survey) {
	c := p.changes(f.Root)
	if s.write {
		c.Written = append(c.Written, f.Path)
	} else {
		c.Unchanged++
		p.settled[s.entry.Path] = s.entry
	}
	for _, e := range s.variants {
		p.settled[e.Path] = e
	}
	if s.write || len(s.compress) > 0 || len(s.drop) > 0 {
		p.steps = append(p.steps, s.step)
	}
}

// names are all names that a step writes or removes.
func (s *step) names() []string {
	var names []string
	if s.write {
		names = append(names, s.file.name())
	}
	for _, i := range s.compress {
		names = append(names, s.file.name()+encodings[i].ext)
	}
	return append(names, s.drop...)
}

// planKept takes what is in the folders to keep for as it should be.
func (w *Writer) planKept(p *Plan, keep []string) {
	for name, e := range w.manifest.Files {
		root, file := splitName(name)
		folder, _, _ := strings.Cut(file, "/")
		if root == Redirects && slices.Contains(keep, folder) {
			p.settled[name] = e
			p.Redirects.Unchanged++
		}
	}
}

// planRemovals finds what went out of use: all that the manifest names and the site does not.
func (w *Writer) planRemovals(p *Plan, set *fileSet) {
	stepped := map[string]bool{}
	for i := range p.steps {
		for _, name := range p.steps[i].names() {
			stepped[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(w.manifest.Files)) {
		e := w.manifest.Files[name]
		_, settled := p.settled[name]
		if settled || stepped[name] || set.files[name] != nil || e.Larger {
			continue
		}
		p.remove = append(p.remove, name)
		p.inWay[name] = set.folders[name] || below(name, set)
		if root, file := splitName(name); e.From == (hash{}) {
			c := p.changes(root)
			c.Removed = append(c.Removed, file)
		}
	}
}

// below says that a file of the site has the name of a folder above name.
func below(name string, set *fileSet) bool {
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if set.files[dir] != nil {
			return true
		}
	}
	return false
}
