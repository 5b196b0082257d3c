/* The table of trials: links in it, and what a reader has chosen of it, which stands in the address. */
(function () {
  "use strict";

  const parts = (window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {});
  parts.TrialLink = function (props) {
    const follow = function (event) {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      window.klayer.go(props.data.link);
    };
    return window.React.createElement("a", { href: props.data.link, onClick: follow }, props.value);
  };

  const BY_HAND = ["checkboxSelected", "rowClicked", "spaceKey"]; // and not what this file does

  let pending = ""; // what the address says was searched for, before the field shows it
  let restored = null; // the table that what the address says was put into

  function restore(api, asked) {
    api.addEventListener("selectionChanged", function (event) {
      if (BY_HAND.includes(event.source)) pin(api);
    });
    try {
      if (asked.get("filter")) api.setFilterModel(JSON.parse(asked.get("filter")));
      const sorted = (asked.get("sort") || "").split(",").filter(Boolean).map(function (one, place) {
        const at = one.lastIndexOf(":");
        return { colId: one.slice(0, at), sort: one.slice(at + 1), sortIndex: place };
      });
      if (sorted.length) api.applyColumnState({ state: sorted, defaultState: { sort: null } });
    } catch (error) { // somebody's own address
      console.info("what the address says of the table is not understood", error);
    }
  }

  function remember(api, searched) {
    const sorted = api.getColumnState().filter((one) => one.sort)
      .sort((one, other) => one.sortIndex - other.sortIndex);
    const filters = api.getFilterModel();
    window.klayer.view.keep({
      sort: sorted.map((one) => one.colId + ":" + one.sort).join(","),
      filter: Object.keys(filters).length && JSON.stringify(filters),
      q: searched,
    });
  }

  /* The trials that are ticked are the pins, in the order in which they were, as many as may be. */
  function pin(api) {
    const most = Number(document.getElementById("all-trials").dataset.most);
    const before = window.klayer.view.pins(), ticked = api.getSelectedNodes().map((row) => row.id);
    const stay = before.filter((one) => ticked.includes(one) || !api.getRowNode(one));
    const pins = stay.concat(ticked.filter((one) => !before.includes(one)));
    window.klayer.view.pin(pins.slice(0, most));
  }

  function table() {
    try { return window.dash_ag_grid.getApi("grid"); } catch (error) { return null; }
  }
  window.klayer.table = table;

  /* What is pinned is ticked, and nothing else is. */
  window.klayer.tick = function () {
    const api = table();
    if (!api) return;
    const wanted = window.klayer.view.pins().filter((one) => api.getRowNode(one));
    const ticked = api.getSelectedNodes().map((row) => row.id);
    if (String(wanted.sort()) === String(ticked.sort())) return;
    // By Dash, which would untick with the next rows what it does not know of.
    window.setTimeout(function () {
      window.dash_clientside.set_props("grid", { selectedRows: { ids: wanted } });
    }, 0);
  };

  window.klayer.grid = function (filters, columns, searched, rows) {
    const none = window.dash_clientside.no_update;
    const panel = document.getElementById("panel-trials");
    if (!rows || !rows.length || !panel || panel.hidden) return none;
    const api = table();
    if (!api) return none;
    if (!api.getRowNode(rows[0].id)) { // it has not taken them up yet
      window.setTimeout(function () { window.klayer.grid(filters, columns, searched, rows); }, 50);
      return none;
    }
    if (restored !== api) {
      restored = api;
      const asked = window.klayer.view.asked();
      restore(api, asked);
      pending = asked.get("q") || "";
      if (pending) {
        const value = pending; // once this callback is over
        window.setTimeout(function () { window.dash_clientside.set_props("grid-search", { value: value }); }, 0);
      }
    }
    if (pending && !searched) searched = pending; // the field does not show it yet
    else pending = "";
    api.setGridOption("quickFilterText", searched || "");
    remember(api, searched);
    window.klayer.tick();
    return none;
  };
})();
