package folder

import (
	"path"
	"regexp"
	"strings"
)

// WellKnown is the only hidden folder that is not ignored. Its files are for other programs, for instance security.txt
// (RFC 8615).
const WellKnown = ".well-known"

// Data is the only folder with _ that is not ignored. Its files are not published; pages show what they contain.
const Data = "_data"

// leftoverRE matches the names of files that programs leave behind: backups and unfinished files of editors, browsers
// and package managers, files of file managers, copies of merge tools and of programs that synchronise folders.
var leftoverRE = regexp.MustCompile(`(?i)~$|^~|^#|` +
	`\.(bak|old|orig|rej|save|sw[a-p]|kate-swp|te?mp|part|crdownload|(dpkg|ucf)-\w+|rpm(new|orig|save))$|` +
	`___jb_(tmp|old)___$|\.sb-[0-9a-f]+-\w+$|` +
	`^(thumbs\.db|ehthumbs(_vista)?\.db|desktop\.ini|\$recycle\.bin)$|` +
	`_(backup|base|local|remote)_[0-9]+(\.\w+)?$|\.sync-conflict-[0-9]+-`)

// Ignored reports whether a file or folder is not part of the site, given its path in the site's folder. Hidden files
// and folders (except .well-known), those that start with _ (except _data and those in .well-known), and leftovers of
// other programs are ignored.
func Ignored(name string) bool {
	base := path.Base(name)
	switch {
	case name == WellKnown, name == Data:
		return false
	case base[0] == '.' || leftoverRE.MatchString(base):
		return true
	}
	return base[0] == '_' && !strings.HasPrefix(name, WellKnown+"/")
}
