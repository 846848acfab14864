package site

// producers returns the functions that make pages and files from the catalogue, in the order in which they run. A
// producer adds them with AddPage and AddFile. An error stops the build; it should be a Findings if a file of the site
// is the cause. The sitemap comes last, because it lists the pages of all other producers.
func producers() []func(*Build) error {
	return []func(*Build) error{addDownloads, addSitemap}
}

// addDownloads adds all pages and files about packages. Releases come first: adding their pages determines which of
// them have notes, and other pages link to the notes.
func addDownloads(b *Build) error {
	releases := releasesOf(b.Index.Spec(), itemsOf(b.Index.Spec(), b.Index.Packages()))
	compareReleases(b.Index, releases, b.Withdrawn)
	addReleases(b, releases)
	addSums(b, releases)
	addCards(b, releases)
	addPreview(b)
	addBisect(b)
	addHome(b, releases)
	b.added = append(b.added, b.derived.cells...)
	addErrors(b)
	addAPIPage(b, releases)
	addSearch(b, releases)
	addFeeds(b, releases)
	addAPI(b, releases)
	for _, l := range b.locales {
		b.Text(l.prefix + StatsURL) // not a separate page: it is the introduction of a page that RenderPages makes
	}
	return nil
}
