package main

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/backup"
	"github.com/Slicer/sitegen/generator/backup/place"
	"github.com/Slicer/sitegen/generator/fault"
	"github.com/Slicer/sitegen/generator/project"
	"github.com/Slicer/sitegen/generator/runs"
	"github.com/Slicer/sitegen/generator/stats"
)

// backupGroup is the heading in help for the flags of backups.
const backupGroup = "Backups"

// backupCommand implements sitegen backup.
type backupCommand struct{ *program }

func (p backupCommand) define() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "backup [flags] [FILE | FOLDER | s3://BUCKET/PREFIX | github://OWNER/REPOSITORY/TAG]",
		Short: "copy what cannot be made again to another place",
		Long: `backup copies the databases of the data folder to a file, a folder, a bucket of S3 or a
release on GitHub, also while builds and statistics run. It reads the new backup back from
there and checks it; then it removes the oldest ones of this site. Without a place, it uses
backup.target in sitegen.yaml.

The key of visitors is in the backup only if backup.recipients has public keys of age, for
which it is encrypted. docs/backup.md lists what a backup contains.
`,
		Example: `  sitegen backup --keep 30 /srv/backups
  sitegen backup --keep 30 --cron /srv/backups   from cron
  sitegen backup --verify /srv/backups      check the newest one`,
		Args: atMostOnePlace,
	}, func(cmd *cobra.Command, args []string) error {
		if given(cmd, "verify") { // makes none, so it is not the last backup
			return p.backup(cmd, args)
		}
		return p.recorded(runs.Backup, p.backup)(cmd, args)
	})
	addBackupOptions(cmd, "metrics")
	addRecording(cmd)
	flags := cmd.Flags()
	flags.Int("keep", 0, "keep the newest `N` backups of this site at the place, 0 for all")
	note(flags, "keep", backupGroup, "SITEGEN_BACKUP_KEEP")
	flags.Bool("public", false, "accept a public repository on GitHub, where everyone can read the backup")
	note(flags, "public", backupGroup, "")
	flags.Bool("verify", false, "check the newest backup at the place, or the named one; make none")
	note(flags, "verify", backupGroup, "")
	cmd.MarkFlagsMutuallyExclusive("verify", "keep")
	cmd.MarkFlagsMutuallyExclusive("verify", "cron")
	return cmd
}

func atMostOnePlace(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("takes at most one place (found %d arguments)", len(args))
	}
	return nil
}

// addBackupOptions adds the flags that backup and restore share, and those of the options with the given keys.
func addBackupOptions(cmd *cobra.Command, keys ...string) {
	addOptions(cmd, append(keys, "data", "base_url", "log_format")...)
	addMessages(cmd)
	cmd.Flags().Bool("json", false, "print the result as JSON, even with --quiet")
	note(cmd.Flags(), "json", messagesGroup, "")
}

// backupOptions returns the options that backup and restore share.
func (p *program) backupOptions(o *project.Project, args []string) backup.Options {
	return backup.Options{Target: strings.Join(args, ""), Program: versionLine(), Place: place.Options{
		Token: cmp.Or(o.Config.GitHubToken, p.variable("GITHUB_TOKEN")),
		API:   cmp.Or(p.variable("GITHUB_API_URL"), place.GitHubAPI),
	}}
}

