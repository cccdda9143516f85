/** What a browser remembers of how its person likes it. Storage that is refused forgets, and nothing else. */
import { Store } from "./store.ts";

const read = (key: string): string | null => {
  try {
    return localStorage.getItem(key);
  } catch {
    return null;
  }
};

const remember = (key: string, value: string): void => {
  try {
    localStorage.setItem(key, value);
  } catch {
    // It holds until the page is closed.
  }
};

export type Theme = "system" | "light" | "dark";

const readTheme = (): Theme => {
  const kept = read("wrenn.theme");
  return kept === "light" || kept === "dark" ? kept : "system";
};

export const theme = new Store<Theme>(readTheme());

theme.subscribe((chosen) => {
  remember("wrenn.theme", chosen);
  if (chosen === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = chosen;
});

export const isSidebarCollapsed = new Store<boolean>(read("wrenn.sidebar") === "collapsed");

isSidebarCollapsed.subscribe((collapsed) => remember("wrenn.sidebar", collapsed ? "collapsed" : "open"));
