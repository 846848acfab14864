// Shows how often a release has been downloaded. The statistics change every day and the page of a release does not, so
// the page has no number. Without this script, or if the number is unknown, the link to the statistics remains.
{
  const place = document.getElementById("downloads")
  fetch(place.dataset.series).then((answer) => answer.ok ? answer.json() : null).then((series) => {
    if (!series?.total) return
    const language = document.documentElement.lang.replace(/^en$/, "en-GB") // the site writes 9 September 2026
    const day = new Date(Date.parse(series.from) + (series.downloads.length - 1) * 864e5)
      .toLocaleDateString(language, {dateStyle: "long", timeZone: "UTC"})
    place.textContent = text("downloads", {count: series.total, day}) + " "
  }).catch(() => {}) // offline, or not a series
}
