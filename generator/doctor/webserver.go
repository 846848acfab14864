package doctor

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Slicer/sitegen/generator/redirect"
	"github.com/Slicer/sitegen/generator/redirect/servers"
)

// webUsers are the usual users of web servers, in /etc/passwd of Debian, of Red Hat, of Arch and Alpine.
func webUsers() []string { return []string{"www-data", "nginx", "http", "caddy"} }

// webServer checks that the web server's user may read every file of the site.
func (x *examination) webServer() {
	c := &x.project.Config
	if !slices.ContainsFunc(servers.All(), func(s redirect.Server) bool { // one that reads the disk, and is reloaded
		return s.Describe().Reload != "" && slices.Contains(c.Servers, s.Name())
	}) {
		x.skip("no server reads %s from this machine (servers: %s)", c.Out, strings.Join(c.Servers, ", "))
		return
	}
	who, why, err := x.webUser()
	if err != nil {
		x.problem("Name the user of the web server with --web-user.", "%v", err)
		return
	}
	if who == nil {
		x.skip("no web server runs here, and there is no user %s; name it with --web-user",
			strings.Join(webUsers(), ", "))
		return
	}
	public, err := filepath.Abs(c.Out)
	if err == nil {
		public, err = filepath.EvalSymlinks(public)
	}
	if err != nil {
		return // reported by folders
	}
	before := len(x.list)
	for _, dir := range above(public) {
		x.mayRead(who, dir, enter, "chmod o+x "+dir)
	}
	if len(x.list) > before {
		return // nothing below can be read
	}
	x.tree(who, public)
	if len(x.list) == before {
		x.ok("user %s (%s) can read every file of %s", who.name, why, c.Out)
	}
}

// webUser returns the user of the web server, and how it is known. It returns nil if it is unknown.
func (x *examination) webUser() (who *account, why string, err error) {
	if name := x.options.WebUser; name != "" {
		who, err = accountByName(name)
		return who, "--web-user", err
	}
	list, _ := processes() // without them, the usual names remain
	for _, p := range list {
		if p.isWorker() && p.uid != 0 {
			return accountByID(p.uid), fmt.Sprintf("of the running Nginx, process %d", p.pid), nil
		}
	}
	for _, name := range webUsers() {
		if who, err := accountByName(name); err == nil {
			return who, "a usual user of web servers", nil
		}
	}
	return nil, "", nil
}

// above returns the folders above a path, from the root.
func above(path string) (list []string) {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		list = append(list, dir)
		if dir == filepath.Dir(dir) {
			slices.Reverse(list)
			return list
		}
	}
}

// mayRead adds a finding if a user does not have rights on a file or folder.
func (x *examination) mayRead(who *account, path string, rights fs.FileMode, next string) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		x.failed(err, "Run sitegen doctor as a user who can read "+path+".")
	case hasACL(path):
		x.skip("%s: has an access control list, which doctor does not read; see getfacl %s", path, path)
	case !who.may(info, rights):
		x.problem(next, "user %s of the web server may not %s %s (mode %04o)", who.name, verb(rights), path,
			info.Mode().Perm())
	}
}

func verb(rights fs.FileMode) string {
	if rights&read != 0 {
		return "read"
	}
	return "pass the folder"
}

// tree checks all files of public/. Hidden files, such as those that are being written, are not served.
func (x *examination) tree(who *account, public string) {
	var denied, broken, listed []string
	err := filepath.WalkDir(public, func(path string, e fs.DirEntry, err error) error {
		if path != public && strings.HasPrefix(e.Name(), ".") && e.Name() != ".well-known" {
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if err != nil {
			return err
		}
		info, err := os.Stat(path) // of the target of a symbolic link
		switch {
		case err != nil:
			broken = append(broken, path)
		case info.IsDir() && who.may(info, read|enter), !info.IsDir() && who.may(info, read):
		case hasACL(path):
			listed = append(listed, path)
		default:
			denied = append(denied, path)
		}
		return nil
	})
	if err != nil {
		x.failed(err, "Run sitegen doctor as a user who can read "+public+".")
	}
	if len(denied) > 0 {
		x.problem("chmod -R o+rX "+public, "user %s of the web server may not read %s", who.name, some(denied))
	}
	if len(listed) > 0 {
		x.skip("access control lists, which doctor does not read, decide about %s; see getfacl", some(listed))
	}
	if len(broken) > 0 {
		x.warn("Correct or remove them.", "symbolic links that lead nowhere: %s", some(broken))
	}
}
