// Names the value that the address contains, and proposes a corrected address or the nearest releases. The page is the
// same for all addresses, so only a script can know this.
const asked = new URLSearchParams(location.search)

// distance returns the number of edits that turn one word into another.
function distance(a, b) {
  let row = [...Array(b.length + 1).keys()]
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] !== b[j - 1]))
    }
    row = next
  }
  return row[b.length]
}

const given = document.getElementById("given")
const parameter = given?.dataset.parameter
if (asked.get(parameter)) {
  const value = asked.get(parameter)
  given.querySelector("code").textContent = `${parameter}=${value.slice(0, 80)}`
  given.hidden = false
  let best, least = 3
  for (const {dataset} of document.querySelectorAll("[data-value]")) {
    for (const word of [dataset.value, ...dataset.aliases.split(" ").filter(Boolean)]) {
      const begins = value.length > 1 && word.startsWith(value.toLowerCase()) ? 0 : 3
      const d = Math.min(begins, distance(value.toLowerCase().slice(0, 20), word))
      if (d < least) [best, least] = [dataset.value, d]
    }
  }
  if (best) {
    asked.set(parameter, best)
    const link = document.createElement("a")
    link.href = location.pathname + "?" + asked
    link.textContent = decodeURIComponent(link.search.slice(1))
    const proposal = given.querySelector("span")
    proposal.append(" ", link, "?")
    proposal.hidden = false
  }
}

// The newest releases of the series nearest to the version in the address, /releases/5.9/ or ?version=5.9.
const nearest = document.getElementById("nearest")
const {parameter: key, releases: folder} = nearest?.dataset ?? {}
const below = location.pathname.startsWith(folder) ? location.pathname.slice(folder.length).split("/")[0] : null
const version = asked.get(key) ?? below
if (nearest && /^\d/.test(version ?? "")) {
  const numbers = text => text.split(/\D+/).map(Number)
  const wanted = numbers(version)
  const away = version => numbers(version).map((n, i) => Math.abs(n - (wanted[i] ?? 0)))
  fetch("/api/v1/releases.json").then(response => response.json()).then(({releases}) => {
    const list = releases.filter(release => !release.superseded_by).map(({version}) => ({version, distance: away(version)}))
    list.sort(({distance: a}, {distance: b}) => {
      const i = a.findIndex((n, i) => n !== b[i])
      return i < 0 ? a.length - b.length : a[i] - (b[i] ?? 0)
    })
    for (const {version} of list.slice(0, 5)) {
      const link = document.createElement("a")
      link.href = `${folder}${encodeURIComponent(version)}/`
      link.textContent = version
      nearest.append(" ", link)
    }
    nearest.hidden = list.length === 0
  }, () => {})
}
