// SPDX-License-Identifier: EUPL-1.2
// Comfort only: reading aloud with the device's own voice, and a print button.
"use strict";
for (const button of document.querySelectorAll("[data-print]"))
  button.addEventListener("click", () => window.print());

const reader = document.querySelector("[data-read]");
if (reader && !("speechSynthesis" in window)) reader.closest(".needs-script").remove();
else if (reader) {
  const label = reader.querySelector("span");
  const start = label.textContent;
  const said = document.querySelector("[data-read-said]");
  const text = document.getElementById(reader.dataset.read);
  let reading = false;
  const stop = () => {
    reading = false;
    speechSynthesis.cancel();
    label.textContent = start;
    for (const part of text.querySelectorAll(".reading")) part.classList.remove("reading");
  };
  // Serbian and Bosnian voices are often the same; a near voice is better than none.
  const near = { bs: ["bs", "hr", "sr"], sr: ["sr", "bs", "hr"], fa: ["fa", "prs"] };
  const voice = () => {
    const wanted = near[text.lang] || [text.lang];
    const voices = speechSynthesis.getVoices();
    for (const code of wanted) {
      const found = voices.find((one) => one.lang.toLowerCase().split(/[-_]/)[0] === code);
      if (found) return found;
    }
    return null;
  };
  reader.addEventListener("click", () => {
    if (reading) return stop();
    const chosen = voice();
    if (!chosen) {
      said.textContent = reader.dataset.none;
      return;
    }
    said.textContent = "";
    reading = true;
    label.textContent = reader.dataset.stop;
    const parts = [...text.querySelectorAll("h2,h3,p,li")];
    const next = (place) => {
      for (const part of parts) part.classList.remove("reading");
      if (!reading || place >= parts.length) return stop();
      parts[place].classList.add("reading");
      const line = new SpeechSynthesisUtterance(parts[place].textContent);
      line.lang = text.lang;
      line.voice = chosen;
      line.rate = 0.9;
      line.onend = () => next(place + 1);
      speechSynthesis.speak(line);
    };
    next(0);
  });
  window.addEventListener("pagehide", stop);
}
