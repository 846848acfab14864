package config

import (
	"github.com/Slicer/sitegen/generator/backup/archive"
	"github.com/Slicer/sitegen/generator/backup/place"
)

// backupTarget parses the address of backups, which may be empty. A relative path is resolved like a folder's.
func backupTarget(s, dir string) (string, error) {
	if s == "" {
		return "", nil
	}
	a, err := place.Parse(s)
	if err != nil {
		return "", invalid{what: "must be the place of backups", hint: "use " + place.Forms}
	}
	if a.Kind == place.Folder {
		return within(dir, s), oneLine(s)
	}
	return s, nil
}

// recipient parses a public key of age.
func recipient(s, _ string) (string, error) {
	if _, err := archive.ParseRecipient(s); err != nil {
		return "", invalid{what: "must be a public key of age", hint: "age-keygen prints it: age1…"}
	}
	return s, nil
}
