/** Where the person is, over the History API: links inside the dashboard change the page without loading it. */
import { Store } from "./state/store.ts";

export interface Place {
  path: string;
  query: URLSearchParams;
}

const here = (): Place => ({ path: location.pathname, query: new URLSearchParams(location.search) });

export const place = new Store<Place>(here());

/** `replace`: the back button does not lead here again. */
export const navigate = (url: string, { replace = false } = {}): void => {
  const from = place.value.path;
  history[replace ? "replaceState" : "pushState"](null, "", url);
  place.set(here());
  if (place.value.path !== from) scrollTo(0, 0);
};

/** Notes in the address what a page shows, so that a reload or a shared link shows it again. */
export const noteQuery = (changes: Record<string, string | null>): void => {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) {
    if (value === null || value === "") query.delete(name);
    else query.set(name, value);
  }
  navigate(`${location.pathname}${query.size === 0 ? "" : `?${query}`}`, { replace: true });
};

/** Paths that this page answers for; the server has other pages. */
const isOurs = (path: string): boolean =>
  path === "/" || ["login", "signup", "dashboard", "admin", "dev"].includes(path.split("/")[1] ?? "");

const linkOf = (event: MouseEvent): HTMLAnchorElement | null =>
  event.composedPath().find((node): node is HTMLAnchorElement => node instanceof HTMLAnchorElement) ?? null;

const follow = (event: MouseEvent): void => {
  if (event.defaultPrevented || event.button !== 0) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = linkOf(event);
  // Without an address: a place that is not for this person.
  if (!link || link.href === "" || link.target !== "" || link.hasAttribute("download")) return;
  const url = new URL(link.href);
  if (url.origin !== location.origin || !isOurs(url.pathname)) return;
  event.preventDefault();
  navigate(`${url.pathname}${url.search}${url.hash}`);
};

export const startRouter = (): void => {
  addEventListener("popstate", () => place.set(here()));
  document.addEventListener("click", follow);
};
