/** Sign-ins with a wrong password: does the time tell whether there is such an account? */
import type { Runner } from "../rounds.ts";
import { type BenchContext, timed } from "./context.ts";

const post = async (url: string, body: object): Promise<number> => {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await response.text();
  return response.status;
};

const expectStatus = (found: number, expected: number): void => {
  if (found !== expected) throw new Error(`the answer is ${found}, not ${expected}`);
};

/** The known account is made for this and stays; both addresses are equally long. */
export const loginTimingRunners = async ({ product }: Pick<BenchContext, "product">): Promise<Runner[]> => {
  const newEmail = () => `${crypto.randomUUID()}@example.com`;
  const known = newEmail();
  const password = crypto.randomUUID();
  const account = { email: known, password, name: "bench" };
  expectStatus(await post(`${product.url}/v1/auth/signup`, account), 201);
  const runner = (subject: "known_email" | "unknown_email", email: () => string): Runner => ({
    name: subject,
    once: async () => {
      const body = { email: email(), password: "not the one" };
      const value = await timed(async () => {
        expectStatus(await post(`${product.url}/v1/auth/login`, body), 401);
      });
      return [{ case: "login_timing", subject, value }];
    },
  });
  return [runner("known_email", () => known), runner("unknown_email", newEmail)];
};
