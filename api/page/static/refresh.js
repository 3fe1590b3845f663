// Fetches this page again and swaps its main part only when it changed, so that scroll, focus in the
// filters and loaded pictures stay.
(() => {
  "use strict";
  const EVERY_MS = 10000;
  const main = document.getElementById("main");
  const state = document.getElementById("state");
  let last = null;

  const plays = () => Array.from(main.querySelectorAll("video")).some((clip) => !clip.paused);
  const busy = () =>
    document.hidden || plays() || (document.activeElement && document.activeElement.closest(".filters"));

  async function refresh() {
    if (busy()) return;
    try {
      const reply = await fetch(location.href, { headers: { Accept: "text/html" }, cache: "no-store" });
      if (reply.status === 401) { location.reload(); return; }
      if (!reply.ok) throw new Error(String(reply.status));
      const fresh = new DOMParser().parseFromString(await reply.text(), "text/html");
      const content = fresh.getElementById("main").innerHTML;
      if (last === null) last = fresh.getElementById("main").innerHTML === main.innerHTML ? content : "";
      if (content !== last) {
        const top = window.scrollY;
        main.innerHTML = content;
        window.scrollTo(0, top);
        last = content;
      }
      state.textContent = fresh.getElementById("state").textContent;
      state.classList.remove("stale");
    } catch (error) {
      state.textContent = "The service does not answer; this page is from before. Trying again.";
      state.classList.add("stale");
    }
  }

  setInterval(refresh, EVERY_MS);
  document.addEventListener("visibilitychange", refresh);
})();
