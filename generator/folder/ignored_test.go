package folder_test

import (
	"strings"
	"testing"

	"github.com/Slicer/sitegen/generator/folder"
)

func TestIgnored(t *testing.T) {
	for want, names := range map[bool]string{
		true: "_headers _redirects _index.md docs/_index.md _drafts docs/_data _data/_x.yaml __MACOSX .DS_Store ._x.md .git .gitignore " +
			".hidden.md docs/.well-known x.md~ docs/x.md~ .x.md.swp x.swp x.swo #x.md# .#x.md x.md.orig x.md.rej " +
			"x.md.bak x.MD.BAK x.tmp x.md.save Thumbs.db img/thumbs.db desktop.ini x.md___jb_tmp___ " +
			"x.md___jb_old___ x.md.sb-1a2b3c4d-AbCdEf ~$report.docx $RECYCLE.BIN x_BASE_1234.md x_REMOTE_99.md " +
			"x.sync-conflict-20260102-101112-ABCDEFG.md .well-known/.DS_Store .well-known/security.txt~ " +
			"x.md.old x.conf.dpkg-dist x.conf.rpmsave x.md.kate-swp setup.exe.part setup.exe.crdownload",
		false: "_data _data/install.yaml x.md x.MD x.markdown docs robots.txt .well-known .well-known/security.txt .well-known/_token " +
			".well-known/acme-challenge/-x swap.md backup.zip x.original.md thumbs.dbx x_local_.md a_b_c.md 5.12.4.md older.md old part " +
			"x.part1.rar",
	} {
		for name := range strings.FieldsSeq(names) {
			if got := folder.Ignored(name); got != want {
				t.Errorf("%s: ignored: %v, want %v", name, got, want)
			}
		}
	}
}
