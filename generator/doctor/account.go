package doctor

import (
	"io/fs"
	"os/user"
	"slices"
	"strconv"
)

// account is a user of this machine.
type account struct {
	name   string
	uid    int
	groups []int
}

// The rights that may asks for: bits of a mode, as in the last octal digit.
const (
	read  = 4
	write = 2
	enter = 1 // a folder, or execute a file
)

// may reports whether a user has all of some rights on a file, by its mode alone: access control lists are not read.
func (a *account) may(info fs.FileInfo, rights fs.FileMode) bool {
	uid, gid, ok := owner(info)
	if !ok || a.uid == 0 {
		return true
	}
	mode := info.Mode().Perm()
	switch {
	case uid == a.uid:
		mode >>= 6
	case slices.Contains(a.groups, gid):
		mode >>= 3
	}
	return mode&rights == rights
}

// accountByID returns a user, with the number as name if it has none.
func accountByID(uid int) *account {
	u, err := user.LookupId(strconv.Itoa(uid))
	if err != nil {
		return &account{name: strconv.Itoa(uid), uid: uid}
	}
	return accountOf(u)
}

// accountByName returns a user.
func accountByName(name string) (*account, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, err
	}
	return accountOf(u), nil
}

func accountOf(u *user.User) *account {
	a := &account{name: u.Username}
	a.uid, _ = strconv.Atoi(u.Uid) // always a number on systems with modes
	ids, _ := u.GroupIds()         // without them, the primary group counts
	for _, id := range append(ids, u.Gid) {
		if n, err := strconv.Atoi(id); err == nil {
			a.groups = append(a.groups, n)
		}
	}
	return a
}

func currentUser() string {
	u, err := user.Current()
	if err != nil {
		return "unknown"
	}
	return u.Username
}
