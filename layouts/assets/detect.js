// Moves the visitor's system to the front of #systems. This script stands right after the list, so that nothing moves
// after the page has been painted. It hides nothing: what it finds out may be wrong.
{
  const list = document.getElementById("systems")
  const agent = navigator.userAgent
  const hints = navigator.userAgentData
  const touch = navigator.maxTouchPoints > 1
  const phone = hints?.mobile || /Android|iPhone|iPad|iPod|Mobile/.test(agent) || /Macintosh/.test(agent) && touch
  const family = /Windows/.test(agent) ? "windows" : /Macintosh|Mac OS X/.test(agent) ? "macos" :
    /X11|Linux|CrOS/.test(agent) ? "unix" : ""
  const systems = [...list.children]
  const named = systems.find(s => agent.toLowerCase().includes(s.dataset.title.toLowerCase()))
  const found = phone ? undefined : named ?? systems.find(s => s.dataset.family === family)
  if (phone) document.getElementById("phone").hidden = false
  if (found) {
    list.classList.add("found")
    found.classList.add("mine")
    list.prepend(found)
    // On Windows and Linux, the browser knows the processor. On a Mac, only some browsers do, so both chips stay equal.
    if (family !== "macos" && hints?.getHighEntropyValues) {
      hints.getHighEntropyValues(["architecture"]).then(({architecture}) => {
        const arm = [...found.querySelectorAll(".get")].find(a => /arm|aarch/.test(a.dataset.arch))
        if (architecture === "arm" && arm) arm.parentElement.prepend(arm)
      }, () => {})
    }
  }
}
