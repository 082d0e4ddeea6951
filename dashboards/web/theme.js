// Runs before the first paint, so that a page in the dark never flashes: a classic script, not a module.
(function () {
  "use strict";
  var chosen = null;
  try { chosen = localStorage.getItem("easel.theme"); } catch (error) { /* Storage may be shut off. */ }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
