package packages

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/Slicer/sitegen/generator/disk"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/holds"
	"github.com/Slicer/sitegen/generator/project"
)

// Result is the result of Hold or Unhold.
type Result struct {
	File    string   `json:"file"`    // the file with the list
	ID      string   `json:"id"`      // of the package
	Name    string   `json:"name"`    // of the package; "" if it is unknown
	Why     string   `json:"why"`     // the reason in the list
	Changed bool     `json:"changed"` // false if the list was already as wanted
	Instead []Answer `json:"instead"` // what visitors get at the addresses of the package after the next build
}

// Hold adds a package to the list of those that are kept off the site. by is who holds it back, "" for the user of this
// process. If the list has the package already, with another reason, the error is of kind fault.Usage.
func (c *Catalogue) Hold(p *Package, why, by string) (*Result, error) {
	r := &Result{File: c.project.HoldsFile(), ID: p.ID, Name: p.Name, Why: why, Instead: []Answer{}}
	h := holds.Hold{ID: p.ID, Why: why, By: cmp.Or(by, username()), Day: c.project.Now().UTC().Format(time.DateOnly)}
	err := edit(c.project, func(text string, list []holds.Hold) (string, error) {
		if other := holds.Find(list, p.ID); other != nil {
			if other.Why == why {
				return text, nil
			}
			already := other.At.Errorf("%s is held back already: %s", p.ID, other.Describe())
			return "", fault.Wrap(fault.Usage, fault.Findings{already}, "To change the reason, edit the file.")
		}
		r.Changed, r.Instead = true, c.Instead(p, list)
		return edited(holds.Add(r.File, text, h))
	})
	return r, err
}

// Unhold removes a package from the list of those that are kept off the site. The catalogue, which may be nil, finds
// packages by other words than their id.
func Unhold(p *project.Project, c *Catalogue, word string) (*Result, error) {
	r := &Result{File: p.HoldsFile(), ID: word, Instead: []Answer{}}
	if c != nil {
		if pkg, err := c.Find(word); err == nil {
			r.ID, r.Name = pkg.ID, pkg.Name
		}
	}
	return r, edit(p, func(text string, list []holds.Hold) (string, error) {
		h := holds.Find(list, word)
		if h == nil {
			h = holds.Find(list, r.ID)
		}
		if h == nil {
			ids := make([]string, len(list))
			for i := range list {
				ids[i] = list[i].ID
			}
			return "", fault.Wrap(fault.Usage, fmt.Errorf("%s: no entry for %.80q%s", r.File, word,
				fault.DidYouMean(word, ids)), "sitegen packages list --state held prints what is held back.")
		}
		r.ID, r.Why, r.Changed = h.ID, h.Why, true
		return edited(holds.Remove(r.File, text, h.ID))
	})
}

// edit changes the list of a project. A lock in the data folder keeps two edits from overwriting each other.
func edit(p *project.Project, change func(text string, list []holds.Hold) (string, error)) error {
	if err := os.MkdirAll(p.Config.Data, 0o777); err != nil {
		return fmt.Errorf("create the data folder: %w", err)
	}
	lock := flock.New(filepath.Join(p.Config.Data, "holds.lock"))
	if err := lock.Lock(); err != nil {
		return fmt.Errorf("lock the packages held back: %w", err)
	}
	defer lock.Close()
	list, err := p.Holds()
	if err != nil {
		return err
	}
	text, err := p.HoldsText()
	if err != nil {
		return err
	}
	changed, err := change(text, list)
	if err != nil || changed == text {
		return err
	}
	return write(p.HoldsFile(), changed)
}

// edited adds the kind to the error of an edit.
func edited(text string, err error) (string, error) { return text, fault.Wrap(fault.Content, err, "") }

// write replaces the file. It keeps its permissions, and a symbolic link to it.
func write(path, text string) error {
	mode := fs.FileMode(0o644)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	err := os.MkdirAll(filepath.Dir(path), 0o777)
	if err == nil {
		err = disk.Replace(path, []byte(text), mode)
	}
	if err != nil {
		return fmt.Errorf("write the packages held back: %w", err)
	}
	return nil
}

// username returns the name of the user of this process, or "" if it is unknown.
func username() string {
	if u, err := user.Current(); err == nil {
		return strings.TrimSpace(u.Username)
	}
	return os.Getenv("USER")
}
