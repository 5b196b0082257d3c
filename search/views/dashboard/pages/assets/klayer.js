/* What pages do in the browser: light and dark, figures saved, links made of choices, and when the
   server is asked for a plot. */
(function () {
  "use strict";

  // From a page whose address has a password in it browsers fetch nothing.
  if (/^[a-z]+:\/\/[^/]*@/.test(document.URL)) {
    const here = new URL(document.URL);
    here.username = here.password = "";
    window.location.replace(here.href);
  }

  function preferred() {
    return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  function save(form) {
    return function (clicks, id) {
      if (!clicks) return window.dash_clientside.no_update;
      const card = document.getElementById(id.key);
      const figure = card && card.querySelector(".js-plotly-plot");
      if (figure) {
        const said = (selector, of) => ((of.querySelector(selector) || {}).textContent || "").trim();
        const width = Math.max(Math.round(figure.getBoundingClientRect().width), 640);
        const picture = window.klayerPicture(
          figure.data, figure.layout, said("h2", card), said("h1", document),
          said("p.caption", card), width);
        window.Plotly.downloadImage(picture, {
          format: form,
          width: width,
          height: picture.layout.margin.t + Math.round(figure.getBoundingClientRect().height),
          scale: form === "png" ? 2 : 1,
          filename: "klayer-" + id.key,
        });
      }
      return window.dash_clientside.no_update;
    };
  }

  /* Tell of each plot whether it is in sight, or nearly. */
  function tell(entries) {
    entries.forEach(function (entry) {
      if (!entry.target.isConnected) { // of a page that was left, of which Dash knows nothing more
        sight.unobserve(entry.target);
        return;
      }
      const id = { type: "seen", key: entry.target.closest("section").id };
      window.dash_clientside.set_props(id, { data: entry.isIntersecting });
    });
  }

  const sight = new IntersectionObserver(function (entries) {
    // A moment later, so that the page's words are painted before Plotly keeps the browser busy.
    window.setTimeout(function () { tell(entries); }, 100);
  }, { rootMargin: "200px 0px" });
  /* Dash's controls say what is not so to those who do not see them: a field that is hidden from them
     and takes the focus, and a box to tick as an option of no list. */
  function amend() {
    document.querySelectorAll(".dash-dropdown-focus-target[tabindex='0']").forEach((one) => (one.tabIndex = -1));
    document.querySelectorAll("#searches .dash-checklist[role], #searches label:is([role], [aria-selected])").forEach(function (one) {
      one.removeAttribute("role");
      one.removeAttribute("aria-selected");
    });
  }

  const watched = new WeakSet();
  new MutationObserver(function () {
    amend();
    const tabs = document.querySelector("[role=tablist]");
    if (tabs && !watched.has(tabs)) {
      watched.add(tabs);
      turn();
    }
    document.querySelectorAll("section .plot-frame").forEach(function (frame) {
      if (watched.has(frame)) return;
      watched.add(frame);
      sight.observe(frame);
    });
  }).observe(document.documentElement, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["aria-selected", "tabindex"],
  });

  /* One tab of a page is in sight: the one that the address names behind its #. */
  function turn() {
    const tabs = [...document.querySelectorAll("[role=tab]")];
    if (!tabs.length) return;
    window.klayer.view.carry();
    const asked = window.location.hash.slice(1).split("?")[0];
    const inside = asked && document.getElementById(asked);
    const panel = inside && inside.closest("[role=tabpanel]");
    const named = panel ? panel.id.slice("panel-".length) : asked;
    const chosen = tabs.find((tab) => tab.id === "tab-" + named) || tabs[0];
    tabs.forEach(function (tab) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      const own = document.getElementById(tab.getAttribute("aria-controls"));
      if (own) own.hidden = tab !== chosen;
    });
    if (inside && inside.matches("section")) inside.scrollIntoView();
    const key = chosen.id.slice("tab-".length);
    window.setTimeout(function () { window.dash_clientside.set_props("tab", { data: key }); }, 0);
  }
  window.addEventListener("hashchange", turn);

  window.klayer = {
    // As Dash's own links do.
    go: function (href) {
      window.history.pushState({}, "", href);
      window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
      window.scrollTo(0, 0);
    },
  };

  const AWAITED = 15000; // milliseconds: an answer that is later than this is asked for again
  const asking = new Map(); // what was asked for of each plot and is not answered, and when

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.klayer = {
    title: function (path, query) {
      const asked = new URLSearchParams(query || "");
      const words = (path || "").split("/").slice(2).map(decodeURIComponent);
      const about = {
        search: words[1],
        trial: words[2] + " #" + words[3] + ", " + words[1],
        compare: (asked.get("with") || "").split(",").join(", "),
      }[words[0]];
      document.title = about ? about + " – klayer" : "klayer";
      return document.title;
    },
    mode: function (clicks, chosen) {
      // Unless somebody has chosen, pages follow the system.
      const now = document.documentElement.dataset.mode || chosen || preferred();
      const mode = clicks ? (now === "dark" ? "light" : "dark") : now;
      document.documentElement.dataset.mode = mode;
      document.body.dataset.agThemeMode = mode; // of the table of trials
      const kept = clicks ? mode : window.dash_clientside.no_update;
      return [mode, mode === "dark" ? "Light" : "Dark", kept];
    },
    mount: function (seen, mounted, id) {
      // A page of many plots is there at once when none is made before it is looked at.
      if (!seen || mounted) return window.dash_clientside.no_update;
      // The bar above a figure takes space on small screens; its ways to save one are buttons below.
      const config = { displaylogo: false, displayModeBar: false, responsive: true };
      const props = { id: { type: "plot", key: id.key }, config: config, style: { height: "100%" } };
      return { namespace: "dash_core_components", type: "Graph", props: props };
    },
    ask: function (tick, drawn, mounted, seen, plots, mode, first, second, pins, version, id) {
      const here = window.location.pathname + window.location.search;
      const none = window.dash_clientside.no_update;
      const place = here + " " + id.key, awaited = asking.get(place);
      if (awaited && (awaited.asked === JSON.stringify(drawn) || Date.now() - awaited.since > AWAITED)) {
        asking.delete(place);
      }
      if (!mounted || !seen || !mode || !plots || plots[0] !== here || asking.has(place)) return none;
      // Curves grow of trials that are trained just now.
      const lit = document.getElementById(id.key).matches(".lit") && pins && pins.join(",");
      const grows = id.key.startsWith("curves-");
      const wanted = [grows ? version : plots[1], mode, first || null, second || null, lit || null];
      const asked = JSON.stringify(wanted);
      if (asked === JSON.stringify(drawn)) return none;
      asking.set(place, { asked: asked, since: Date.now() });
      return wanted;
    },
    // A figure and what is said of it change at once.
    spoken: function (sent) { return [window.klayerSpoken(JSON.parse(sent[0])), ...sent.slice(1)]; },
    csv: function (first, second, pins, href) {
      const there = new URL(href, window.location.href);
      [["first", first], ["second", second], ["pin", (pins || []).join(",")]].forEach(function (option) {
        if (option[1]) there.searchParams.set(option[0], option[1]);
        else there.searchParams.delete(option[0]);
      });
      return there.pathname + there.search;
    },
    svg: save("svg"),
    png: save("png"),
    hide: function (shown) {
      // What has nothing to show takes no space; a tab of nothing else cannot be chosen.
      document.querySelectorAll("[role=tabpanel]").forEach(function (panel) {
        const cards = [...panel.querySelectorAll(".cards > .card")];
        cards.forEach(function (card) { card.hidden = !(shown || []).includes(card.id); });
        const empty = panel.children.length === 1 && cards.every(function (card) { return card.hidden; });
        const tab = document.getElementById(panel.getAttribute("aria-labelledby"));
        if (tab) tab.toggleAttribute("data-empty", empty);
      });
      return shown;
    },
    open: function (clicked, figure) {
      const none = window.dash_clientside.no_update;
      const point = clicked && clicked.points[0], trace = point && figure.data[point.curveNumber];
      const trial = point && (point.id || (trace && trace.meta));
      const here = window.location.pathname.split("/");
      if (!trial || here[2] !== "search") return none;
      window.klayer.go("/klayer/trial/" + here[3] + "/" + trial);
      return null;
    },
    grid: function (filters, columns, searched, rows) { return window.klayer.grid(filters, columns, searched, rows); },
    compare: function (ticked, most) {
      const names = ticked.flat();
      if (names.length < 2 || names.length > most) return "Tick two to " + most + " searches to compare them.";
      const said = "Compare " + names.length + " searches";
      const href = "/klayer/compare?with=" + names.map(encodeURIComponent).join(",");
      const props = { children: said, href: href, className: "take", id: "to-compare" };
      return { namespace: "dash_core_components", type: "Link", props: props };
    },
  };
})();
