// Shows how often a release has been downloaded. The statistics change every day and the page of a release does not, so
// the page has no number. Without this script, or if the number is unknown, the link to the statistics remains.
{
  const place = document.getElementById("downloads")
  fetch(place.dataset.versions).then((answer) => answer.json()).then((versions) => {
    const found = versions.find(({version}) => version === place.dataset.version)
    if (!found) return
    const language = document.documentElement.lang.replace(/^en$/, "en-GB") // the site writes 9 September 2026
    const day = new Date(found.to).toLocaleDateString(language, {dateStyle: "long", timeZone: "UTC"})
    place.textContent = text("downloads", {count: found.total, day}) + " "
  }).catch(() => {}) // offline, or from an older version of sitegen
}
