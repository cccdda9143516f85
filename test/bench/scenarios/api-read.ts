/** Reads at full speed: requests per second of Wrenn's API, and of a bare server that answers with the same rows. */
import { join } from "node:path";

import { parseTeamId } from "../../../proto/ids.ts";
import { createApiClient } from "../../../server/up/api-client.ts";
import { pickList, pickString } from "../../../server/up/json.ts";
import type { CaseName } from "../cases.ts";
import { measureLoad } from "../load/load.ts";
import type { Runner } from "../rounds.ts";
import type { BenchContext } from "./context.ts";

const ROWS = 20;
/** Kept alive, one request under way on each. */
const LOAD = { connections: 16, warmUpMs: 300, measuredMs: 700 };

const STOPPED = `/v1/sandboxes?limit=${ROWS}&status=stopped`;

interface Page {
  path: string;
  headers: Record<string, string>;
  /** Where the bare server has the same rows. */
  directPath: string;
}

interface SignedIn {
  token: string;
  teamId: string;
}

/** A key reads sandboxes; the other two are for people only. */
const PAGES = {
  api_read: ({ product }) => ({
    path: STOPPED,
    headers: { "x-api-key": product.apiKey },
    directPath: "/sandboxes",
  }),
  api_read_team: (_, { token, teamId }) => ({
    path: `/v1/teams/${teamId}`,
    headers: { authorization: `Bearer ${token}` },
    directPath: "/team",
  }),
  api_read_audit: (_, { token }) => ({
    path: `/v1/audit-logs?limit=${ROWS}`,
    headers: { authorization: `Bearer ${token}` },
    directPath: "/audit-logs",
  }),
} satisfies Partial<Record<CaseName, (context: BenchContext, signedIn: SignedIn) => Page>>;

const signIn = async ({ url, email, password }: BenchContext["product"]): Promise<SignedIn> => {
  const body = { email, password };
  const answer = await createApiClient(url, null).send({ method: "POST", path: "/v1/auth/login", body });
  return { token: pickString(answer, "token"), teamId: pickString(answer, "team_id") };
};

/** Each that is made and removed leaves two rows in the audit trail as well. */
const haveStoppedSandboxes = async ({ product, client }: BenchContext): Promise<void> => {
  const api = createApiClient(product.url, { apiKey: product.apiKey });
  const answer = await api.send({ method: "GET", path: STOPPED });
  // Earlier scenarios left plenty; alone, this one makes what is missing.
  for (let found = pickList(answer, "items").length; found < ROWS; found++) {
    await (await client.create()).remove();
  }
};

/** Starts `bare-server.ts`; resolves to its address when it listens. */
const startBareServer = async (databaseUrl: string, teamId: string) => {
  const child = Bun.spawn(
    [process.execPath, "--no-env-file", join(import.meta.dir, "..", "bare-server.ts"), teamId],
    {
      env: { ...process.env, DATABASE_URL: databaseUrl },
      stdin: "ignore",
      stdout: "pipe",
      stderr: "inherit",
    },
  );
  for await (const line of child.stdout.pipeThrough(new TextDecoderStream())) {
    return { child, url: line.trim() };
  }
  throw new Error("the bare server ended before it listened");
};

export const apiReadRunners =
  (name: keyof typeof PAGES) =>
  async (context: BenchContext): Promise<Runner[]> => {
    const { product } = context;
    await haveStoppedSandboxes(context);
    const signedIn = await signIn(product);
    const { path, headers, directPath } = PAGES[name](context, signedIn);
    const { child, url } = await startBareServer(product.databaseUrl, parseTeamId(signedIn.teamId) ?? "");
    const runner = (
      subject: "wrenn" | "direct",
      target: Pick<Page, "headers"> & { url: string },
    ): Runner => ({
      name: subject,
      once: async () => [{ case: name, subject, value: await measureLoad({ ...LOAD, ...target }) }],
    });
    return [
      runner("wrenn", { url: `${product.url}${path}`, headers }),
      {
        ...runner("direct", { url: `${url}${directPath}`, headers: {} }),
        dispose: async () => {
          child.kill();
          await child.exited;
        },
      },
    ];
  };
