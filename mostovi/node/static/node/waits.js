// SPDX-License-Identifier: EUPL-1.2
// The page that waits asks how far the work is, and shows the result when it is there.
// Without it the link "Look again" does the same.
(() => {
  const waits = document.querySelector("[data-progress]");
  if (!waits) return;
  const bar = waits.querySelector("progress");
  const words = waits.querySelector("[role=status]");
  const ask = async () => {
    let pause = 2000;
    try {
      const answer = await fetch(waits.dataset.progress, { headers: { Accept: "application/json" } });
      if (answer.redirected || !answer.ok) return location.reload();
      const now = await answer.json();
      if (now.state === "done" || now.state === "failed") return location.reload();
      bar.value = now.percent;
      if (words.textContent !== now.words) words.textContent = now.words;
    } catch {
      pause = 10000;
    }
    setTimeout(ask, document.hidden ? 10000 : pause);
  };
  setTimeout(ask, 1500);
})();
