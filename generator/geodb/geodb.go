// Package geodb fetches the database that tells where addresses are, GeoLite2 City of MaxMind, and keeps it up
// to date, with MaxMind's own client library.
//
// The account and its key come from the variables of MaxMind's program geoipupdate, not from sitegen.yaml: a
// key does not belong in a file that is shared.
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

// Edition is MaxMind's name of the database.
const Edition = "GeoLite2-City"

// Path is where the database is kept in a data folder.
func Path(data string) string { return filepath.Join(data, "geoip", Edition+".mmdb") }

// Account is what MaxMind knows a user by.
type Account struct {
	ID   int
	Key  string // secret
	Host string // URL of the server; "" for MaxMind's
}

// The variables of MaxMind's program geoipupdate. Those of account and key may have _FILE behind their names:
// then they name a file with the value.
const (
	idVariable   = "GEOIPUPDATE_ACCOUNT_ID"
	keyVariable  = "GEOIPUPDATE_LICENSE_KEY"
	hostVariable = "GEOIPUPDATE_HOST"
)

// FromEnvironment reads the account out of variables, each NAME=VALUE. Its errors have the kind fault.Usage.
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
			"An account is free: https://www.maxmind.com/en/geolite2/signup. Without one, a database of DB-IP does, see docs/stats.md.")
	}
	number, err := strconv.Atoi(id)
	if err != nil || number <= 0 {
		return Account{}, fault.Wrap(fault.Usage, fmt.Errorf("%s is not a number (found %q)", idVariable, id), "It is on the page of your account, beside the keys.")
	}
	host := values[hostVariable]
	if host != "" && !strings.Contains(host, "://") {
		host = "https://" + host
	}
	return Account{ID: number, Key: key, Host: host}, nil
}

// secret is the value of a variable, or of the file that its twin names.
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

// Update puts the newest database at path, whole or not at all, and reports of which day it is (UTC). It
// downloads nothing, and gives the zero time, when the newest is there. What the server does not give is an
// error of the kind fault.Source.
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
	return newest.LastModified.UTC(), put(path, newest.Reader, newest.MD5)
}

// put writes a database whose MD5 is known, in place of the one before.
func put(path string, r io.Reader, sum string) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return fmt.Errorf("make the folder of the GeoIP database: %w", err)
	}
	f, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644), renameio.WithExistingPermissions())
	if err != nil {
		return fmt.Errorf("write the GeoIP database: %w", err)
	}
	defer f.Cleanup()
	h := md5.New()
	if _, err := io.Copy(io.MultiWriter(f, h), r); err != nil {
		return fault.Wrap(fault.Source, fmt.Errorf("fetch the GeoIP database: %w", err), "The one before stays; run it again.")
	}
	if got := hex.EncodeToString(h.Sum(nil)); got != sum {
		return fault.Wrap(fault.Source, fmt.Errorf("fetch the GeoIP database: it came with the MD5 %s, not %.40q", got, sum), "The one before stays; run it again.")
	}
	if err := f.CloseAtomicallyReplace(); err != nil {
		return fmt.Errorf("write the GeoIP database: %w", err)
	}
	return nil
}

// sumOf is the MD5 of a file, by which MaxMind tells whether it is the newest; "" when there is none.
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

// explain marks what the server answered with what to do about it.
func explain(err error) error {
	hint := ""
	if answer, ok := errors.AsType[client.HTTPError](err); ok {
		switch answer.StatusCode {
		case http.StatusUnauthorized:
			hint = "Look at " + idVariable + " and " + keyVariable + "; a new key takes five minutes to work."
		case http.StatusForbidden:
			hint = "The account may not download " + Edition + ": look at its permissions, and at the licence agreement."
		case http.StatusTooManyRequests:
			hint = "The account has used up its downloads of today; the database is new twice a week."
		}
	}
	return fault.Wrap(fault.Source, fmt.Errorf("fetch the GeoIP database: %w", err), hint)
}
