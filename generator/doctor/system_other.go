//go:build !linux

package doctor

import (
	"io/fs"
	"time"
)

func owner(fs.FileInfo) (uid, gid int, ok bool) { return 0, 0, false }

func changedAt(info fs.FileInfo) time.Time { return info.ModTime() }

func hasACL(string) bool { return false }

func mayWrite(string) error { return nil }

func free(string) (bytes, inodes uint64, err error) { return 0, 0, errNotSeen }
