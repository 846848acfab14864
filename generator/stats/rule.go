package stats

import (
	"bytes"

	"github.com/Slicer/sitegen/generator/accesslog"
)

var bitstreamPath = []byte("/bitstream/")

// idLength is the length of a Girder id (hex digits).
const idLength = 24

// isDownload reports whether the method and the status of a request are those of a download by the default rule.
func isDownload(e *accesslog.Entry) bool {
	switch e.Status {
	case 200, 206, 302, 303, 307, 308:
		return string(e.Method) == "GET"
	}
	return false
}

// bitstreamOf returns the id in the target of a request. It reports exact if the path is /bitstream/<id> and nothing
// else: only such requests count by the default rule. Format 1.0 also counts paths with more characters after the first
// 24 of the id.
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

// isGirderID reports whether an id has the form of a Girder id, so that it can be that of a package that the catalogue
// does not contain yet.
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
