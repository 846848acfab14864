// Says in the heading which version, day or revision the address asks for. The page is the same for all addresses, so
// only a script can know this.
const asked = new URLSearchParams(location.search)
const words = [...document.querySelectorAll("#phrases li")].filter(({dataset}) => asked.get(dataset.parameter))
  .map(({dataset, textContent}) => textContent.replace("…", () => asked.get(dataset.parameter).slice(0, 40)))
if (words.length > 0) {
  document.querySelector("h1").textContent = words.join(", ")
  document.title = words.join(", ") + " · " + document.title
}
