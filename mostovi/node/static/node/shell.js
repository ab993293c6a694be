// SPDX-License-Identifier: EUPL-1.2
// Comfort only: everything works without this file.
"use strict";
const menus = () => document.querySelectorAll("details.menu[open]");
document.addEventListener("click", (event) => {
  for (const menu of menus()) if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of menus()) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
document.querySelector(".error-summary")?.focus();
for (const part of document.querySelectorAll(".needs-script")) part.hidden = false;
document.addEventListener("allauth.error", (event) => {
  // A cancelled passkey is said on the page, not only in the console.
  const trouble = document.querySelector("#passkey-trouble");
  if (!trouble) return;
  event.preventDefault();
  let line = document.querySelector("#passkey-said");
  if (!line) {
    line = document.createElement("div");
    line.id = "passkey-said";
    line.className = "message message-warning";
    line.setAttribute("role", "alert");
    document.querySelector("#content").prepend(line);
  }
  line.textContent = trouble.dataset.text;
});
