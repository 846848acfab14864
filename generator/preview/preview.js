// The script of sitegen serve. It reloads a page after a build and shows mistakes. Only pages of the preview contain
// it. A hidden page closes its connection, because browsers allow only a few connections to a server.
(() => {
  const script = document.currentScript;
  const build = { shown: script.dataset.build };
  const scrollKey = "sitegen-scroll " + location.pathname + location.search;

  const host = document.createElement("sitegen-preview");
  const root = host.attachShadow({ mode: "open" });
  // The Content-Security-Policy of the site forbids style elements, but not style sheets of scripts.
  const style = new CSSStyleSheet();
  style.replaceSync(`
    :host { all: initial; position: sticky; bottom: 0; display: block; z-index: 2147483647; }
    * { box-sizing: border-box; font: 13px/1.5 system-ui, sans-serif; }
    #bar { margin: 0; padding: 4px 12px; color: #fff; background: #1f2937; }
    #bar a { color: #93c5fd; }
    #overlay { position: fixed; inset: 0; overflow: auto; padding: 24px; color: #fff; }
    #overlay { background: rgba(17, 24, 39, .94); }
    #overlay[hidden] { display: none; }
    #overlay h1 { margin: 0 0 12px; font-size: 18px; font-weight: 600; color: #fca5a5; }
    #overlay pre { margin: 0 0 16px; white-space: pre-wrap; font: 13px/1.6 ui-monospace, monospace; }
    button { padding: 4px 12px; }
    @media print { :host { display: none; } }
  `);
  root.adoptedStyleSheets = [style];
  root.innerHTML = `<div id="overlay" role="alertdialog" aria-labelledby="title" hidden>
    <h1 id="title">Build failed</h1><pre id="problems"></pre>
    <button id="behind">Show the last good page</button>
  </div>
  <p id="bar" role="status"></p>`;
  const part = (id) => root.getElementById(id);
  const attach = () => document.body.append(host);
  if (document.body) attach(); else addEventListener("DOMContentLoaded", attach);
  part("behind").onclick = () => { part("overlay").hidden = true; };
  addEventListener("keydown", (e) => { if (e.key === "Escape") part("overlay").hidden = true; });

  const saved = sessionStorage.getItem(scrollKey);
  if (saved) {
    sessionStorage.removeItem(scrollKey);
    const back = () => scrollTo({ left: JSON.parse(saved)[0], top: JSON.parse(saved)[1], behavior: "instant" });
    addEventListener("DOMContentLoaded", back);
    addEventListener("load", back);
  }
  const reload = () => {
    sessionStorage.setItem(scrollKey, JSON.stringify([scrollX, scrollY]));
    location.reload();
  };

  // swap replaces style sheets. It removes an old one only after the new one has loaded.
  const swap = (sheets) => {
    for (const link of document.querySelectorAll('link[rel~="stylesheet"]')) {
      const sheet = sheets[new URL(link.href).pathname];
      if (!sheet || link.replaced) continue;
      const fresh = link.cloneNode();
      fresh.integrity = sheet.integrity;
      fresh.href = sheet.url;
      fresh.older = [link, ...(link.older ?? [])];
      fresh.onload = fresh.onerror = () => fresh.older.forEach((old) => old.remove());
      link.replaced = true;
      link.after(fresh);
    }
  };

  const count = (n, noun) => n + " " + noun + (n === 1 ? "" : "s");
  const show = (status) => {
    const bar = part("bar");
    const warnings = status.warnings < 0 ? "checking" : count(status.warnings, "warning");
    const built = "built " + status.time + " in " + status.milliseconds + " ms";
    bar.textContent = ["preview", status.server, status.catalogue, built, warnings].join(" · ") + " · ";
    const link = document.createElement("a");
    link.href = "/-/";
    link.textContent = "details";
    bar.append(link);
    if (part("problems").textContent !== status.problems) {
      part("problems").textContent = status.problems;
      part("overlay").hidden = !status.problems;
    }
  };

  // receive handles a status. It swaps style sheets if nothing else differs, or reloads the page.
  const receive = (event) => {
    const status = JSON.parse(event.data);
    if (status.build !== build.shown) {
      if (!status.from?.includes(build.shown)) return reload();
      swap(status.sheets);
      build.shown = status.build;
    }
    show(status);
  };
  let events;
  const listen = () => {
    if (document.hidden) {
      events?.close();
      events = undefined;
    } else if (!events) {
      events = new EventSource("/-/events?page=" + encodeURIComponent(location.pathname + location.search));
      events.onmessage = receive;
    }
  };
  document.addEventListener("visibilitychange", listen);
  addEventListener("pagehide", () => { events?.close(); events = undefined; });
  addEventListener("pageshow", listen);
  listen();
})();
