package config

import (
	"github.com/Slicer/sitegen/generator/backup/archive"
	"github.com/Slicer/sitegen/generator/backup/place"
)

// backupOptions are the options of backups.
var backupOptions = []*Option{
	{
		Key: "backup.target", Group: "Backups",
		Usage: "where backups are stored",
		Doc: "Where `sitegen backup` stores backups and `sitegen restore` finds them, unless the " +
			"command line names a place: a folder, `s3://bucket/prefix` or `github://owner/repository/tag`. " +
			"[backup.md](backup.md) describes all of them.",
		field: one("address", func(c *Config) *string { return &c.Backup.Target }, backupTarget, same),
	},
	{
		Key: "backup.recipients", Group: "Backups",
		Usage: "public keys of age for which the key of visitors is encrypted in backups",
		Doc: "Public keys of [age](https://age-encryption.org), `age1…`. With at least one, backups contain the key " +
			"of visitors, encrypted; the owner of any of them can restore it. Empty: backups do not contain it.",
		field: many("list of age recipients", ",", func(c *Config) *[]string { return &c.Backup.Recipients },
			recipient, same),
	},
	{
		Key: "backup.keep", Group: "Backups", Default: "30",
		Usage: "number of backups that are kept",
		Doc: "How many backups of this site are kept at the target. Older ones are removed after a new one has been " +
			"checked. `0`: all.",
		field: number(func(c *Config) *int { return &c.Backup.Keep }, 0, 100_000),
	},
	{
		Key: "github_token", Group: "Backups", NotInFile: true, Secret: true,
		Usage: "token for backups in releases of GitHub",
		Doc: "Token for backups in releases of GitHub, with the permission *Contents: read and write* on the " +
			"repository. Without it, `GITHUB_TOKEN` is used. It cannot be set in the file, because it is a secret.",
		field: text(func(c *Config) *string { return &c.GitHubToken }, oneLine),
	},
}

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
