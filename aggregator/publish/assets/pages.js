// What pages can do besides: copy an address, go from story to story, tell of new ones.
"use strict";
(() => {
  const { copied, events, keys, one, many } = document.body.dataset;

  for (const button of document.querySelectorAll(".address button")) {
    const field = button.previousElementSibling;
    button.hidden = false;
    button.addEventListener("click", async () => {
      field.select();
      try {
        await navigator.clipboard.writeText(field.value);
      } catch {
        document.execCommand("copy"); // where pages come without TLS
      }
      button.textContent = copied;
    });
  }

  // WCAG 2.1.4: single letters can be switched off, in every page's footer.
  const links = () => [...document.querySelectorAll("article h3 a")];
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, select, textarea, [contenteditable]");
    if (keys === "off" || typing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key !== "j" && event.key !== "k") return;
    const all = links();
    const at = all.indexOf(document.activeElement);
    const next = all[event.key === "j" ? at + 1 : Math.max(at, 1) - 1];
    if (next) {
      next.focus();
      next.closest("article").scrollIntoView({ block: "nearest" });
      event.preventDefault();
    }
  });

  // Which stories are new is read from the page as it is now: an event says only that it changed.
  const news = document.querySelector(".news");
  const look = async () => {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const known = new Set([...document.querySelectorAll("article[id]")].map((story) => story.id));
    const first = [...page.querySelectorAll("article[id]")].map((story) => story.id);
    const end = first.findIndex((id) => known.has(id));
    const count = end < 0 ? first.length : end;
    if (!count || !news) return;
    const link = document.createElement("a");
    link.href = location.href;
    link.textContent = (count === 1 ? one : many).replace("{n}", count);
    link.addEventListener("click", (event) => {
      event.preventDefault();
      location.reload();
    });
    news.replaceChildren(link);
  };
  if (events && "EventSource" in window) {
    // Only while somebody looks: a browser has six connections to a server for all its windows.
    const again = () => look().catch(() => {});
    let stream = null;
    let opened = false;
    const follow = () => {
      if (document.visibilityState === "hidden") {
        stream?.close();
        stream = null;
      } else if (!stream) {
        stream = new EventSource(events);
        stream.addEventListener("changed", again);
        stream.addEventListener("open", () => {
          if (opened) again(); // what happened while it was closed
          opened = true;
        });
      }
    };
    document.addEventListener("visibilitychange", follow);
    addEventListener("pagehide", () => stream?.close());
    follow();
  }
})();
