// Ctrl-K or / moves the focus to the search box, as on many sites.
addEventListener("keydown", event => {
  const box = document.querySelector(".search input")
  const typing = /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement?.tagName)
  if ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "k" ||
    event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault()
    box?.select()
    box?.focus()
  }
})
