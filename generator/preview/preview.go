// Package preview shows a site in a browser while people work on it.
//
// A Builder makes States of the site: its files, rendered when they are asked for, and the redirect table. A
// target (nginx.go, s3.go, cloudfront.go) turns a request into a reply as one kind of server does; it is a
// plain function of the state. The Server keeps two states: the newest, and the last that was found to be
// without mistakes, which stands in for pages of the newest that cannot be shown.
//
// One goroutine does the work: it waits until files have changed (watcher), builds, and tells open pages
// (hub). What takes longer than the pages that are open, looking for mistakes everywhere, follows after they
// were told.
//
// Programs get what will be published, byte for byte and header for header. Browsers get a bar at the foot of
// pages, the script that reloads them, and are told to keep nothing.
package preview

import (
	"strings"
	"sync"

	"github.com/Slicer/sitegen/generator/redirect"
)

// Files are the files below public/, by their path with no slash before it.
type Files interface {
	// Paths lists all files, in order.
	Paths() []string
	// Has reports whether there is a file.
	Has(path string) bool
	// File gives the bytes of a file. The error is fs.ErrNotExist where there is none.
	File(path string) ([]byte, error)
}

// site is a state that is served.
type site struct {
	*State
	answer  target
	folders func() map[string]bool // that have a file in them or below; no slash at the end
}

// target answers as one kind of server does. path is decoded and clean, query as sent.
type target func(s *site, path, query string) (reply, error)

// newSite makes a state ready to be served. What was compiled for the one before is used again if it can be.
func newSite(s *State, before *site) (*site, error) {
	next := &site{State: s, folders: sync.OnceValue(func() map[string]bool { return foldersOf(s.Files.Paths()) })}
	if before != nil && before.targetName() == s.targetName() && before.Table.Same(s.Table) {
		next.answer = before.answer
		return next, nil
	}
	var err error
	next.answer, err = newTarget(s)
	return next, err
}

// foldersOf lists the folders that paths lie in.
func foldersOf(paths []string) map[string]bool {
	folders := map[string]bool{}
	for _, p := range paths {
		for i := strings.LastIndexByte(p, '/'); i > 0 && !folders[p[:i]]; i = strings.LastIndexByte(p[:i], '/') {
			folders[p[:i]] = true
		}
	}
	return folders
}

// newTarget imitates the server that the state is compiled for.
func newTarget(s *State) (target, error) {
	switch s.targetName() {
	case "s3":
		return newS3(s.Target, s.Table)
	case "cloudfront":
		return newCloudFront(s.Target, s.Table)
	}
	return nginx, nil
}

func (s *State) targetName() string {
	if s.Target == nil {
		return "nginx"
	}
	return s.Target.Name()
}

// compiled gives the files of a target by their name in its folder.
func compiled(t redirect.Target, table *redirect.Table) (map[string][]byte, error) {
	files, err := t.Compile(table)
	if err != nil {
		return nil, err
	}
	byName := map[string][]byte{}
	for _, f := range files {
		byName[strings.TrimPrefix(f.Path, t.Name()+"/")] = f.Data
	}
	return byName, nil
}
