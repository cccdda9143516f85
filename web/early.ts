/** Runs before the first paint, so that nobody who chose dark sees a flash of light. Imports nothing. */
(() => {
  try {
    const chosen = localStorage.getItem("wrenn.theme");
    if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
  } catch {
    // Storage is refused: the system's choice holds.
  }
})();
