// Names the system in the cells of phones, and adds a button to each day that shows the checksums of its builds, from
// their records.
for (const table of document.querySelectorAll(".month table")) {
  const titles = [...table.tHead.rows[0].cells].map(cell => cell.textContent)
  for (const row of table.tBodies[0].rows) {
    for (const cell of row.cells) if (cell.cellIndex > 0) cell.dataset.title = titles[cell.cellIndex]
    const button = document.createElement("button")
    button.type = "button"
    button.className = "copy show-sums"
    button.textContent = text("checksums")
    button.ariaLabel = text("checksums_of", {day: row.id})
    button.onclick = () => show(row, button)
    row.cells[0].append(button)
  }
}

async function show(row, button) {
  button.disabled = true
  const list = document.createElement("dl")
  list.className = "sums"
  for (const link of row.querySelectorAll("a[href^='/bitstream/']")) {
    const name = document.createElement("dt")
    name.textContent = link.ariaLabel
    const sum = document.createElement("dd")
    try {
      const record = await (await fetch(`/api/v1/packages/${link.pathname.split("/").pop()}.json`)).json()
      const code = document.createElement("code")
      code.textContent = record.sha512 ?? record.sha256 ?? text("unknown")
      sum.append(code)
    } catch {
      sum.textContent = text("failed")
    }
    list.append(name, sum)
  }
  const shown = row.parentElement.insertRow(row.sectionRowIndex + 1)
  const cell = shown.insertCell()
  cell.colSpan = row.cells.length
  cell.tabIndex = -1
  cell.append(list)
  cell.focus()
}
