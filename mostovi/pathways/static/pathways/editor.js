// SPDX-License-Identifier: EUPL-1.2
// Comforts of the draft's editor; everything works without them. A fault's link marks its line in
// the text; what was typed is kept in this browser tab until it is sent, and can be brought back.
(() => {
  "use strict";
  const form = document.getElementById("draft-form");
  const text = form && form.querySelector("textarea.code-text");
  if (!text) return;

  document.querySelectorAll("a[data-line]").forEach((link) => {
    link.addEventListener("click", () => {
      const lines = text.value.split("\n");
      const number = Math.min(Number(link.dataset.line), lines.length);
      const start = lines.slice(0, number - 1).reduce((sum, line) => sum + line.length + 1, 0);
      text.setSelectionRange(start, start + lines[number - 1].length);
      text.scrollTop = Math.max(0, (number - 4) * parseFloat(getComputedStyle(text).lineHeight));
    });
  });

  const key = "draft:" + location.pathname;
  const begun = text.value;
  const held = sessionStorage.getItem(key);
  if (held !== null && held.trimEnd() !== begun.trimEnd()) {
    const bring = document.createElement("button");
    bring.type = "button";
    bring.className = "btn btn-outline-secondary mb-2";
    bring.textContent = form.dataset.restore;
    bring.addEventListener("click", () => { text.value = held; bring.remove(); });
    text.before(bring);
  }
  let sent = false;
  text.addEventListener("input", () => sessionStorage.setItem(key, text.value));
  form.addEventListener("submit", () => { sent = true; });
  addEventListener("beforeunload", (event) => {
    if (!sent && text.value !== begun) event.preventDefault();
  });
})();
