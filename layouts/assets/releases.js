// Filters the list of releases while the visitor types. The filter is kept in the address, so that it can be shared.
const form = document.getElementById("filter")
const rows = [...document.querySelectorAll(".series tbody tr")]

function show() {
  const {q, system, year} = Object.fromEntries(new FormData(form))
  const words = q.toLowerCase().split(/\s+/)
  let shown = 0
  for (const row of rows) {
    row.hidden = !(words.every(word => row.dataset.text.toLowerCase().includes(word)) &&
      (!system || row.dataset.os.split(" ").includes(system)) && (!year || row.dataset.year === year))
    shown += !row.hidden
  }
  for (const series of document.querySelectorAll(".series")) {
    series.hidden = [...series.querySelectorAll("tbody tr")].every(row => row.hidden)
  }
  const filtered = q.trim() || system || year
  document.querySelector(".jump").hidden = Boolean(filtered)
  document.getElementById("found").textContent = !filtered ? "" :
    shown === 0 ? text("none") : text("found", {count: shown, all: rows.length})
}

if (form && rows.length > 0) {
  const asked = new URLSearchParams(location.search)
  for (const field of form.querySelectorAll("[name]")) field.value = asked.get(field.name) ?? ""
  form.hidden = false
  form.oninput = () => {
    const chosen = new URLSearchParams([...new FormData(form)].filter(([, value]) => value))
    history.replaceState(null, "", (chosen.size ? "?" + chosen : location.pathname) + location.hash)
    show()
  }
  form.onsubmit = event => event.preventDefault()
  show()
}
