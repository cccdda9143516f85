/**
 * Makes the terminal's library obey the dashboard's content policy, which allows no inline style: where it would
 * write a `<style>` it makes a `wr-sheet`, and where it would write a `style` attribute it sets the style's text,
 * which the policy does not govern. The policy stays as it is. What is replaced is counted: a version of the library
 * that writes styles elsewhere does not build.
 */
import type { BunPlugin } from "bun";

interface Replacement {
  pattern: RegExp;
  by: string;
  times: number;
}

const REPLACEMENTS: readonly Replacement[] = [
  { pattern: /createElement\("style"\)/g, by: 'createElement("wr-sheet")', times: 3 },
  {
    pattern: /(\w+)\.setAttribute\("style",`\$\{\1\.getAttribute\("style"\)\|\|""\}\$\{(\w+)\};`\)/g,
    by: '$1.style.cssText+=";"+$2',
    times: 1,
  },
  // Nothing else writes one.
  { pattern: /setAttribute\("style"|insertAdjacentHTML|\.innerHTML\b/g, by: "", times: 0 },
];

export const toStrictStyles = (source: string): string => {
  let text = source;
  for (const { pattern, by, times } of REPLACEMENTS) {
    const found = text.match(pattern)?.length ?? 0;
    if (found !== times) {
      throw new Error(
        `the terminal's library writes styles in ${found} places of ${pattern}, not in ${times}`,
      );
    }
    text = text.replaceAll(pattern, by);
  }
  return text;
};

export const strictStyles: BunPlugin = {
  name: "strict-styles",
  setup(build) {
    build.onLoad({ filter: /@xterm\/xterm\/lib\/xterm\.mjs$/ }, async ({ path }) => ({
      contents: toStrictStyles(await Bun.file(path).text()),
      loader: "js",
    }));
  },
};
