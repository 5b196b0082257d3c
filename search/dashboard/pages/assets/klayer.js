/* What pages do without asking the server: light and dark, figures saved, links made of choices. */
(function () {
  "use strict";

  function preferred() {
    return window.matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  }

  function save(form) {
    return function (clicks, id) {
      if (!clicks) return window.dash_clientside.no_update;
      const card = document.getElementById(id.key);
      const figure = card && card.querySelector(".js-plotly-plot");
      if (figure) {
        const box = figure.getBoundingClientRect();
        window.Plotly.downloadImage(figure, {
          format: form,
          width: Math.round(box.width),
          height: Math.round(box.height),
          scale: form === "png" ? 2 : 1,
          filename: "klayer-" + id.key,
        });
      }
      return window.dash_clientside.no_update;
    };
  }

  window.dash_clientside = window.dash_clientside || {};
  window.dash_clientside.klayer = {
    mode: function (clicks, chosen) {
      // Unless somebody has chosen, pages follow the system.
      const now = document.documentElement.dataset.mode || chosen || preferred();
      const mode = clicks ? (now === "dark" ? "light" : "dark") : now;
      document.documentElement.dataset.mode = mode;
      const kept = clicks ? mode : window.dash_clientside.no_update;
      return [mode, mode === "dark" ? "Light" : "Dark", kept];
    },
    csv: function (first, second, href) {
      const there = new URL(href, window.location.href);
      [["first", first], ["second", second]].forEach(function (option) {
        if (option[1]) there.searchParams.set(option[0], option[1]);
        else there.searchParams.delete(option[0]);
      });
      return there.pathname + there.search;
    },
    svg: save("svg"),
    png: save("png"),
    go: function (stage, number, path) {
      const name = path.split("/")[3];
      const which = Number.isInteger(number) && number >= 0 ? number : 0;
      return "/klayer/trial/" + name + "/" + encodeURIComponent(stage) + "/" + which;
    },
    pair: function (one, other) {
      return "/klayer/compare?a=" + encodeURIComponent(one) + "&b=" + encodeURIComponent(other);
    },
  };
})();
