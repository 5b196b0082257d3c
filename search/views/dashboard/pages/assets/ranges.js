/* A box that is drawn over parallel coordinates filters the table of trials; the address keeps it, as
   it keeps other filters. */
(function () {
  "use strict";

  let brushed = []; // the columns that the last box filters

  function filter(axis, low, high) {
    const chosen = axis.options.filter(function (_, place) {
      const height = (place + 0.5) / axis.options.length;
      return low <= height && height <= high;
    });
    if (axis.options.length && chosen.some((one) => typeof one !== "number")) {
      const equal = chosen.map((one) => ({ filterType: "text", type: "equals", filter: decodeURIComponent(one) }));
      return equal.length === 1 ? equal[0] : { filterType: "text", operator: "OR", conditions: equal };
    }
    const at = function (height) {
      const place = axis.low + height * (axis.high - axis.low);
      return Number((axis.log ? 10 ** place : place).toPrecision(4));
    };
    const ends = axis.options.length ? [Math.min(...chosen), Math.max(...chosen)] : [at(low), at(high)];
    return { filterType: "number", type: "inRange", filter: ends[0], filterTo: ends[1] };
  }

  /* The filters of a box: of the axes that it covers, or of the nearest. */
  function filters(range, axes) {
    const [left, right] = range.x.slice().sort((one, other) => one - other);
    const [low, high] = range.y.slice().sort((one, other) => one - other);
    const near = Math.min(Math.max(Math.round((left + right) / 2), 0), axes.length - 1);
    const found = {};
    axes.forEach(function (axis, place) {
      if (!(left <= place && place <= right) && place !== near) return;
      const covered = axis.options.map((_, at) => (at + 0.5) / axis.options.length);
      if (covered.length && !covered.some((at) => low <= at && at <= high)) return;
      found[axis.name === null ? "value" : "p:" + decodeURIComponent(axis.name)] = filter(axis, low, high);
    });
    return found;
  }

  window.dash_clientside.klayer.brush = function (selected, figure) {
    const none = window.dash_clientside.no_update;
    const axes = ((figure && figure.layout.meta) || {}).axes, api = window.klayer.table();
    if (!axes || !api) return none;
    const model = Object.assign({}, api.getFilterModel());
    brushed.forEach((one) => delete model[one]);
    const found = selected && selected.range ? filters(selected.range, axes) : {};
    brushed = Object.keys(found);
    api.setFilterModel(Object.assign(model, found));
    return none;
  };
})();
