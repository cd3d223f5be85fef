// Comfort only: every page works without this file. It moves through rows, copies ids, keeps the theme,
// and swaps fragments that say how often they change. Nothing here asks another host.
"use strict";
(() => {
  const $ = (selector) => document.querySelector(selector);
  const all = (selector) => [...document.querySelectorAll(selector)];

  for (const element of all("button[data-copy], button[data-keys], .keys, .search kbd")) element.hidden = false;

  // Pages for whoever is lost are made without looking at cookies.
  const kept = /(?:^|; )theme=(light|dark)/.exec(document.cookie);
  if (kept) document.documentElement.dataset.theme = kept[1];

  document.addEventListener("click", async (event) => {
    const copy = event.target.closest("[data-copy]");
    if (copy) {
      await navigator.clipboard.writeText(copy.dataset.copy);
      copy.textContent = "Copied";
      setTimeout(() => { copy.textContent = "Copy"; }, 1500);
      return;
    }
    if (event.target.closest("[data-keys]")) { $("#keys")?.showModal(); return; }
    const theme = event.target.closest("[data-theme-to]");
    if (theme) {
      event.preventDefault();
      const to = theme.dataset.themeTo;
      document.cookie = `theme=${to}; Path=/; SameSite=Strict; Max-Age=${to ? 31536000 : 0}`;
      if (to) document.documentElement.dataset.theme = to;
      else delete document.documentElement.dataset.theme;
      for (const link of all("[data-theme-to]")) link.removeAttribute("aria-current");
      theme.setAttribute("aria-current", "true");
      return;
    }
    const row = event.target.closest("tr[data-href]");
    const isPlain = !event.defaultPrevented && event.button === 0 && !event.target.closest("a, button, input, label, summary, textarea");
    if (row && isPlain && !String(getSelection())) open(row, event.metaKey || event.ctrlKey);
  });

  function open(row, apart) {
    if (apart) window.open(row.dataset.href, "_blank", "noopener");
    else location.href = row.dataset.href;
  }

  function move(step) {
    const rows = all("tr[data-href]");
    if (rows.length === 0) return;
    const here = rows.findIndex((row) => row.classList.contains("here"));
    const next = Math.min(Math.max(here + step, 0), rows.length - 1);
    if (here >= 0) rows[here].classList.remove("here");
    rows[next].classList.add("here");
    rows[next].scrollIntoView({ block: "nearest" });
    rows[next].querySelector("a")?.focus({ preventScroll: true });
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if ($("dialog[open]")) return;
    if (event.key === "Escape") { document.activeElement?.blur(); return; }
    if (event.target.closest("input, select, textarea")) return;
    if (event.key === "/") {
      const search = $("#search");
      event.preventDefault();
      if (search) { search.focus(); search.select(); } else location.href = "/accounts#search";
    } else if (event.key === "?") $("#keys")?.showModal();
    else if (event.key === "n") $("a[rel=next]")?.click();
    else if (event.key === "p") $("a[rel=prev]")?.click();
    else if (event.key === "j") move(1);
    else if (event.key === "k") move(-1);
    else if (event.key === "Enter" && !event.target.closest("a, button, summary")) {
      const row = $("tr.here");
      if (row) open(row, false);
    }
  });

  if (location.hash === "#search") $("#search")?.focus();

  // The editor of questions: names of views, columns and functions that begin like the word at the cursor.
  const editor = $("textarea[data-complete]");
  const words = [...new Set(all("[data-word]").map((element) => element.dataset.word))].sort();
  const begun = () => /[A-Za-z_][A-Za-z0-9_]*$/.exec(editor.value.slice(0, editor.selectionStart))?.[0] ?? "";
  function insert(word, length) {
    const at = editor.selectionStart;
    editor.setRangeText(word, at - length, editor.selectionEnd, "end");
    editor.focus();
    suggest();
  }
  function suggest() {
    const list = $("#suggestions");
    const word = begun();
    const found = word.length < 2 ? [] : words.filter((name) => name.startsWith(word.toLowerCase()) && name !== word).slice(0, 8);
    list.replaceChildren(...found.map((name) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = name;
      button.dataset.insert = name;
      return button;
    }));
  }
  if (editor) {
    $("#complete-keys").hidden = false;
    editor.addEventListener("input", suggest);
    editor.addEventListener("keydown", (event) => {
      const first = $("#suggestions button");
      if (event.ctrlKey && event.key === " " && first) { event.preventDefault(); insert(first.dataset.insert, begun().length); }
      if (event.ctrlKey && event.key === "Enter") { event.preventDefault(); $("button[value=run]").click(); }
    });
    document.addEventListener("click", (event) => {
      const name = event.target.closest("[data-insert]");
      if (name) insert(name.dataset.insert, name.closest("#suggestions") ? begun().length : 0);
    });
  }

  // A fragment with data-refresh is asked for again while it says so; the answer replaces it.
  async function refresh(element) {
    if (!document.hidden) {
      try {
        const answer = await fetch(element.dataset.refresh, { headers: { "x-fragment": "1" } });
        if (answer.ok) {
          const holder = document.createElement("template");
          holder.innerHTML = await answer.text();
          const fresh = holder.content.firstElementChild;
          // What stands beside a fragment depends on its turn.
          if (fresh && fresh.dataset.turn !== element.dataset.turn) { location.reload(); return; }
          if (fresh) { element.replaceWith(fresh); element = fresh; }
        }
      } catch { /* the server is away: keep what is shown and ask again later */ }
    }
    if (element.dataset.refresh) setTimeout(refresh, 1000, element);
    else if (element.dataset.done) location.reload();
  }
  const begin = (within) => { for (const element of within.querySelectorAll("[data-refresh]")) setTimeout(refresh, 1000, element); };
  begin(document);

  // A page that shows the present brings itself up to date when a newer reading is published, unless somebody is at work on it.
  const isAtWork = (main) => main.contains(document.activeElement) && document.activeElement !== main
    || main.querySelector("details[open], tr.here")
    || [...main.querySelectorAll("input, select, textarea")].some((field) =>
      field.type === "checkbox" || field.type === "radio" ? field.checked !== field.defaultChecked
        : field.tagName === "SELECT" ? field.selectedIndex !== Math.max(0, [...field.options].findIndex((option) => option.defaultSelected))
          : field.value !== field.defaultValue)
    || String(getSelection());
  async function live() {
    const main = $("main[data-live]");
    if (!main) return;
    if (!document.hidden && !isAtWork(main)) {
      try {
        const answer = await fetch("/news");
        if (answer.ok && await answer.text() !== main.dataset.live) {
          const page = await fetch(location.href);
          const fresh = page.ok && new DOMParser().parseFromString(await page.text(), "text/html");
          if (fresh && fresh.querySelector("main[data-live]") && !isAtWork(main)) {
            main.replaceWith(fresh.querySelector("main"));
            $(".rail nav").replaceWith(fresh.querySelector(".rail nav"));
            $(".rail .foot p").replaceWith(fresh.querySelector(".rail .foot p"));
            for (const element of all("button[data-copy], .search kbd")) element.hidden = false;
            begin($("main"));
          }
        }
      } catch { /* the server is away: keep what is shown and ask again later */ }
    }
    setTimeout(live, 2000);
  }
  setTimeout(live, 2000);
})();
