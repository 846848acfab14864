package output

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/Slicer/sitegen/generator/parallel"
)

// Plan lists the changes that make the disk match a list of files.
type Plan struct {
	Public    Changes
	Redirects Changes

	// Reload reports whether the web server has to read its maps again: the plan changes maps, or an earlier run that
	// did not finish may have changed them.
	Reload bool

	// Closed lists folders, on disk, whose modes keep the web server from reading the site. Apply mends them.
	Closed []string

	steps   []*step          // files to be written, in the order of the build
	remove  []string         // names of files that are no longer in use, sorted
	inWay   map[string]bool  // those that must be removed first: the site needs a folder there, or a file above them
	missing map[string]bool  // folders that did not exist, by name
	settled map[string]entry // files that are on disk as they should be, and those that the next run removes
	closed  []string         // names of the folders in Closed
}

// Changes counts the files of one root. Compressed variants count with the file they are made from. A file with Write
// counts as written if it has to be produced, even if its content turns out to be unchanged. A file that the next run
// removes counts there.
type Changes struct {
	Written   []string // paths, in the order of the build
	Removed   []string // paths, sorted
	Unchanged int
}

// step is the writing of one file, of variants of it, or of both.
type step struct {
	file     *File
	name     string    // of the file, with its root
	sum      hash      // of the content; zero until it has been produced
	size     int64     // of the content, bytes; -1 until it has been produced
	write    bool      // write the file itself; otherwise only variants
	mtime    time.Time // of the file on disk
	compress []int     // variants to write, as indices of encodings
	drop     []string  // names of variants to remove
}

// entry returns the manifest's entry of the step's file.
func (s *step) entry() entry {
	return entry{Path: s.name, SHA256: s.sum, Size: s.size, MTime: s.mtime.UTC(), Version: s.file.Version}
}

// names returns all names that a step writes or removes.
func (s *step) names() []string {
	var names []string
	if s.write {
		names = append(names, s.name)
	}
	for _, i := range s.compress {
		names = append(names, s.name+encodings[i].ext)
	}
	return append(names, s.drop...)
}

// InTheWayError lists files and folders that have the paths of the site's files and were not written by sitegen.
type InTheWayError struct {
	Places []string // on disk
}

// inTheWayShown is how many places the message names: what fits on a screen.
const inTheWayShown = 10

func (e *InTheWayError) Error() string {
	text := "the site needs the paths of files that sitegen did not write"
	for i, place := range e.Places {
		if i == inTheWayShown {
			text += fmt.Sprintf("\n  and %d more", len(e.Places)-i)
			break
		}
		text += "\n  " + place
	}
	return text
}

// Plan compares the files with the disk. It changes nothing there, and stops with the error of ctx when that is done.
//
// Its error lists all files that cannot be written: paths that leave the root, two files with one path, and files of
// other people that it would replace ([*InTheWayError]). The plan refers to the files, which must not change until it
// has been applied.
//
// keep names folders of Redirects that stay unchanged, because the build has no files for them.
func (w *Writer) Plan(ctx context.Context, files []File, keep ...string) (*Plan, error) {
	set, err := newFileSet(files, &w.options)
	if err != nil {
		return nil, err
	}
	p := &planner{
		options: &w.options, manifest: &w.manifest, set: set,
		surveys: make([]survey, len(files)), folders: map[string]*found{},
		plan: &Plan{
			inWay: map[string]bool{}, missing: map[string]bool{},
			settled: make(map[string]entry, len(w.manifest.Files)),
		},
	}
	defer p.close()
	if err := p.openRoots(); err != nil {
		return nil, err
	}
	for _, name := range set.names { // a new file may be in a new folder, and then need not be looked for
		if _, ours := w.manifest.Files[name]; !ours {
			p.look(path.Dir(name))
		}
	}
	done := w.options.Progress("comparing", len(files))
	err = parallel.For(ctx, w.options.Jobs, len(files), func(i int) error {
		defer done(1)
		p.surveys[i].step = step{file: &files[i], name: set.names[i], write: true, size: -1}
		return p.survey(&p.surveys[i])
	})
	if err != nil && ctx.Err() != nil {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("compare with the disk: %w", err)
	}
	for i := range files {
		p.add(&p.surveys[i])
	}
	p.keepFolders(keep)
	p.findRemovals()
	p.findClosed()
	if err := errors.Join(slices.Concat(p.checkFolders(), p.checkFiles())...); err != nil {
		return nil, err
	}
	return p.plan, nil
}

