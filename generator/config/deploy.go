package config

import (
	"regexp"
	"strings"

	"github.com/Slicer/sitegen/generator/deploy/live"
	"github.com/Slicer/sitegen/generator/deploy/objects"
)

var (
	// bucketRE matches the names of buckets (S3 user guide, "Bucket naming rules").
	bucketRE = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	storeRE  = regexp.MustCompile(`^arn:aws:cloudfront::[0-9]{12}:key-value-store/[0-9A-Za-z-]+$`)
)

// bucketName checks the name of a bucket, which may be empty.
func bucketName(s string) error {
	if s != "" && !bucketRE.MatchString(s) {
		return invalid{what: "must be the name of a bucket",
			hint: "3 to 63 lower-case letters, digits, dots and hyphens"}
	}
	return nil
}

// storeARN checks the ARN of a key-value store, which may be empty.
func storeARN(s string) error {
	if s != "" && !storeRE.MatchString(s) {
		return invalid{what: "must be the ARN of a key-value store",
			hint: "for instance arn:aws:cloudfront::123456789012:key-value-store/0a1b2c3d-…"}
	}
	return nil
}

// edition checks the name of an edition.
func edition(s string) error {
	if !live.ValidEdition(s) {
		return invalid{what: "must be 1 to 32 lower-case letters, digits and hyphens", hint: "for instance staging"}
	}
	return nil
}

// String returns the host and the edition, as editionHost parses them.
func (h EditionHost) String() string { return h.Host + " " + h.Edition }

// editionHost parses a host and its edition.
func editionHost(s, dir string) (EditionHost, error) {
	words := strings.Fields(s)
	if len(words) != 2 {
		return EditionHost{}, invalid{what: "must be a host and an edition",
			hint: "for instance staging.example.org staging"}
	}
	host, err := hostName(words[0], dir)
	if err == nil {
		err = edition(words[1])
	}
	return EditionHost{host, words[1]}, err
}

// headerRule parses a header of files.
func headerRule(s, _ string) (objects.Rule, error) {
	r, err := objects.ParseRule(s)
	if err != nil {
		return r, invalid{what: "has an invalid rule", hint: err.Error()}
	}
	return r, nil
}