// variable returns the value of an environment variable, "" if it is not set.
func (p *program) variable(name string) string {
	for _, v := range p.environ {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

func (p backupCommand) backup(cmd *cobra.Command, args []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	options := p.backupOptions(o, args)
	options.Place.Public = given(cmd, "public")
	options.Keep = o.Config.Backup.Keep
	if cmd.Flags().Changed("keep") {
		if options.Keep, _ = cmd.Flags().GetInt("keep"); options.Keep < 0 {
			return fault.Wrap(fault.Usage, fmt.Errorf("--keep must not be negative (found %d)", options.Keep), "")
		}
	}
	run := backup.Run
	if given(cmd, "verify") {
		run = backup.Verify
	}
	r, err := run(cmd.Context(), o, options)
	if r != nil {
		p.record.count(backupCounts(r)...)
	}
	if r != nil && given(cmd, "json") {
		err = errors.Join(err, printJSON(p.stdout, r))
	}
	if err != nil || given(cmd, "json") || given(cmd, "quiet") {
		return err
	}
	var rest []string
	if n := len(r.Removed); n > 0 || r.Kept > 0 {
		rest = append(rest, fmt.Sprintf("%s kept, %d removed", plural(r.Kept, "backup"), n))
	}
	if r.Key == backup.Encrypted {
		rest = append(rest, "with the key of visitors")
	}
	fmt.Fprintf(p.stdout, "%s\n", strings.Join(append([]string{fmt.Sprintf("%s: %s (%s), checked", printable(r.Backup),
		plural(len(r.Files), "file"), humanize.Bytes(uint64(r.Bytes)))}, rest...), "; "))
	if r.Key == backup.Apart && !given(cmd, "verify") {
		p.messages.Info(keyApart(o))
	}
	return nil
}

// backupCounts returns the numbers of a backup for its record.
func backupCounts(r *backup.Report) []runs.Count {
	return []runs.Count{
		{Name: "bytes", Help: "size of the backup in bytes", Value: float64(r.Bytes)},
		{Name: "files", Help: "files in the backup", Value: float64(len(r.Files))},
		{Name: "kept", Help: "backups of this site at the place, 0 for a single file", Value: float64(r.Kept)},
		{Name: "removed", Help: "older backups that were removed", Value: float64(len(r.Removed))},
	}
}

// keyApart returns the message about a backup without the key of visitors.
func keyApart(o *project.Project) string {
	return fmt.Sprintf("the key of visitors is not in the backup, only in %s: set backup.recipients, or keep a copy "+
		"of the file elsewhere. Without it, known visitors count again", filepath.Join(o.Config.Data, stats.KeyFile))
}

// restoreCommand implements sitegen restore.
type restoreCommand struct{ *program }

func (p restoreCommand) define() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "restore [flags] [FILE | FOLDER | s3://BUCKET/PREFIX | github://OWNER/REPOSITORY/TAG]",
		Short: "bring a backup back",
		Long: `restore replaces the databases of the data folder with those of a backup: of the named one,
or of the newest one of this site at the named place. Without a place, it uses backup.target
in sitegen.yaml. It checks the whole backup first, and refuses to overwrite newer data.

All files are replaced together, even if restore is killed, and the replaced ones stay in
before-restore in the data folder. Run sitegen build and sitegen stats afterwards.
`,
		Example: `  sitegen restore --dry-run /srv/backups    check the newest one, change nothing
  sitegen restore --force /srv/backups      bring it back, even if there is newer data`,
		Args: atMostOnePlace,
	}, p.restore)
	addBackupOptions(cmd)
	flags := cmd.Flags()
	flags.String("identity", "", "`FILE` of age-keygen with the secret key for the key of visitors")
	note(flags, "identity", backupGroup, "")
	_ = cmd.MarkFlagFilename("identity")
	flags.Bool("force", false, "overwrite newer data, or that of another site")
	note(flags, "force", backupGroup, "")
	flags.Bool("dry-run", false, "check the backup and print what would be replaced, but change nothing")
	note(flags, "dry-run", backupGroup, "")
	return cmd
}

func (p restoreCommand) restore(cmd *cobra.Command, args []string) error {
	o, err := p.open(cmd)
	if err != nil {
		return err
	}
	options := p.backupOptions(o, args)
	options.Force, options.DryRun = given(cmd, "force"), given(cmd, "dry-run")
	options.Identity = cmd.Flag("identity").Value.String()
	r, err := backup.Restore(cmd.Context(), o, options)
	if err != nil {
		return err
	}
	if given(cmd, "json") {
		return printJSON(p.stdout, r)
	}
	if !given(cmd, "quiet") || r.DryRun {
		p.report(r)
	}
	if r.Refused != "" {
		p.messages.Warn("without --dry-run, this is refused: " + r.Refused)
	}
	p.reportKey(o, r)
	return nil
}

// report prints what was or would be replaced.
func (p restoreCommand) report(r *backup.Restoration) {
	verb := "restored"
	if r.DryRun {
		verb = "would be restored"
	}
	fmt.Fprintf(p.stdout, "%s, of %s\n", printable(r.Backup), r.Time.Format(time.DateTime+" UTC"))
	for _, f := range r.Files {
		before := "there is none now"
		switch {
		case f.Damage != "":
			before = "the present one is damaged"
		case !f.Before.IsZero():
			before = "the present one is of " + f.Before.Format(time.DateTime+" UTC")
		}
		if !r.DryRun {
			before = strings.NewReplacer("there is none now", "there was none", "the present one is",
				"the replaced one was").Replace(before)
		}
		fmt.Fprintf(p.stdout, "%s with data until %s %s; %s\n", f.Name, f.Latest.Format(time.DateTime+" UTC"), verb,
			before)
	}
	if r.Before != "" {
		fmt.Fprintf(p.stdout, "the replaced files are in %s\n", r.Before)
	}
	if !r.DryRun {
		fmt.Fprintln(p.stdout, "next: sitegen build, sitegen stats")
	}
}

// reportKey warns if the key of visitors is not the one that the restored downloads need.
func (p restoreCommand) reportKey(o *project.Project, r *backup.Restoration) {
	file := filepath.Join(o.Config.Data, stats.KeyFile)
	switch r.Key {
	case backup.Missing:
		p.messages.Warn("the key of visitors is missing: restore it with --identity, or copy " + file +
			" from elsewhere, before you run sitegen stats. Without it, known visitors count again")
	case backup.Other:
		p.messages.Warn(file + " is not the key of visitors that the backup was made with: restore that with " +
			"--identity, or copy it from elsewhere. Without it, known visitors count again")
	}
}
