/** The terminal's colours, light and dark: sixteen that programs choose from, each readable on the ground. */
import type { ITheme } from "@xterm/xterm";

const LIGHT: ITheme = {
  background: "#fbfaf8",
  foreground: "#1a1c1f",
  cursor: "#0b6373",
  cursorAccent: "#fbfaf8",
  selectionBackground: "#b9dde3",
  black: "#1a1c1f",
  red: "#a8251d",
  green: "#1a7041",
  yellow: "#7a4d00",
  blue: "#1c5aa8",
  magenta: "#8a3a8f",
  cyan: "#0b6373",
  white: "#666b72",
  brightBlack: "#54595f",
  brightRed: "#b8332a",
  brightGreen: "#22784a",
  brightYellow: "#855300",
  brightBlue: "#2a67b5",
  brightMagenta: "#96479b",
  brightCyan: "#13707f",
  brightWhite: "#3a3e43",
};

const DARK: ITheme = {
  background: "#0c0e10",
  foreground: "#e2e5e8",
  cursor: "#74cbdc",
  cursorAccent: "#0c0e10",
  selectionBackground: "#1f5a67",
  black: "#3d444b",
  red: "#ff9c92",
  green: "#67d394",
  yellow: "#ecb75c",
  blue: "#8db8f2",
  magenta: "#dba1e0",
  cyan: "#74cbdc",
  white: "#c9ced3",
  brightBlack: "#8d949c",
  brightRed: "#ffb5ad",
  brightGreen: "#8be0ae",
  brightYellow: "#f5cd85",
  brightBlue: "#abccf7",
  brightMagenta: "#e6bbea",
  brightCyan: "#97dbe8",
  brightWhite: "#ffffff",
};

/** By what the element itself is in: the theme may be chosen apart from the system's. */
export const themeOf = (element: Element): ITheme => {
  const scheme = getComputedStyle(element).colorScheme;
  const isSystem = scheme.includes("light") && scheme.includes("dark");
  const isDark = isSystem ? matchMedia("(prefers-color-scheme: dark)").matches : scheme.includes("dark");
  return isDark ? DARK : LIGHT;
};
