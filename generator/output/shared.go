package output

import (
	"bufio"
	"bytes"
	"encoding/json"
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
	return w.options.shared(w.owner)
}

// CheckSite returns a [*SharedError] if the manifest in the data folder is that of another site. It reads nothing else.
// Known reports whether there is a manifest; one that is damaged counts as none.
func CheckSite(o Options) (known bool, err error) {
	if err := o.complete(); err != nil {
		return false, err
	}
	f, err := os.Open(filepath.Join(o.Data, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("read the manifest: %w", err)
	}
	defer f.Close()
	line, _ := bufio.NewReader(f).ReadBytes('\n') // an incomplete line is damage
	var was header
	if json.Unmarshal(append(bytes.TrimSuffix(line, []byte(filesKey)), '}'), &was) != nil {
		return false, nil
	}
	return true, o.shared(was)
}

// shared returns an error if a manifest with the given header is that of another site.
func (o *Options) shared(was header) error {
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
