package disk

import "syscall"

// inodes returns how many files the file system of a folder can have, and how many more.
func inodes(folder string) (total, free uint64, ok bool) {
	var s syscall.Statfs_t
	err := syscall.Statfs(folder, &s)
	return s.Files, s.Ffree, err == nil
}

// IsReadOnly reports whether the file system of a folder is mounted read-only.
func IsReadOnly(folder string) bool {
	var s syscall.Statfs_t
	return syscall.Statfs(folder, &s) == nil && s.Flags&syscall.MS_RDONLY != 0
}
