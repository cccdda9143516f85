/** The agent's executable for machines that are to become hosts. */
import { Elysia, t } from "elysia";

import { OPEN } from "../docs/security.ts";
import { type ApiError, notFound } from "../errors.ts";
import { withErrors } from "../http/error-responses.ts";
import type { Services } from "../services.ts";
import type { AgentExecutable } from "./executable.ts";

export const AGENT_NAME = "wrenn-agent-linux-x64";
export const AGENT_PATH = `/download/${AGENT_NAME}`;

const notGivenOut = (): ApiError =>
  notFound(
    "agent_not_available",
    "This server gives out no agent: its operator sets WRENN_AGENT_FILE to one made by `bun run build:agent`.",
  );

const detail = (operationId: string, summary: string) => ({
  operationId,
  summary,
  tags: ["host agents"],
  security: OPEN,
});

export const downloadRoutes = ({ agentDownload, limits }: Pick<Services, "agentDownload" | "limits">) => {
  const find = async (): Promise<AgentExecutable> => {
    const executable = await agentDownload.find();
    if (!executable) throw notGivenOut();
    return executable;
  };

  return new Elysia({ name: "download", prefix: "/download", normalize: false })
    .get(
      `/${AGENT_NAME}`,
      async ({ request, set }) => {
        limits.link({ request, set });
        const { path, sizeBytes, sha256 } = await find();
        const headers = {
          "content-type": "application/octet-stream",
          "content-disposition": `attachment; filename="${AGENT_NAME}"`,
          "cache-control": "no-cache",
          etag: `"${sha256}"`,
          "repr-digest": `sha-256=:${Buffer.from(sha256, "hex").toString("base64")}:`,
        };
        if (request.headers.get("if-none-match") === headers.etag) {
          return new Response(null, { status: 304, headers });
        }
        return new Response(Bun.file(path), {
          headers: { ...headers, "content-length": String(sizeBytes) },
        });
      },
      {
        response: withErrors({ 200: t.Any({ description: "The executable" }) }, [404]),
        detail: detail("downloadAgent", "The agent for Linux on x86-64"),
      },
    )
    .get(
      `/${AGENT_NAME}.sha256`,
      async ({ request, set }) => {
        limits.link({ request, set });
        return new Response(`${(await find()).sha256}  ${AGENT_NAME}\n`, {
          headers: { "content-type": "text/plain; charset=utf-8", "cache-control": "no-cache" },
        });
      },
      {
        response: withErrors({ 200: t.Any({ description: "A line that `sha256sum --check` reads" }) }, [404]),
        detail: detail("downloadAgentDigest", "The agent's SHA-256"),
      },
    );
};
