package stats

import (
	"bytes"

	"github.com/Slicer/sitegen/generator/accesslog"
)

var bitstreamPath = []byte("/bitstream/")

// idLength is that of a Girder id (hex digits).
const idLength = 24

// isDownload is the default rule but for the path: what a request must be, to count.
func isDownload(e *accesslog.Entry) bool {
	switch e.Status {
	case 200, 206, 302, 303, 307, 308:
		return string(e.Method) == "GET"
	}
	return false
}

// bitstreamOf takes the id out of a request's target. Exact means that the path is /bitstream/<id> and nothing
// more: only such requests count by the default rule, while format 1.0 took 24 digits with anything behind
// them.
func bitstreamOf(target []byte) (id []byte, exact bool) {
	rest, ok := bytes.CutPrefix(target, bitstreamPath)
	if !ok {
		return nil, false
	}
	id, _, _ = bytes.Cut(rest, []byte{'?'})
	if len(id) <= idLength {
		return id, true
	}
	return id[:idLength], false
}

// isGirderID reports whether an id can be that of a package that no catalogue has named yet.
func isGirderID(id []byte) bool {
	if len(id) != idLength {
		return false
	}
	for _, c := range id {
		if (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