// planner makes one plan.
type planner struct {
	options  *Options
	manifest *manifest
	set      *fileSet
	surveys  []survey
	roots    [2]*os.Root       // by Root; nil if the folder does not exist
	folders  map[string]*found // by name: what looking at them has found
	plan     *Plan
}

func (p *planner) openRoots() (err error) {
	for _, r := range []Root{Public, Redirects} {
		if p.options.dir(r) == "" {
			continue
		}
		if p.roots[r], err = os.OpenRoot(p.options.dir(r)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("open the output folder: %w", err)
		}
	}
	return nil
}

func (p *planner) close() {
	for _, root := range p.roots {
		if root != nil {
			root.Close() // nothing was written
		}
	}
}

// found is the result of looking at a folder.
type found struct {
	info fs.FileInfo // nil: nothing
	err  error       // also if a symbolic link leads out of the root
}

// look looks at a folder. It reads each folder once, and none whose parent does not exist: in a first build, no folder
// does.
func (p *planner) look(name string) *found {
	if f := p.folders[name]; f != nil {
		return f
	}
	f := &found{}
	p.folders[name] = f
	if root, dir := splitName(name); dir == "" {
		if p.roots[root] != nil {
			f.info, f.err = p.roots[root].Stat(".")
		}
	} else if p.look(path.Dir(name)).info != nil {
		if f.info, f.err = p.roots[root].Stat(dir); isMissing(f.err) {
			f.info, f.err = nil, nil
		}
	}
	return f
}

// survey is the result of comparing one file with the disk.
type survey struct {
	step
	variants []entry // those on disk that are up to date
	folder   bool    // a folder has the file's name
	foreign  bool    // other content has the file's name, and the manifest does not list it
	marked   bool    // the foreign file has the mark of a generated file
}

// survey compares one file with the disk.
func (p *planner) survey(s *survey) error {
	f := s.file
	place := p.options.locate(s.name)
	if f.Write == nil {
		s.sum, s.size = sha256.Sum256(f.Data), int64(len(f.Data))
	}
	var info fs.FileInfo
	if dir := p.folders[path.Dir(s.name)]; dir == nil || dir.info != nil {
		var err error
		if info, err = stat(place); err != nil {
			return err
		}
	}
	known, ours := p.manifest.Files[s.name]
	switch {
	case info == nil:
	case info.IsDir():
		s.folder = true
	case !info.Mode().IsRegular():
		s.foreign = !ours
	default:
		s.mtime = info.ModTime()
		same, err := s.same(place, info, known)
		if err != nil {
			return err
		}
		s.write, s.foreign = !same || !readable(info), !same && !ours
		if s.foreign {
			if s.marked, err = marked(place); err != nil {
				return err
			}
		}
	}
	p.surveyVariants(s)
	return nil
}

// same reports whether the regular file at place has the content that it should have. It reads the file only if its
// size and time do not decide it. For a file with Write, it completes the step from the manifest.
func (s *step) same(place string, info fs.FileInfo, known entry) (bool, error) {
	f := s.file
	switch {
	case f.Write != nil:
		if f.Version == "" || f.Version != known.Version || !known.isAt(place, info) {
			return false, nil
		}
		s.sum, s.size = known.SHA256, known.Size
		return true, nil
	case info.Size() != s.size:
		return false, nil
	case !known.nameOnly() && known.Size == s.size && known.MTime.Equal(info.ModTime()):
		return known.SHA256 == s.sum, nil
	}
	file, err := openFile(place)
	if err != nil {
		return false, err
	}
	defer file.Close()
	there := make([]byte, s.size)
	if _, err := io.ReadFull(file, there); err != nil {
		return false, fmt.Errorf("read %s: %w", place, err)
	}
	return bytes.Equal(there, f.Data), nil
}

