// SPDX-License-Identifier: EUPL-1.2
// Comfort only: fills in the code behind '#' of the printed address, which no server ever sees.
"use strict";
const field = document.querySelector("#id_code");
if (field && location.hash.length > 8) {
  field.value = decodeURIComponent(location.hash.slice(1)).slice(0, 60);
  history.replaceState(null, "", location.pathname);
}
for (const button of document.querySelectorAll("[data-print]"))
  button.addEventListener("click", () => window.print());
