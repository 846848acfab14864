// Package profile reads profiles. A profile describes one software project: its name, the systems and architectures of
// its packages, where the packages are listed, and pages about them on other sites. Everything that is specific to a
// project is in its profile, so the code of sitegen is the same for all projects.
//
// A profile is a YAML file. One profile, Default, is part of the program. A site for another project sets the path of
// its own profile in sitegen.yaml; docs/profile.md describes all keys:
//
//	profile: aurora.yaml
//
// Values that may differ between sites of the same project, such as the title and the base URL, can also be set in
// sitegen.yaml, which overrides the profile.
package profile

import (
	"github.com/Slicer/sitegen/generator/catalog"
)

// Profile is a validated profile.
type Profile struct {
	Name        string // name of a built-in profile, or path of the file
	BuiltIn     bool
	Project     string   // name of the software, as used in sentences
	Title       string   // title of the site
	Description string   // one sentence for search engines; "" for none
	Category    Category // "" if unknown
	Languages   []string // codes of the languages of the site, the one at its root first; nil for English alone
	BaseURL     string   // scheme and host of the published site; "" if sitegen.yaml must set it
	Source      string   // where the packages are listed; "" if sitegen.yaml must set it
	App         string   // id of the application on a Girder server; "" for other sources

	catalog.Scheme
	Links     []catalog.Link
	Resources []Resource
	Changes   string // URL of the changes between two revisions, with {from} and {to}; "" for none

	Download         catalog.Template // URL of a file, for sources without URLs; zero if the source must contain them
	LegacyRules      Text             // redirect rules for links of retired servers
	LegacyStatistics string           // name of the statistics file in format 1.0; "" for none
	LegacyCopies     []string         // paths of copies of that file, below the folder of the statistics
}

// Resource is a page about the project on another site: its documentation, forum or licence. All pages link to it.
type Resource struct {
	Title string
	URL   string
}

// Category is a kind of software, for search engines: the applicationCategory of schema.org.
type Category string

// Categories lists the categories that Google supports, see
// https://developers.google.com/search/docs/appearance/structured-data/software-app. schema.org allows any text.
func Categories() []Category {
	return []Category{
		"BrowserApplication", "BusinessApplication", "CommunicationApplication", "DesignApplication",
		"DesktopEnhancementApplication", "DeveloperApplication", "DriverApplication", "EducationalApplication",
		"EntertainmentApplication", "FinanceApplication", "GameApplication", "HealthApplication", "HomeApplication",
		"LifestyleApplication", "MultimediaApplication", "ReferenceApplication", "SecurityApplication",
		"ShoppingApplication", "SocialNetworkingApplication", "SportsApplication", "TravelApplication",
		"UtilitiesApplication",
	}
}

// Text is a file that belongs to a profile.
type Text struct {
	Name string // path of the file, for messages
	Text string
}

// Default is the name of the built-in profile, which is used by a site that does not set a profile.
const Default = "slicer"
