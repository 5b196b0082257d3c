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

  let pending = ""; // what the address says was searched for, before the field shows it
  let restored = null; // of which page what the address says was put into the table

  function view() {
    const query = window.location.hash.split("?")[1] || "";
    return new URLSearchParams(query);
  }

  function restore(api, asked) {
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
    const said = new URLSearchParams();
    const sorted = api.getColumnState().filter((one) => one.sort)
      .sort((one, other) => one.sortIndex - other.sortIndex);
    if (sorted.length) said.set("sort", sorted.map((one) => one.colId + ":" + one.sort).join(","));
    const filters = api.getFilterModel();
    if (Object.keys(filters).length) said.set("filter", JSON.stringify(filters));
    if (searched) said.set("q", searched);
    const wanted = "#trials" + (said.size ? "?" + said : "");
    const place = window.location.pathname + window.location.search;
    if (window.location.hash !== wanted) window.history.replaceState(window.history.state, "", place + wanted);
  }

  window.klayer.grid = function (filters, columns, searched, rows) {
    const none = window.dash_clientside.no_update;
    const page = window.location.pathname;
    if (!rows || !rows.length || !window.location.hash.startsWith("#trials")) return none;
    let api;
    try { api = window.dash_ag_grid.getApi("grid"); } catch (error) { return none; }
    if (!api) return none;
    if (restored !== page) {
      restored = page;
      const asked = view();
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
    return none;
  };
})();
