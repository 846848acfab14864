package site

// producers make the pages and files that come from the catalogue, in this order. They add them to the
// build (AddPage, AddFile); an error stops the build, and should be a Findings where a file is to blame.
// The sitemap comes last, since it lists the pages of all others.
func producers() []func(*Build) error {
	return []func(*Build) error{}
}
