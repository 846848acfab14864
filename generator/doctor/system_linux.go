package doctor

import (
	"io/fs"
	"syscall"
	"time"
)

// owner returns the numbers of the user and the group of a file.
func owner(info fs.FileInfo) (uid, gid int, ok bool) {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return int(s.Uid), int(s.Gid), true
}

// changedAt returns when a file got its present content and name. That is the time of its last change of status, which
// no program sets, unless a later chmod or chown has moved it: these change nothing that a web server reads.
func changedAt(info fs.FileInfo) time.Time {
	const writing = time.Minute // between the time that a build sets, and the end of its write
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return info.ModTime()
	}
	if changed := time.Unix(s.Ctim.Unix()); changed.Sub(info.ModTime()) < writing {
		return changed
	}
	return info.ModTime()
}

// hasACL reports whether a file has an access control list besides its mode.
func hasACL(path string) bool {
	n, err := syscall.Getxattr(path, "system.posix_acl_access", nil)
	return err == nil && n > 0
}

// mayWrite returns an error if this process may not create files in a folder.
func mayWrite(path string) error { return syscall.Access(path, write|enter) }

// free returns the room on the file system of a path. Some have no limit of inodes.
func free(path string) (bytes, inodes uint64, err error) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(path, &s); err != nil {
		return 0, 0, err
	}
	if s.Files == 0 {
		s.Ffree = minInodes
	}
	return s.Bavail * uint64(s.Bsize), s.Ffree, nil
}