// surveyVariants finds the variants of a file to write and to remove. A variant is written again if its file has
// changed, or if it is not on disk as it was written.
func (p *planner) surveyVariants(s *survey) {
	for i, enc := range encodings {
		name := s.name + enc.ext
		if p.set.claims(name) { // a file of the site has this name
			continue
		}
		known, ours := p.manifest.Files[name]
		switch {
		case enc.suits(p.options.Precompress, s.file, s.size):
			if s.sum != (hash{}) && known.From == s.sum && known.intact(p.options.locate(name)) {
				s.variants = append(s.variants, known)
			} else {
				s.compress = append(s.compress, i)
			}
		case ours && (known.From != hash{} || known.nameOnly()) && !known.larger():
			s.drop = append(s.drop, name)
		}
	}
}

// Mark is the text of a comment in the first lines of generated files, for people and for [Writer.Plan]: a file with it
// was written by sitegen, even if the manifest does not list it.
const Mark = "generated by sitegen"

// marks matches Mark, and the generator elements of HTML and Atom.
var marks = regexp.MustCompile(`(?i)` + Mark + `|<meta name="?generator"? content="?sitegen|<generator[^>]*>sitegen`)

// markWithin is how many bytes of a file are searched for a mark, enough for the <head> of a page.
const markWithin = 4096

// marked reports whether the file at place has the mark of a generated file.
func marked(place string) (bool, error) {
	f, err := openFile(place)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head, err := io.ReadAll(io.LimitReader(f, markWithin))
	if err != nil {
		return false, fmt.Errorf("read %s: %w", place, err)
	}
	return marks.Match(head), nil
}

// changes returns what the plan does to a root.
func (p *Plan) changes(r Root) *Changes {
	if r == Redirects {
		return &p.Redirects
	}
	return &p.Public
}

// Empty reports whether every file is as it should be. Apply an empty plan, too: commands may be due.
func (p *Plan) Empty() bool { return len(p.steps) == 0 && len(p.remove) == 0 && len(p.closed) == 0 }

// group returns the plan's steps of one group.
func (p *Plan) group(g Group) []*step {
	var steps []*step
	for i := range p.steps {
		if p.steps[i].file.Group == g {
			steps = append(steps, p.steps[i])
		}
	}
	return steps
}

// add adds the survey of a file to the plan.
func (p *planner) add(s *survey) {
	c := p.plan.changes(s.file.Root)
	if s.write {
		c.Written = append(c.Written, s.file.Path)
	} else {
		c.Unchanged++
		p.plan.settled[s.name] = s.entry()
	}
	for _, e := range s.variants {
		p.plan.settled[e.Path] = e
	}
	if s.write || len(s.compress) > 0 || len(s.drop) > 0 {
		p.plan.steps = append(p.plan.steps, &s.step)
	}
}

// keepFolders plans no change to the files in folders of Redirects.
func (p *planner) keepFolders(keep []string) {
	for name, e := range p.manifest.Files {
		root, file := splitName(name)
		folder, _, _ := strings.Cut(file, "/")
		if root == Redirects && slices.Contains(keep, folder) {
			p.plan.settled[name] = e
			p.plan.Redirects.Unchanged++
		}
	}
}

