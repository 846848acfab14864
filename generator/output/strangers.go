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

// checkFolders checks the folders in which the plan writes or removes: that they are folders, and that no
// symbolic link leads out of the root.
func (w *Writer) checkFolders(p *Plan) []error {
	var errs []error
	folders := p.foldersOfChanges()
	for _, r := range []Root{Public, Redirects} {
		root, err := os.OpenRoot(w.dir(r))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("open the output folder: %w", err))
			continue
		}
		for _, name := range folders {
			if of, dir := splitName(name); of == r && !p.inWay[name] {
				errs = append(errs, checkFolder(folder{root: root, name: w.dir(r)}, dir))
			}
		}
		root.Close()
	}
	return errs
}

// checkFolder checks that dir is a folder within the root, or not there yet.
func checkFolder(root folder, dir string) error {
	info, err := root.root.Stat(dir)
	switch {
	case isMissing(err): // what is above it is checked too
		return nil
	case err != nil:
		return root.failed("open the folder", dir, err)
	case !info.IsDir():
		return root.failed("open the folder", dir, errors.New("it is a file; move it away"))
	}
	return nil
}

// foldersOfChanges are the names of all folders above what the plan writes or removes, sorted.
func (p *Plan) foldersOfChanges() []string {
	folders := map[string]bool{}
	above := func(name string) {
		for dir := path.Dir(name); strings.Contains(dir, "/") && !folders[dir]; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	for i := range p.steps {
		above(p.steps[i].file.name())
	}
	for _, name := range p.remove {
		above(name)
	}
	return slices.Sorted(maps.Keys(folders))
}
