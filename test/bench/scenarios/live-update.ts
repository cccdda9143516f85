/** Live updates: from one person's change in a browser to the frame that shows it in another one's. */
import type { Page } from "playwright-core";

import { findNoBrowser } from "../../run/prepare.ts";
import { TestBrowser } from "../../support/browser.ts";
import { signInTo } from "../../support/dashboard-scene.ts";
import type { Runner } from "../rounds.ts";
import type { BenchContext } from "./context.ts";

/** Each team has a list of them, and no machine has to start for one. */
const PATH = "/dashboard/keys";

/** Notes when a text comes to stand on the page, frame by frame, however deep in its elements. */
const watchFor = (page: Page, text: string): Promise<number> =>
  page.evaluate(
    (wanted) =>
      new Promise<number>((resolve) => {
        const holds = (root: ParentNode): boolean =>
          [...root.querySelectorAll("*")].some(
            (element) =>
              (element.shadowRoot !== null && holds(element.shadowRoot)) ||
              (element.childElementCount === 0 && element.textContent?.trim() === wanted),
          );
        const look = (): void => {
          if (holds(document)) resolve(Date.now());
          else requestAnimationFrame(look);
        };
        look();
      }),
    text,
  );

/** Makes a key through the API as the page would. @returns when it was asked for, and the key's id */
const makeKey = (page: Page, { name, token }: { name: string; token: string }) =>
  page.evaluate(
    async ([keyName, bearer]) => {
      const at = Date.now();
      const answer = await fetch("/v1/api-keys", {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${bearer}` },
        body: JSON.stringify({ name: keyName, scopes: ["sandboxes"] }),
      });
      if (answer.status !== 201) throw new Error(`no key: ${answer.status}`);
      const body: { id: string } = await answer.json();
      return { at, id: body.id };
    },
    [name, token] as const,
  );

const post = async (url: string, body: object): Promise<{ token: string }> => {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`the answer is ${answer.status}`);
  return answer.json() as Promise<{ token: string }>;
};

/** Two people of one team, each in a browser context of their own; both clocks are the machine's. */
export const liveUpdateRunners = async ({ product }: Pick<BenchContext, "product">): Promise<Runner[]> => {
  const obstacle = await findNoBrowser();
  if (obstacle !== null) throw new Error(obstacle);
  const { url, email, password } = product;
  const { token } = await post(`${url}/v1/auth/login`, { email, password });
  const browser = await TestBrowser.launch();
  const [mine, theirs] = [await browser.visitor(url), await browser.visitor(url)];
  for (const { page } of [mine, theirs]) await signInTo(page, PATH, product);
  return [
    {
      name: "wrenn",
      once: async () => {
        const name = `seen ${crypto.randomUUID().slice(0, 8)}`;
        const seen = watchFor(theirs.page, name);
        const { at, id } = await makeKey(mine.page, { name, token });
        const value = (await seen) - at;
        await fetch(`${url}/v1/api-keys/${id}`, {
          method: "DELETE",
          headers: { authorization: `Bearer ${token}` },
        });
        return [{ case: "live_update", subject: "wrenn", value }];
      },
      dispose: () => browser.close(),
    },
  ];
};
