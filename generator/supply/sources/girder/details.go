package girder

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/Slicer/sitegen/generator/catalog"
	"github.com/Slicer/sitegen/generator/supply/fetch"
	"github.com/Slicer/sitegen/generator/supply/source"
)

// Detail is the result of requesting the files of an item: its only file, or the reason why it must not be published.
type Detail struct {
	ID, Name, SHA512 string // values of the file; SHA512 is "" if unknown to the server
	Size             int64  // bytes
	Hold             *catalog.Held
}

// Details holds the known details of items, by id.
type Details map[string]Detail

// memo is what a source.Memory contains for an item, in JSON. Updated, Size and SHA512 are the item's values in the
// listing. If one of them has changed, the details of the item are requested again.
type memo struct {
	Updated string   `json:"updated"`
	Size    int64    `json:"size"`
	SHA512  string   `json:"sha512"`
	File    memoFile `json:"file"`
}

type memoFile struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	SHA512 string `json:"sha512"`
}

// recall returns the details of the items that have not changed since memory was stored.
func recall(items []Item, memory source.Memory) Details {
	details := Details{}
	for i := range items {
		item := &items[i]
		text, ok := memory[item.ID]
		if !ok {
			continue
		}
		var m memo
		if json.Unmarshal([]byte(text), &m) == nil && m.Updated == item.Updated && m.Size == item.Size &&
			m.SHA512 == item.SHA512 {
			details[item.ID] = Detail{ID: m.File.ID, Name: m.File.Name, SHA512: m.File.SHA512, Size: item.Size}
		}
	}
	return details
}

// remember returns the details as a source.Memory. It leaves out items that were held back, and items whose file
// differs from the listing because an upload was completed between the two requests.
func remember(items []Item, details Details) source.Memory {
	memory := source.Memory{}
	for i := range items {
		item := &items[i]
		d, ok := details[item.ID]
		sameFile := d.Size == item.Size && (d.SHA512 == item.SHA512 || d.SHA512 == "" || item.SHA512 == "")
		if !ok || d.Hold != nil || !sameFile {
			continue
		}
		text, err := json.Marshal(memo{item.Updated, item.Size, item.SHA512, memoFile{d.ID, d.Name, d.SHA512}})
		if err != nil {
			panic(err) // impossible: a memo consists of strings and a number
		}
		memory[item.ID] = string(text)
	}
	return memory
}

// unknown returns the items of packages without details, in the order of the packages.
func unknown(items []Item, details Details, packages []*catalog.Package) []*Item {
	byID := make(map[string]*Item, len(items))
	for i := range items {
		byID[items[i].ID] = &items[i]
	}
	var list []*Item
	for _, p := range packages {
		if _, ok := details[p.ID]; !ok {
			list = append(list, byID[p.ID])
		}
	}
	return list
}

// maxFailures is the number of failed requests after which look gives up and leaves the remaining items to the next
// run. A single failure may be caused by the item; three suggest a problem with the server.
const maxFailures = 3

var errGaveUp = errors.New("too many failures")

// look requests the files of items and adds the results to details. failed is a warning about the items whose requests
// failed, or "". The error is not nil only if ctx is done.
func (s *server) look(ctx context.Context, items []*Item, details Details) (failed string, err error) {
	var (
		mu       sync.Mutex
		done     int
		failures []error
	)
	progress := func() {
		if s.o.Progress != nil {
			s.o.Progress(done, len(items))
		}
	}
	if len(items) > 0 {
		progress()
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(fetch.Concurrency)
	for _, item := range items {
		group.Go(func() error {
			if groupCtx.Err() != nil {
				return groupCtx.Err()
			}
			d, err := s.lookAt(groupCtx, item)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case groupCtx.Err() != nil:
				return groupCtx.Err()
			case err != nil:
				failures = append(failures, err)
			default:
				details[item.ID] = d
			}
			done++
			progress()
			if len(failures) >= maxFailures {
				return errGaveUp
			}
			return nil
		})
	}
	_ = group.Wait() // failures and ctx have the errors
	if ctx.Err() != nil {
		return "", fmt.Errorf("read the files of new packages: %w", ctx.Err())
	}
	if len(failures) == 0 {
		return "", nil
	}
	missing := 0
	for _, item := range items {
		if _, ok := details[item.ID]; !ok {
			missing++
		}
	}
	return fmt.Sprintf("could not read the files of %s (%v): until the next build, file names are unknown and "+
		"downloads cannot be resumed",
		count(missing, "new package"), failures[0]), nil
}

var idRE = regexp.MustCompile(`^[0-9a-f]{24}$`)

// lookAt requests the files of one item.
func (s *server) lookAt(ctx context.Context, item *Item) (Detail, error) {
	var files []struct {
		ID     string `json:"_id"`
		Name   string `json:"name"`
		Size   int64  `json:"size"`
		SHA512 string `json:"sha512"`
	}
	err := s.get(ctx, "/item/"+item.ID+"/files", func(body []byte) error {
		if err := json.Unmarshal(body, &files); err != nil {
			return fmt.Errorf("the list of the item's files is not JSON (%s)", fetch.Describe(body))
		}
		return nil
	})
	failure, _ := errors.AsType[*fetch.Failure](err)
	switch {
	case failure != nil && failure.Kind == fetch.Denied:
		return Detail{Hold: &catalog.Held{Field: "access", Reason: "not public, so visitors cannot download it",
			Hint: "make its folder public in Girder when it is ready"}}, nil
	case failure != nil && failure.Kind == fetch.Rejected:
		return Detail{Hold: &catalog.Held{Field: "_id", Value: item.ID, Reason: "deleted while the listing was read"}},
			nil
	case err != nil:
		return Detail{}, err
	case len(files) == 0:
		return Detail{Hold: &catalog.Held{Field: "files", Value: "0", Reason: "has no file"}}, nil
	case len(files) > 1:
		return Detail{Hold: &catalog.Held{Field: "files", Value: strconv.Itoa(len(files)),
			Reason: "has more than one file: an upload is running or was interrupted",
			Hint:   "delete the wrong file"}}, nil
	}
	f := files[0]
	if !idRE.MatchString(f.ID) {
		return Detail{}, fmt.Errorf("item %s: the id of its file is not 24 hex digits (found %.40q)", item.ID, f.ID)
	}
	return Detail{ID: f.ID, Name: f.Name, Size: f.Size, SHA512: f.SHA512}, nil
}
