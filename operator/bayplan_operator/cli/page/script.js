"use strict";
(() => {
  const root = document.documentElement;
  const button = document.getElementById("theme");
  button.hidden = false;
  button.addEventListener("click", () => {
    const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  });

  // The words of a drawing's part appear at once, and all that belongs to its task stands out.
  const tip = document.createElement("div");
  tip.id = "tip";
  tip.hidden = true;
  document.body.append(tip);
  let marked = [];
  const unmark = () => { marked.forEach(each => each.classList.remove("found")); marked = []; tip.hidden = true; };
  const words = new Map();
  document.querySelectorAll("g[data-task]").forEach(each => {
    const title = each.querySelector("title");
    words.set(each, title.textContent);
    each.setAttribute("aria-label", title.textContent);
    title.remove();
  });
  document.addEventListener("pointermove", event => {
    const part = event.target.closest ? event.target.closest("g[data-task]") : null;
    if (!part) { unmark(); return; }
    if (!marked.includes(part)) {
      unmark();
      marked = [...document.querySelectorAll(`g[data-task="${CSS.escape(part.dataset.task)}"]`)];
      marked.forEach(each => each.classList.add("found"));
    }
    tip.textContent = words.get(part);
    tip.hidden = false;
    tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
    tip.style.top = `${Math.min(event.clientY + 14, innerHeight - tip.offsetHeight - 8)}px`;
  });

  document.querySelectorAll("input[data-table]").forEach(input => {
    input.parentElement.hidden = false;
    const rows = [...document.getElementById(input.dataset.table).tBodies[0].rows];
    input.addEventListener("input", () => {
      const wanted = input.value.toLowerCase();
      rows.forEach(row => { row.hidden = !row.textContent.toLowerCase().includes(wanted); });
    });
  });
})();
