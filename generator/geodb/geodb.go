// Package geodb downloads MaxMind's GeoLite2 City, the database that maps IP addresses to places, and keeps it up to
// date. It uses MaxMind's client library.
//
// The account and its license key come from the environment variables of MaxMind's own program, geoipupdate, not from
// sitegen.yaml: a secret does not belong in a file that is shared. For example:
//
//	GEOIPUPDATE_ACCOUNT_ID=123456
//	GEOIPUPDATE_LICENSE_KEY_FILE=/etc/sitegen/maxmind.key
package geodb

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/google/renameio/v2"
	"github.com/maxmind/geoipupdate/v7/client"

	"github.com/Slicer/sitegen/generator/fault"
)

// Edition is MaxMind's ID of the database.
const Edition = "GeoLite2-City"

// Path returns the path of the database in a data folder.
func Path(data string) string { return filepath.Join(data, "geoip", Edition+".mmdb") }

// Account is an account at MaxMind.
type Account struct {
	ID   int
	Key  string // secret
	Host string // URL of the server; "" for MaxMind's own
}

// Environment variables of MaxMind's program geoipupdate. Instead of the ID or the key itself, a variable with the
// suffix _FILE, such as GEOIPUPDATE_LICENSE_KEY_FILE, can name a file that contains it.
const (
	idVariable   = "GEOIPUPDATE_ACCOUNT_ID"
	keyVariable  = "GEOIPUPDATE_LICENSE_KEY"
	hostVariable = "GEOIPUPDATE_HOST"
)

// FromEnvironment returns the account that the environment variables, each NAME=VALUE, describe. Errors have the kind
// fault.Usage.
func FromEnvironment(variables []string) (Account, error) {
	values := map[string]string{}
	for _, v := range variables {
		name, value, _ := strings.Cut(v, "=")
		values[name] = value
	}
	id, idErr := secret(values, idVariable)
	key, keyErr := secret(values, keyVariable)
	if err := errors.Join(idErr, keyErr); err != nil {
		return Account{}, fault.Wrap(fault.Usage, err,
			"Create a free account at https://www.maxmind.com/en/geolite2/signup, or use a database of DB-IP, "+
				"which needs none (see docs/stats.md).")
	}
	number, err := strconv.Atoi(id)
	if err != nil || number <= 0 {
		return Account{}, fault.Wrap(fault.Usage, fmt.Errorf("%s is not a number (found %q)", idVariable, id),
			"MaxMind shows the account ID next to your license keys.")
	}
	host := values[hostVariable]
	if host != "" && !strings.Contains(host, "://") {
		host = "https://" + host
	}
	return Account{ID: number, Key: key, Host: host}, nil
}

// secret returns the value of a variable, or the content of the file that its _FILE variant names.
func secret(values map[string]string, name string) (string, error) {
	if file := values[name+"_FILE"]; file != "" && values[name] == "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("%s_FILE: %w", name, err)
		}
		values[name] = string(b)
	}
	value := strings.TrimSpace(values[name])
	if value == "" {
		return "", fmt.Errorf("%s is not set", name)
	}
	return value, nil
}

// Update downloads the newest database to path, replacing the file there atomically, and returns the day of the
// database (UTC). If the file is already the newest database, it downloads nothing and returns the zero time. If the
// download fails, the error has the kind fault.Source and the file is unchanged.
func Update(ctx context.Context, web *http.Client, a Account, path string) (time.Time, error) {
	sum, err := sumOf(path)
	if err != nil {
		return time.Time{}, err
	}
	options := []client.Option{client.WithHTTPClient(web)}
	if a.Host != "" {
		options = append(options, client.WithEndpoint(a.Host))
	}
	c, err := client.New(a.ID, a.Key, options...)
	if err != nil {
		return time.Time{}, fault.Wrap(fault.Usage, err, "")
	}
	newest, err := c.Download(ctx, Edition, sum)
	if err != nil {
		return time.Time{}, explain(err)
	}
	defer newest.Reader.Close()
	if !newest.UpdateAvailable {
		return time.Time{}, nil
	}
	return newest.LastModified.UTC(), replace(path, newest.Reader, newest.MD5)
}

// replace replaces the database at path with the content of r. If its MD5 differs from sum, it returns an error and
// leaves the file unchanged.
func replace(path string, r io.Reader, sum string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("create the folder of the GeoIP database: %w", err)
	}
	f, err := renameio.NewPendingFile(path, renameio.WithTempDir(filepath.Dir(path)), renameio.WithPermissions(0o644),
		renameio.WithExistingPermissions())
	if err != nil {
		return fmt.Errorf("write the GeoIP database: %w", err)
	}
	defer f.Cleanup()
	h := md5.New()
	if _, err := io.Copy(io.MultiWriter(f, h), r); err != nil {
		return fault.Wrap(fault.Source, fmt.Errorf("download the GeoIP database: %w", err), retry)
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != sum {
		return fault.Wrap(fault.Source,
			fmt.Errorf("download the GeoIP database: MD5 mismatch (found %s, want %.40q)", got, sum), retry)
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("write the GeoIP database: %w", err)
	}
	return nil
}

// retry is the hint for a download that was interrupted or damaged.
const retry = "The previous database is unchanged. Run the command again."

// sumOf returns the MD5 of a file in hexadecimal, or "" if there is none. MaxMind compares it with the newest database.
func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read the GeoIP database: %w", err)
	}
	defer f.Close()
	h := md5.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read the GeoIP database: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// explain adds a hint to an error of MaxMind's server.
func explain(err error) error {
	hint := ""
	if answer, ok := errors.AsType[client.HTTPError](err); ok {
		switch answer.StatusCode {
		case http.StatusUnauthorized:
			hint = "Check " + idVariable + " and " + keyVariable + ". A new key works after about five minutes."
		case http.StatusForbidden:
			hint = "The account is not allowed to download " + Edition +
				". Check its permissions and the licence agreement."
		case http.StatusTooManyRequests:
			hint = "The account has reached its daily limit of downloads. Try again tomorrow."
		}
	}
	return fault.Wrap(fault.Source, fmt.Errorf("download the GeoIP database: %w", err), hint)
}
