package output

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// SharedError reports that the data folder belongs to another site.
type SharedError struct {
	Data   string
	Other  Owner // the site to which it belongs
	This   Owner
	Public string // the public folder of the other site
}

// Owner is the name and the folder of a site.
type Owner struct{ Name, Folder string }

func (o Owner) String() string { return fmt.Sprintf("the site %q in %s", o.Name, o.Folder) }

func (e *SharedError) Error() string {
	return fmt.Sprintf("the data folder %s belongs to %v, not to %v", e.Data, e.Other, e.This)
}

// checkSite returns an error if the manifest is that of another site: see the package comment.
func (w *Writer) checkSite() error {
	was, o := w.owner, &w.options
	now := o.header()
	if was.Site == "" || was.Public == now.Public || was.Site == now.Site && was.Home == now.Home {
		return nil
	}
	public := o.fromManifest(was.Public)
	_, err := os.Stat(filepath.Join(public, listingName))
	if errors.Is(err, fs.ErrNotExist) {
		return nil // it has moved
	}
	return &SharedError{Data: o.Data, Public: public, Other: Owner{was.Site, o.fromManifest(was.Home)},
		This: Owner{o.Site, o.Home}}
}
