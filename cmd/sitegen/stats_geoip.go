package main

import (
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/Slicer/sitegen/generator/geodb"
)

// geoTimeout is how long the download of 60 MB may take.
const geoTimeout = 15 * time.Minute

// statsGeoIP is sitegen stats geoip-update.
type statsGeoIP struct{ *program }

func (p statsGeoIP) updateCommand() *cobra.Command {
	cmd := p.command(&cobra.Command{
		Use:   "geoip-update [flags]",
		Short: "fetch the database that tells countries",
		Long: `geoip-update fetches ` + geodb.Edition + ` of MaxMind into geoip/ of the data folder, where stats
finds it, if there is a newer one. It needs a free account, and takes its number and key
from GEOIPUPDATE_ACCOUNT_ID and GEOIPUPDATE_LICENSE_KEY, or from the files that
GEOIPUPDATE_ACCOUNT_ID_FILE and GEOIPUPDATE_LICENSE_KEY_FILE name. GEOIPUPDATE_HOST is
another server than MaxMind's.
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
			fmt.Fprintf(p.stdout, "%s is the newest there is\n", path)
		default:
			fmt.Fprintf(p.stdout, "%s is of %s now\n", path, day.Format(time.DateOnly))
		}
		return err
	})
	addOptions(cmd, "data", "log_format")
	addMessages(cmd)
	return cmd
}
