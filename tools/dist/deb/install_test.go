package deb_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/Slicer/sitegen/generator/testutil"
)

// install installs the package on a fresh Debian, serves the sample with Nginx as README.Debian describes, has systemd
// run the units, upgrades, removes and purges the package.
func install(t *testing.T, file string) {
	m := boot(t)
	m.put(repack(t, file), "root/older.deb")
	m.put(file, "root/newer.deb")
	before := m.files()

	installOlder(m)
	serve(m)
	if t.Failed() {
		return
	}
	runUnits(m)
	failBuild(m)
	upgrade(m)
	remove(m)

	// Without a site, a purge leaves nothing behind.
	m.run("rm -rf /srv/download /var/backups/sitegen /var/log/download && apt-get -qq install -y /root/newer.deb")
	m.run("apt-get -qq purge -y sitegen")
	if diff := cmp.Diff(before, m.files()); diff != "" {
		t.Errorf("files after a purge (-before +after):\n%s", diff)
	}
}

// repack makes an earlier version of a package, with another sitegen.yaml.
func repack(t *testing.T, file string) string {
	t.Helper()
	dir, out := filepath.Join(t.TempDir(), "package"), filepath.Join(t.TempDir(), "older.deb")
	must(t, "dpkg-deb", "-R", file, dir)
	for path, change := range map[string][2]string{
		"DEBIAN/control":           {"Version: 1.2.0-1", "Version: 1.2.0~rc1-1"},
		"etc/sitegen/sitegen.yaml": {"alert_every: 6h", "alert_every: 12h"},
	} {
		path = filepath.Join(dir, path)
		data := string(read(t, path))
		text := strings.Replace(data, change[0], change[1], 1)
		if text == data {
			t.Fatalf("%s does not contain %q", path, change[0])
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	must(t, "dpkg-deb", "-Znone", "-b", dir, out)
	return out
}

// files lists the files of the machine, except those that apt, systemd, logrotate and the test write.
func (m *machine) files() []string {
	m.Helper()
	return strings.Split(m.run(`find /etc /srv /usr /var -xdev -not -path '/var/cache/*' -not -path '/var/lib/apt/*' \
		-not -path '/var/lib/dpkg/*' -not -path '/var/lib/logrotate/*' -not -path '/var/lib/systemd/*' \
		-not -path '/var/log/apt/*' -not -path '/var/log/dpkg.log' -not -path '/var/log/journal/*' \
		-not -path '/var/tmp/*' -not -path '/etc/hosts' -not -name '*-' | sort`), "\n")
}

// installOlder installs the earlier version: it makes the user and the folders, and enables nothing.
func installOlder(m *machine) {
	m.run("apt-get -qq install -y --no-install-recommends /root/older.deb")
	m.check("dpkg-query -W -f '${Version} ${db:Status-Status}' sitegen", "1.2.0~rc1-1 installed")
	m.check("getent passwd sitegen | cut -d: -f6,7", "/srv/download:/usr/sbin/nologin")
	m.check("stat -c '%n %a %U %G' /srv/download /srv/download/* /var/backups/sitegen /var/log/download",
		`/srv/download 755 sitegen sitegen
/srv/download/public 755 sitegen sitegen
/srv/download/redirects 755 sitegen sitegen
/srv/download/sitegen.yaml 777 root root
/srv/download/var 700 sitegen sitegen
/var/backups/sitegen 700 sitegen sitegen
/var/log/download 750 www-data adm`)
	m.check("readlink /srv/download/sitegen.yaml", "/etc/sitegen/sitegen.yaml")
	m.check("systemctl list-unit-files --state=enabled --no-legend 'sitegen*' || true", "")
	m.check("systemd-analyze verify --man=no /usr/lib/systemd/system/sitegen-*.*", "")
	m.contains("zcat /usr/share/man/man1/sitegen-build.1.gz | head -1", `.TH "SITEGEN\-BUILD" 1 "2026-11-27" "sitegen `)
	m.contains("runuser -u sitegen -- sitegen version", "sitegen ")

	// Tab completes a command, and the value of a flag, in a bash with a terminal.
	m.run(`printf 'sitegen self\t--help >/root/a\nsitegen explain --source sample --server cloudf\t/ >/root/b\nexit\n' |
		script -qec 'bash --rcfile /usr/share/bash-completion/bash_completion -i' /dev/null`)
	m.contains("cat /root/a", "self-test asks the site")
	m.contains("cat /root/b", "cloudfront")
}

// serve follows README.Debian, with the sample as the source, and a certificate that the machine trusts.
func serve(m *machine) {
	pem := m.TempDir()
	must(m.T, testutil.Need(m, "openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
		"-nodes", "-subj", "/CN=download.example.org", "-addext", "subjectAltName=DNS:download.example.org", "-days", "1",
		"-keyout", pem+"/privkey.pem", "-out", pem+"/fullchain.pem")
	const live = "etc/letsencrypt/live/download.example.org/"
	m.put(pem+"/privkey.pem", live+"privkey.pem")
	m.put(pem+"/fullchain.pem", live+"fullchain.pem")
	m.put(pem+"/fullchain.pem", "usr/local/share/ca-certificates/test.crt")
	m.run(`update-ca-certificates 2>/dev/null; echo 127.0.0.1 download.example.org >>/etc/hosts
		sed -i 's/^# source: .*/source: sample/' /etc/sitegen/sitegen.yaml`)

	readme := m.run("cat /usr/share/doc/sitegen/README.Debian")
	commands := regexp.MustCompile(`(?m)^ {6}(\S.*)$`).FindAllStringSubmatch(readme, -1)
	if len(commands) < 6 {
		m.Fatalf("README.Debian has only the commands %q", commands)
	}
	var script []string
	for _, c := range commands {
		script = append(script, c[1])
	}
	m.contains(strings.Join(script, "\n"), "failed     0")

	m.contains("curl -sS https://download.example.org/", "<h1")
	m.contains("curl -sSI 'https://download.example.org/download?os=linux&stability=release'", "location: /bitstream/")
	m.contains("curl -sSI https://download.example.org/latest", "HTTP/2 404")
	m.check("systemctl list-unit-files --state=enabled --no-legend 'sitegen*' | cut -d' ' -f1",
		"sitegen-backup.timer\nsitegen-build.timer\nsitegen-doctor.timer\nsitegen-stats.timer")
	m.run("systemctl stop 'sitegen-*.timer'") // the test starts the units when it is ready
}

// runUnits has systemd run the units, with their users and restrictions. A build reloads Nginx by after_change.
func runUnits(m *machine) {
	m.run(`printf '/latest\t/download?os=linux&stability=release\n' >/srv/download/redirects/rules.txt`)
	for _, unit := range []string{"build", "stats", "backup", "doctor"} {
		if out, err := m.try("systemctl start sitegen-" + unit + ".service"); err != nil {
			m.Errorf("%v %s\n%s", err, out, m.run("journalctl --no-pager -o cat -u 'sitegen-*' -u polkit"))
		}
	}
	m.contains("curl -sSI https://download.example.org/latest", "location: ")
	m.check("stat -c '%a %U' /var/backups/sitegen/*.tar.zst /srv/download/var/downloads.sqlite", "600 sitegen\n600 sitegen")
	m.contains("curl -sS https://download.example.org/download-stats/", "<h1")
	m.run("logrotate --force /etc/logrotate.d/sitegen")
	m.check("stat -c '%a %U %G' /var/log/download/access.log", "640 www-data adm")
	m.contains("cd /srv/download && sitegen status", "build")
}

// failBuild makes a build fail, and waits for the mail about it, and for the one about its end.
func failBuild(m *machine) {
	mail := func(text string) {
		m.Helper()
		m.wait("a mail with "+text, func() bool {
			out, _ := m.try("cat /var/mail/root")
			return strings.Contains(out, text)
		})
	}
	m.run("sed -i 's|^source: sample|source: /srv/download/none.json|' /etc/sitegen/sitegen.yaml")
	if _, err := m.try("systemctl start sitegen-build.service"); err == nil {
		m.Error("a build without its source succeeds")
	}
	mail("open /srv/download/none.json: no such file")
	m.run("sed -i 's|^source: .*|source: sample|' /etc/sitegen/sitegen.yaml; systemctl start sitegen-build.service")
	mail("build works again")
	m.check("grep -c '^Subject: sitegen-build.service on ' /var/mail/root", "2")
}

// upgrade installs the next version. The changed configuration stays, and the new one lies beside it.
func upgrade(m *machine) {
	m.run("apt-get -qq install -y -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold /root/newer.deb")
	m.check("dpkg-query -W -f '${Version}' sitegen", "1.2.0-1")
	m.check("grep -hE '^(source|alert_every):' /etc/sitegen/sitegen.yaml", "source: sample\nalert_every: 12h")
	m.check("grep -h ^alert_every: /etc/sitegen/sitegen.yaml.dpkg-dist", "alert_every: 6h")
	m.check("systemctl is-enabled sitegen-build.timer sitegen-deploy.timer || true", "enabled\ndisabled")
	m.check("dpkg --verify sitegen | grep -v '/etc/sitegen/sitegen.yaml$' || true", "")
	m.run("systemctl start sitegen-build.service")
}

// remove removes the package, and purges it: the site remains.
func remove(m *machine) {
	m.run("systemctl start sitegen-build.timer && apt-get -qq remove -y sitegen")
	m.check("systemctl is-active sitegen-build.timer || true", "inactive")
	m.run("test -e /etc/sitegen/sitegen.yaml -a ! -e /usr/bin/sitegen")
	m.contains("curl -sS https://download.example.org/", "<h1")

	m.contains("apt-get purge -y sitegen", "/srv/download /var/backups/sitegen /var/log/download")
	m.run("test ! -e /etc/sitegen -a ! -L /srv/download/sitegen.yaml")
	m.check("find /etc/systemd -name '*sitegen*'", "")
	m.contains("curl -sSI 'https://download.example.org/download?os=linux&stability=release'", "location: /bitstream/")
	m.run("getent passwd sitegen; ls /var/backups/sitegen/*.tar.zst /srv/download/var/*.sqlite")
	m.run("rm /etc/nginx/conf.d/download.conf; systemctl reload nginx; rm -rf /etc/letsencrypt " +
		"/usr/local/share/ca-certificates/test.crt; update-ca-certificates --fresh >/dev/null 2>&1; rm -f /var/mail/root")
}
