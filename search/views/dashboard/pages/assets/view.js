/* What a reader has chosen of a page, which stands in its address behind the #: the tab; of the table
   of trials its order, its filters and what is searched for; the trials that are pinned; and what is
   chosen of each plot, as in "zoom.first=width_1", unless it is what the plot shows unasked. */
(function () {
  "use strict";

  const kept = new Map(); // by page, so that what was chosen is there again on the way back
  let told = "[]"; // the pins that the page knows

  function asked() {
    return new URLSearchParams(window.location.hash.split("?")[1] || "");
  }

  function write(tab, query) {
    const path = window.location.pathname;
    kept.set(path, query);
    const wanted = tab || query ? "#" + (tab || "overview") + (query ? "?" + query : "") : "";
    if (window.location.hash !== wanted) {
      window.history.replaceState(window.history.state, "", path + window.location.search + wanted);
    }
  }

  function keep(changes) {
    const said = asked();
    Object.entries(changes).forEach(([name, value]) => (value ? said.set(name, value) : said.delete(name)));
    const query = String(said).replaceAll("%2F", "/").replaceAll("%2C", ",").replaceAll("%3A", ":");
    write(window.location.hash.slice(1).split("?")[0], query);
  }

  function pins() {
    return (asked().get("pin") || "").split(",").filter(Boolean);
  }

  function tell() {
    const now = pins(), written = JSON.stringify(now);
    if (written === told) return;
    told = written; // once the callback that runs now is over
    window.setTimeout(function () { window.dash_clientside.set_props("pins", { data: now }); }, 0);
  }

  window.klayer.view = {
    asked: asked,
    keep: keep,
    pins: pins,
    pin: function (trials) {
      keep({ pin: trials.join(",") });
      tell();
    },
    // Tabs are links that say nothing of the rest.
    carry: function () {
      const said = window.location.hash.slice(1).split("?");
      write(said[0], said.length > 1 ? said[1] : kept.get(window.location.pathname) || "");
      tell();
    },
  };

  document.addEventListener("click", function (event) {
    const button = event.target.closest("[data-unpin]");
    if (!button) return;
    const gone = button.dataset.unpin;
    window.klayer.view.pin(gone ? pins().filter((one) => one !== gone) : []);
    window.klayer.tick();
  });

  function part(type, props, space) {
    return { namespace: space || "dash_html_components", type: type, props: props };
  }

  function unpin(trial, text, label) {
    return part("Button", { children: text, className: "take", "data-unpin": trial, "aria-label": label });
  }

  const unasked = new WeakMap(); // what each card had chosen before the address was heard

  /* Choose what the address says of an option, if the option has it. */
  function restore(key, place) {
    const said = asked().get(key + "." + place);
    const option = { type: "option", key: key, name: place };
    const found = said && window.dash_component_api.getLayout(option);
    if (!found || (found.props.options && !found.props.options.includes(said))) return;
    window.setTimeout(function () { window.dash_clientside.set_props(option, { value: said }); }, 0);
  }

  window.dash_clientside.klayer.choose = function (first, second, id) {
    const card = document.getElementById(id.key), now = { first: first, second: second };
    if (card && !unasked.has(card)) {
      unasked.set(card, now);
      window.klayer.view.carry();
      Object.keys(now).forEach((place) => restore(id.key, place));
    } else if (card) {
      const usual = unasked.get(card);
      keep(Object.fromEntries(Object.entries(now).map(function ([place, value]) {
        return [id.key + "." + place, value === usual[place] ? "" : value];
      })));
    }
    return window.dash_clientside.no_update;
  };

  window.dash_clientside.klayer.pinned = function (trials) {
    const name = window.location.pathname.split("/")[3];
    const found = (trials || []).map(function (one) {
      const at = one.lastIndexOf("/");
      const said = decodeURIComponent(one.slice(0, at)) + " #" + one.slice(at + 1);
      const link = part("Link", { children: said, href: "/klayer/trial/" + name + "/" + one }, "dash_core_components");
      return part("Span", { children: [link, unpin(one, "×", "Unpin " + said)], className: "pin" });
    });
    if (!found.length) return null;
    return [part("Span", { children: "Pinned", className: "quiet" }), ...found, unpin("", "Unpin all", "Unpin all trials")];
  };
})();
