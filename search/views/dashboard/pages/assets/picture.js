/* What pages and reports, which hold this file as well, do with figures alike. */

/* A figure whose points have the texts of their trials, as `spoken` of search/views/plots/told.py. */
window.klayerSpoken = function (figure) {
  "use strict";
  const told = {};
  Object.entries((figure.layout.meta || {}).trials || {}).forEach(function (one) {
    told[one[0]] = one[1].replaceAll("\n", "<br>");
  });
  figure.data.forEach(function (trace) {
    if (trace.ids && !trace.hovertext) trace.hovertext = trace.ids.map((id) => told[id] || "");
  });
  return figure;
};

/* A figure as a picture that stands alone, under its title, the search's name and its caption: as
   search/views/plots/exported.py has it. */
window.klayerPicture = function (data, layout, title, name, caption, width) {
  "use strict";
  const safe = (text) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const most = Math.floor((width - 80) / 6.2), lines = [];
  caption.split(/\s+/).filter(Boolean).forEach(function (word) {
    const last = lines.length - 1;
    if (last >= 0 && lines[last].length + word.length < most) lines[last] += " " + word;
    else lines.push(word);
  });
  const space = layout.coloraxis ? 64 : 8, top = space + 36 + 16 * lines.length;
  const head = '<span style="font-size:15px"><b>' + safe(title) + "</b> – " + safe(name) + "</span>";
  const note = {
    text: head + "<br>" + lines.map(safe).join("<br>"), showarrow: false, align: "left",
    x: 0, xref: "paper", xanchor: "left", y: 1, yref: "paper", yanchor: "bottom", yshift: space,
    font: { size: 12 },
  };
  return {
    data: data,
    layout: Object.assign({}, layout, {
      title: { text: "" },
      margin: Object.assign({}, layout.margin, { t: top }),
      annotations: [...(layout.annotations || []), note],
    }),
  };
};
