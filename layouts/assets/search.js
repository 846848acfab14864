// Searches the index of the site for the words in the address, ?q=…, and while the visitor types in the box.
const results = document.getElementById("results")
const found = document.getElementById("found")
const box = document.querySelector(".search input")
const most = 50

// fold makes words comparable: lower case, without accents.
const fold = text => text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "")

// score returns how well an entry matches a word, 0 if not at all: the start of a word in the title is best.
function score({title, text}, word) {
  const at = title.indexOf(word)
  if (at === 0 || at > 0 && /[^\p{L}\p{N}.]/u.test(title[at - 1])) return title.length === at + word.length ? 8 : 4
  if (at > 0) return 2
  return text.includes(word) ? 1 : 0
}

// matches returns the entries that have all words, the best first, after what the API answers for a revision or a day.
function matches(index, q) {
  const words = fold(q).split(/\s+/).filter(Boolean)
  const list = []
  if (words.length === 0) return list
  for (const entry of index) {
    const scores = words.map(word => score(entry, word))
    if (Math.min(...scores) > 0) list.push([scores.reduce((a, b) => a + b), entry])
  }
  const pages = list.sort(([a], [b]) => b - a).map(([, entry]) => entry.from)
  const {revision, date} = results.dataset
  const build = (parameter, what) => ({t: what, u: `/?${new URLSearchParams({[parameter]: q.trim()})}`})
  if (revision && /^\d{3,9}$/.test(q.trim())) pages.unshift(build(revision, text("revision", {value: q.trim()})))
  if (date && /^\d{4}-\d\d-\d\d$/.test(q.trim())) pages.unshift(build(date, text("day", {value: q.trim()})))
  return pages
}

function show(index, q) {
  const pages = matches(index, q)
  document.getElementById("hint").hidden = Boolean(q.trim())
  found.textContent = !q.trim() ? "" : 
    pages.length === 0 ? text("none", {query: q.slice(0, 80)}) : text("found", {count: pages.length})
  results.replaceChildren(...pages.slice(0, most).map(({t, u, k, x}) => {
    const item = document.createElement("li")
    const link = document.createElement("a")
    link.href = u
    link.textContent = t
    item.append(link)
    if (k) item.append(" ", Object.assign(document.createElement("span"), {className: "badge", textContent: k}))
    if (x) item.append(Object.assign(document.createElement("p"), {className: "muted", textContent: x.length > 200 ? x.slice(0, 200) + "…" : x}))
    return item
  }))
}

const q = new URLSearchParams(location.search).get("q") ?? ""
box.value = q
fetch(results.dataset.index).then(response => {
  if (!response.ok) throw new Error(response.statusText)
  return response.json()
}).then(list => {
  const index = list.map(from => ({title: fold(from.t), text: fold(from.x ?? ""), from}))
  show(index, q)
  box.oninput = () => {
    history.replaceState(null, "", box.value ? "?" + new URLSearchParams({q: box.value}) : location.pathname)
    show(index, box.value)
  }
}, () => { found.textContent = text("failed") })
