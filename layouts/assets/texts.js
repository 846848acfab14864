// Defines text, which returns a text of the page's language, and textParts, which returns it in parts, for values that
// are elements. The texts come from layouts/languages/. The value count selects a plural form.
{
  const texts = JSON.parse(document.currentScript.dataset.texts)
  const language = document.documentElement.lang
  const plural = new Intl.PluralRules(language)
  const number = new Intl.NumberFormat(language)
  window.textParts = (key, values = {}) => {
    const forms = texts[key]
    const form = typeof forms === "string" ? forms : forms[plural.select(values.count)] ?? forms.other
    return form.split(/\{([a-z_]+)\}/).map((part, n) =>
      n % 2 === 0 ? part : part === "count" ? number.format(values.count) : values[part])
  }
  window.text = (key, values) => textParts(key, values).join("")
}
