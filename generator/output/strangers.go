package output

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
)

// strangers finds what would keep the plan from being applied, or be lost by it.
func (w *Writer) strangers(p *Plan, surveys []survey) []error {
	var places []string
	vouched := map[Root]bool{Public: w.vouched(Public, surveys), Redirects: w.vouched(Redirects, surveys)}
	for i := range surveys {
		s := &surveys[i]
		place := w.locate(s.file.name())
		switch {
		case s.folder && !p.vacates(s.file.name()):
			places = append(places, place+" (a folder)")
		case s.foreign && !s.marked && !w.options.Force && !vouched[s.file.Root]:
			places = append(places, place)
		}
	}
	errs := w.checkFolders(p)
	if len(places) > 0 {
		slices.Sort(places)
		errs = append(errs, &InTheWayError{Places: places})
	}
	return errs
}

// vouched says that the folder of a root is an earlier build's whose manifest is lost: nothing is known of it,
// and one of the files that it shares with the site says that it is ours.
func (w *Writer) vouched(r Root, surveys []survey) bool {
	return !w.manifest.knows(r) &&
		slices.ContainsFunc(surveys, func(s survey) bool { return s.file.Root == r && s.marked })
}

// vacates says that the plan removes files from within a folder, which may empty it.
func (p *Plan) vacates(folder string) bool {
	i, _ := slices.BinarySearch(p.remove, folder+"/")
	return i < len(p.remove) && strings.HasPrefix(p.remove[i], folder+"/")
}

// checkFolders checks the folders in which the plan writes or removes: that no symbolic link leads out of the
// root, and that what is written into is a folder.
func (w *Writer) checkFolders(p *Plan) []error {
	var errs []error
	folders := p.folders()
	for _, r := range []Root{Public, Redirects} {
		root, err := os.OpenRoot(w.dir(r))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("open the output folder: %w", err))
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(folders)) {
			if of, dir := splitName(name); of == r {
				mustBe := folders[name] && !p.inWay[name]
				errs = append(errs, folder{root: root, name: w.dir(r)}.check(dir, mustBe))
			}
		}
		root.Close()
	}
	return errs
}

// folders are the names of all folders above what the plan writes (true) or only removes (false).
func (p *Plan) folders() map[string]bool {
	folders := map[string]bool{}
	above := func(name string, written bool) {
		for dir := path.Dir(name); strings.Contains(dir, "/"); dir = path.Dir(dir) {
			folders[dir] = written || folders[dir]
		}
	}
	for i := range p.steps {
		above(p.steps[i].file.name(), true)
	}
	for _, name := range p.remove {
		above(name, false)
	}
	return folders
}

// check checks that dir lies within the root, if it is there, and that it is a folder, if it must be one.
func (d folder) check(dir string, mustBe bool) error {
	info, err := d.root.Stat(dir)
	switch {
	case isMissing(err): // what is above it is checked too
		return nil
	case err != nil:
		return d.failed("open the folder", dir, err)
	case mustBe && !info.IsDir():
		return d.failed("open the folder", dir, errors.New("it is a file; move it away"))
	}
	return nil
}
