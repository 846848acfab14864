package doctor

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/dustin/go-humanize"

	"github.com/Slicer/sitegen/generator/output"
)

// The room below which a file system counts as nearly full.
const (
	minBytes  = 200 << 20 // a build of a large site, and its temporary files
	minInodes = 2000
)

// folders checks that sitegen can write where it has to, and that other users cannot.
func (x *examination) folders() {
	c := &x.project.Config
	for _, f := range []struct{ key, path string }{{"out", c.Out}, {"redirects", c.Redirects}, {"data", c.Data}} {
		info, err := os.Stat(f.path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			x.problem("Run sitegen build, or name the folder with --"+f.key+" or in "+c.File+".",
				"%s: does not exist (%s)", f.path, f.key)
			continue
		case err != nil:
			x.failed(err, "Run sitegen doctor as the user who runs sitegen build.")
			continue
		case !info.IsDir():
			x.problem("Move the file away.", "%s: is not a folder (%s)", f.path, f.key)
			continue
		}
		if err := mayWrite(f.path); err != nil {
			x.problem("Run sitegen as the owner of the folder, change its owner or mode, or mount the disk writable.",
				"%s: user %s may not write to it: %v", f.path, currentUser(), err)
			continue
		}
		if info.Mode().Perm()&0o002 != 0 {
			x.problem("chmod o-w "+f.path, "%s: every user of this machine can change it (mode %04o)", f.path,
				info.Mode().Perm())
			continue
		}
		x.ok("%s: user %s can write to it", f.path, currentUser())
		x.room(f.path)
	}
	x.private()
	x.owners()
	for _, command := range c.AfterChange {
		if _, err := exec.LookPath(command.Args[0]); err != nil {
			x.problem("Install it, or write its full path in after_change: cron has a short PATH.",
				"after_change: %v", err)
		}
	}
}

// room checks that the disk is not nearly full.
func (x *examination) room(path string) {
	bytes, inodes, err := free(path)
	switch {
	case err != nil:
		x.skip("%s: free space: %v", path, err)
	case bytes < minBytes:
		x.problem("Free some space, or enlarge the disk.", "%s: only %s are free", path, humanize.IBytes(bytes))
	case inodes < minInodes:
		x.problem("Delete files on this disk: it can hold no more of them, whatever their size.",
			"%s: only %d inodes are free", path, inodes)
	}
}

// private checks what other users must not read.
func (x *examination) private() {
	c := &x.project.Config
	if info, err := os.Stat(c.Data); err == nil && info.Mode().Perm()&0o007 != 0 {
		x.warn("chmod 700 "+c.Data, "%s: every user of this machine can read it, with what is stored of visitors "+
			"(mode %04o)", c.Data, info.Mode().Perm())
	}
	file := c.SourceHeaderFile
	if file == "" {
		return
	}
	switch info, err := os.Stat(file); {
	case err != nil:
		x.failed(err, "Create it, or correct source_header_file.")
	case info.Mode().Perm()&0o077 != 0:
		x.problem("chmod 600 "+file, "%s: other users can read the credentials of the source (mode %04o)", file,
			info.Mode().Perm())
	default:
		x.ok("%s: only its owner can read it", file)
	}
}

// owners checks that the owner of the data folder, as whom sitegen runs, can replace every file of the site. After a
// build by root, that is not so, and the next one by cron fails.
func (x *examination) owners() {
	c := &x.project.Config
	info, err := os.Stat(c.Data)
	if err != nil {
		return // reported by folders
	}
	uid, _, ok := owner(info)
	if !ok {
		x.skip("owners of the files: %v", errNotSeen)
		return
	}
	who := accountByID(uid)
	var wrong []string
	for _, root := range []string{c.Out, c.Redirects, c.Data} {
		err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			inPlace := e.IsDir() || root == c.Data && e.Type().IsRegular() // other files are replaced as a whole
			if info, err := e.Info(); inPlace && err == nil && !who.may(info, write) {
				wrong = append(wrong, path)
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			x.failed(err, "Run sitegen doctor as the owner of "+c.Data+".")
			return
		}
	}
	if len(wrong) > 0 {
		x.problem("chown -R "+who.name+" "+c.Out+" "+c.Redirects+" "+c.Data+
			"; run sitegen only as this user (sudo -u "+who.name+" sitegen …).",
			"user %s, the owner of %s, cannot write to %s", who.name, c.Data, some(wrong))
		return
	}
	x.ok("user %s, the owner of %s, can write to everything", who.name, c.Data)
}

// files checks that public/ and redirects/ are what the last runs wrote.
func (x *examination) files() {
	p := x.project
	for _, f := range []struct {
		what, command string
		o             output.Options
	}{
		{"the site", "sitegen build", p.BuildOutput()},
		{"the statistics", "sitegen stats", p.StatisticsOutput()},
		{"the badges", "sitegen stats", p.BadgeOutput()},
	} {
		if _, err := os.Stat(f.o.Data); errors.Is(err, fs.ErrNotExist) {
			continue // the command has not run yet
		}
		w, err := output.OpenReadOnly(f.o)
		if err == nil {
			err = errors.Join(w.Check(x.ctx), w.Close())
		}
		run, _ := output.Running(f.o.Data) // which may have begun after the manifest was read
		switch {
		case err == nil:
			x.ok("%s: every file is as the last run wrote it", f.what)
		case run != nil:
			x.skip("%s: a run is writing its files now", f.what)
		default:
			x.failed(err, "Run "+f.command+": it writes again what has changed.")
		}
	}
}
