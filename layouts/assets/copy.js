// Shows the buttons with the class copy, which copy the text of data-copy, or of the element before them.
for (const button of document.querySelectorAll(".copy")) {
  const label = button.textContent
  let timer
  button.hidden = !navigator.clipboard
  button.onclick = async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy ?? button.previousElementSibling.textContent)
      button.textContent = text("copied")
    } catch {
      button.textContent = text("denied")
    }
    clearTimeout(timer)
    timer = setTimeout(() => { button.textContent = label }, 2000)
  }
}
