package site

// producers make the pages and files that come from the catalogue, in this order. They add them to the
// build (AddPage, AddFile); an error stops the build, and should be a Findings where a file is to blame.
// The sitemap comes last, since it lists the pages of all others.
func producers() []func(*Build) error {
	return []func(*Build) error{addDownloads, addSitemap}
}

// addDownloads adds all pages and files about packages. Releases come first: adding their pages determines which of
// them have notes, and other pages link to the notes.
func addDownloads(b *Build) error {
	releases := releasesOf(b.Index.Spec(), itemsOf(b.Index.Spec(), b.Index.Packages()))
	addReleases(b, releases)
	addSums(b, releases)
	addPreview(b)
	addHome(b, releases)
	b.added = append(b.added, b.derived.cells...)
	addErrors(b)
	addAPIPage(b, releases)
	addFeeds(b, releases)
	addAPI(b, releases)
	b.Text(StatsURL) // the introduction of a page that RenderPage makes
	return nil
}
