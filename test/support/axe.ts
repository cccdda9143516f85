/** What axe finds wrong with a page for those who do not see it, or do not use a mouse. */
import axe from "axe-core";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

/** One line for each thing found, with the place of the first. Nothing is left out of the rules. */
export const findBarriers = async (page: Page): Promise<string[]> => {
  // As the browser's own tools would: no script of the page, so its content policy does not apply.
  await page.evaluate(axe.source);
  const results = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })");
  return results.violations.map(({ id, help, nodes }) => {
    const [first] = nodes;
    return `${id}: ${help} (${nodes.length}), at ${JSON.stringify(first?.target)}: ${first?.failureSummary}`;
  });
};
