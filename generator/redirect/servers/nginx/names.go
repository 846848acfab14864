package nginx

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/Slicer/sitegen/generator/output"
)

// names writes the names of a site's variables.
//
// All sites in one Nginx share their variables: if two of them define $sitegen_os, the second definition silently
// replaces the first. The name of each variable therefore contains the name of its site. The code and the files in
// conf/ write $sitegen_os for the variable that is $sitegen_staging_os in the files of the site "staging". The same
// applies to named groups of regular expressions, because each of them is a variable, too.
type names struct {
	site string // lower-case letters and digits; "" for the only site of an Nginx
}

// mark is the start of the names in the code and in conf/.
const mark = "sitegen_"

// constant is a text in the code. The compiler converts only constants to this type without being told to, so the paths
// and versions of a site, which may contain "sitegen_", cannot become one by mistake.
type constant string

// own returns a text with the names of the site's variables. It formats args as fmt.Sprintf does, without changing
// names in them: own("map $sitegen_os %s", "$x") is "map $sitegen_staging_os $x".
func (n names) own(format constant, args ...any) string {
	return fmt.Sprintf(n.replace(string(format)), args...)
}

func (n names) replace(text string) string {
	if n.site == "" {
		return text
	}
	return strings.ReplaceAll(text, mark, mark+n.site+"_")
}

// maxName is the maximum length of a variable's name. With its default settings, Nginx refuses to start if a name is
// longer than 46 bytes. See hash.conf, which an administrator may have left out.
const maxName = 46

// suffixed returns a variable whose name is that of another one and a suffix. If the name is longer than maxName, its
// end is replaced by digits of its SHA-256 hash. For example,
//
//	$sitegen_staging_version_x86__64_windows_release_list   becomes
//	$sitegen_staging_version_x86__64_win_cb6f61393f
func suffixed(variable, suffix string) string {
	long := variable + "_" + suffix
	if len(long) <= len("$")+maxName {
		return long
	}
	const digits = 10
	sum := sha256.Sum256([]byte(long))
	return long[:len("$")+maxName-digits-1] + "_" + hex.EncodeToString(sum[:digits/2])
}

// unique writes name.conf, which makes Nginx refuse two sites with the same name.
func (n names) unique() output.File {
	t := text{names: n}
	t.printf("log_format %s $host;\n", strings.TrimSuffix(n.own(mark), "_"))
	return file("http/name.conf", `
		Nginx accepts each name of a log format only once. If it reports this one as a duplicate, two sites have the
		same name, and each would answer with packages of the other. Set name: in the sitegen.yaml of one of them. The
		format itself is not used.`, &t)
}
