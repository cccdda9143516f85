/**
 * Loads the whole page again when some of its code did not come, which a browser does not ask for twice: it lets go
 * of what it loads when the machine joins another network, and a newer dashboard has other files.
 */

const KEY = "wrenn.reloaded";
/** Sooner than this it would come to nothing again. */
const REST_MS = 10_000;

/** False when that was tried a moment ago: then somebody has to be told. */
export const reloadOnce = (): boolean => {
  const lastMs = Number(sessionStorage.getItem(KEY) ?? 0);
  if (Date.now() - lastMs < REST_MS) return false;
  sessionStorage.setItem(KEY, String(Date.now()));
  location.reload();
  return true;
};
