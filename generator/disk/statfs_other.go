//go:build !linux

package disk

// inodes returns false: the number of files is unknown.
func inodes(string) (total, free uint64, ok bool) { return 0, 0, false }

// IsReadOnly returns false: how the file system is mounted is unknown.
func IsReadOnly(string) bool { return false }
