package compare

import (
	"net/url"
	"strings"

	"github.com/Slicer/sitegen/generator/replay"
)

// own holds the hosts of the two servers, and other names of the same site, as replay.HostOf returns them. An absolute
// URL of one of them is the same as its path:
//
//	https://download.example.org/bitstream/66  =  http://127.0.0.1:8080/bitstream/66  =  /bitstream/66
type own map[string]bool

// relative returns the path of an absolute URL of an own host, and any other text unchanged.
func (o own) relative(text string) string {
	scheme, rest, ok := strings.Cut(text, "://")
	if scheme = strings.ToLower(scheme); !ok || scheme != "http" && scheme != "https" {
		return text
	}
	end := strings.IndexAny(rest+"/", "/?#")
	if !o[replay.HostOf(&url.URL{Scheme: scheme, Host: rest[:end]})] {
		return text
	}
	if rest = rest[end:]; !strings.HasPrefix(rest, "/") {
		rest = "/" + rest
	}
	return rest
}

// relativeAll replaces the origins of own hosts within a text, where a path follows.
func (o own) relativeAll(text string) string {
	for host := range o {
		for _, scheme := range []string{"https://", "http://"} {
			text = strings.ReplaceAll(text, scheme+host+"/", "/")
		}
	}
	return text
}
