package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/geodb"
)

// geoTimeout limits the download of the database (60 MB).
const geoTimeout = 15 * time.Minute

// statsGeoIP implements sitegen stats geoip-update.
type statsGeoIP struct{ *program }

func (p statsGeoIP) updateCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "geoip-update [flags]",
		Short: "fetch the database that maps addresses to countries",
		Long: `geoip-update fetches ` + geodb.Edition + ` from MaxMind, if there is a newer one, and stores it in
geoip/ in the data folder, where stats finds it. It needs a free MaxMind account. Set
GEOIPUPDATE_ACCOUNT_ID and GEOIPUPDATE_LICENSE_KEY, or GEOIPUPDATE_ACCOUNT_ID_FILE and
GEOIPUPDATE_LICENSE_KEY_FILE to the paths of files that contain them. GEOIPUPDATE_HOST
sets a server other than MaxMind's.
`,
		Example: `  sitegen stats geoip-update && sitegen stats access.log*`,
		Args:    noArguments,
	}, func(cmd *cobra.Command, _ []string) error {
		c, err := p.load(cmd)
		if err != nil {
			return err
		}
		account, err := geodb.FromEnvironment(p.environ)
		if err != nil {
			return err
		}
		path := geodb.Path(c.Data)
		day, err := geodb.Update(cmd.Context(), &http.Client{Timeout: geoTimeout}, account, path)
		switch {
		case err != nil || given(cmd, "quiet"):
		case day.IsZero():
			fmt.Fprintf(p.stdout, "%s is up to date\n", path)
		default:
			fmt.Fprintf(p.stdout, "%s updated to the version of %s\n", path, day.Format(time.DateOnly))
		}
		return err
	})
	addOptions(cmd, "data", "log_format")
	addMessages(cmd)
	return cmd
}