// findRemovals finds the files that are no longer in use: those in the manifest that the site does not have. Some of
// them may have to wait for the next run.
func (p *planner) findRemovals() {
	stepped := map[string]bool{}
	for _, s := range p.plan.steps {
		for _, name := range s.names() {
			stepped[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(p.manifest.Files)) {
		_, settled := p.plan.settled[name]
		if settled || stepped[name] || p.set.files[name] != nil || p.manifest.Files[name].larger() {
			continue
		}
		p.plan.remove = append(p.plan.remove, name)
		p.plan.inWay[name] = p.set.folders[name] || p.set.replaces(name)
	}
	p.plan.Reload = p.manifest.Reload || p.plan.changesMaps()
	if p.plan.Reload && len(p.options.AfterChange) == 0 {
		p.plan.remove = slices.DeleteFunc(p.plan.remove, p.postpone)
	}
	for _, name := range p.plan.remove {
		if root, file := splitName(name); !p.manifest.isVariant(name) {
			c := p.plan.changes(root)
			c.Removed = append(c.Removed, file)
		}
	}
}

// findClosed finds the folders of the site that the web server cannot read.
func (p *planner) findClosed() {
	for _, name := range slices.Sorted(maps.Keys(p.set.folders)) {
		place := p.options.locate(name)
		if isClosed(place) {
			p.plan.closed = append(p.plan.closed, name)
			p.plan.Closed = append(p.plan.Closed, place)
		}
	}
}

// postpone leaves the removal of a file to the next run and returns true, if the web server may need the file until it
// has read its new maps, and the file can wait. Maps themselves are removed with the change of the others. A file that
// waits since the last complete run has waited enough.
func (p *planner) postpone(name string) bool {
	root, _ := splitName(name)
	waited := p.manifest.Complete && p.manifest.Files[name].nameOnly()
	if root != Public || p.plan.inWay[name] || waited {
		return false
	}
	p.plan.settled[name] = entry{Path: name}
	return true
}

// checkFolders checks the folders in which the plan writes or removes files: no symbolic link may lead out of the root,
// and no file may have a folder's name, unless the plan removes it first.
func (p *planner) checkFolders() []error {
	written := map[string]bool{} // all folders above changes, and whether any of these is a written file
	above := func(name string, writes bool) {
		for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
			if was, known := written[dir]; known && (was || !writes) {
				return
			}
			written[dir] = writes
		}
	}
	for _, s := range p.plan.steps {
		above(s.name, true)
	}
	for _, name := range p.plan.remove {
		above(name, false)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(written)) {
		f := p.look(name)
		root, dir := splitName(name)
		at := folder{name: p.options.dir(root)}
		switch {
		case f.err != nil:
			errs = append(errs, at.failed("open the folder", dir, f.err))
		case f.info == nil && dir != "":
			p.plan.missing[name] = true
		case written[name] && f.info != nil && !f.info.IsDir() && !p.plan.inWay[name]:
			errs = append(errs, at.failed("open the folder", dir, errors.New("it is a file; move it away")))
		}
	}
	return errs
}

// checkFiles finds files and folders of other people that the plan would replace.
func (p *planner) checkFiles() []error {
	var inWay []string
	cloned := p.cloned()
	for i := range p.surveys {
		s := &p.surveys[i]
		switch {
		case s.folder && !p.empties(s.name):
			inWay = append(inWay, p.options.locate(s.name)+" (a folder)")
		case s.foreign && !s.marked && !p.options.Force && !(cloned && s.file.Root == Redirects):
			inWay = append(inWay, p.options.locate(s.name))
		}
	}
	if len(inWay) == 0 {
		return nil
	}
	slices.Sort(inWay)
	return []error{&InTheWayError{Places: inWay}}
}

// cloned reports whether redirects/ is a fresh clone of what earlier builds wrote: no file of it is known, and one of
// those that the site needs has the mark of a generated file.
func (p *planner) cloned() bool {
	return !p.manifest.knows(Redirects) &&
		slices.ContainsFunc(p.surveys, func(s survey) bool { return s.file.Root == Redirects && s.marked })
}

// empties reports whether the plan removes files from within a folder, which may leave it empty.
func (p *planner) empties(folder string) bool {
	i, _ := slices.BinarySearch(p.plan.remove, folder+"/")
	return i < len(p.plan.remove) && strings.HasPrefix(p.plan.remove[i], folder+"/")
}
