/** `POST /v1/sandboxes/{id}/exec`: one command, its output and its exit. */
import { Elysia, t } from "elysia";

import { formatSandboxId } from "../../proto/ids.ts";
import { KEY_OR_TEAM } from "../docs/security.ts";
import { withErrors } from "../http/error-responses.ts";
import { integer, nullable, wordOf } from "../http/schemas.ts";
import type { Services } from "../services.ts";
import { encodeOutputs, MAX_OUTPUT_BYTES } from "./capped-output.ts";
import { execInSandbox, type ExecRequest, startInBackground } from "./exec.ts";
import { Environment, sandboxIdOf, SandboxParams } from "./requests.ts";

export const CommandFields = {
  cmd: t.String({
    minLength: 1,
    maxLength: 128 * 1024,
    description: "A program when `args` is there (even empty), else a line for /bin/sh",
  }),
  args: t.Optional(t.Array(t.String({ maxLength: 128 * 1024 }), { maxItems: 1000 })),
  envs: t.Optional(Environment),
  cwd: t.Optional(t.String({ minLength: 1, maxLength: 4096, description: "Default: the user's home" })),
  user: t.Optional(t.String({ pattern: "^[a-z_][a-z0-9_-]{0,31}$", description: "Default: `user`" })),
};

const ExecBody = t.Object(
  {
    ...CommandFields,
    timeout_sec: t.Optional(
      t.Integer({ minimum: 0, maximum: 86_400, default: 0, description: "Killed after this; 0 = never" }),
    ),
    stdin: t.Optional(t.String({ description: "Written to it, then end of file; without, it reads none" })),
    background: t.Optional(t.Boolean({ default: false, description: "Answer at once and leave it running" })),
  },
  { title: "Exec" },
);

const ExecModel = t.Object(
  {
    sandbox_id: t.String(),
    cmd: t.String(),
    pid: integer(),
    stdout: t.String({ description: `The first ${MAX_OUTPUT_BYTES} bytes` }),
    stderr: t.String({ description: `The first ${MAX_OUTPUT_BYTES} bytes` }),
    encoding: wordOf(["utf8", "base64"]),
    exit_code: nullable(integer({ description: "-1 when a signal ended it; null while it runs" })),
    signal: nullable(t.String({ examples: ["SIGKILL"] })),
    duration_ms: t.Number(),
    truncated: t.Boolean({ description: "There was more output than is shown" }),
    timed_out: t.Boolean({ description: "It was killed because `timeout_sec` passed" }),
  },
  { title: "ExecResult" },
);

export const execRoutes = ({
  guards,
  sandboxes,
  guests,
}: Pick<Services, "guards" | "sandboxes" | "guests">) =>
  new Elysia({ name: "exec", prefix: "/v1/sandboxes", normalize: false })
    .derive(guards.keyOrTeam({ scopes: ["sandboxes"] }))
    .post(
      "/:id/exec",
      async ({ caller, params, body, request, server }) => {
        // A command may be silent for as long as it likes.
        server?.timeout(request, 0);
        const id = sandboxIdOf(params);
        const wanted: ExecRequest = {
          cmd: body.cmd,
          args: body.args ?? null,
          envs: body.envs ?? {},
          cwd: body.cwd ?? null,
          user: body.user ?? null,
          timeoutSec: body.timeout_sec ?? 0,
          stdin: body.stdin ?? null,
        };
        const about = { sandbox_id: formatSandboxId(id), cmd: body.cmd };
        if (body.background) {
          const pid = await startInBackground({ sandboxes, guests }, caller, { id, request: wanted });
          const nothing = {
            stdout: "",
            stderr: "",
            encoding: "utf8" as const,
            exit_code: null,
            signal: null,
          };
          return { ...about, pid, ...nothing, duration_ms: 0, truncated: false, timed_out: false };
        }
        const left = request.signal;
        const result = await execInSandbox({ sandboxes, guests }, caller, { id, request: wanted, left });
        const { stdout, stderr, exit } = result;
        return {
          ...about,
          pid: result.pid,
          ...encodeOutputs(stdout, stderr),
          exit_code: exit.exitCode,
          signal: exit.signal,
          duration_ms: Math.round(result.durationMs * 10) / 10,
          truncated: stdout.truncated || stderr.truncated,
          timed_out: result.timedOut,
        };
      },
      {
        params: SandboxParams,
        body: ExecBody,
        response: withErrors({ 200: ExecModel }, [400, 401, 403, 404, 409, 413, 502, 503, 504]),
        detail: {
          operationId: "execInSandbox",
          summary: "Run a command to its end, or start it in the background",
          description: "When the client leaves, a foreground command is killed with its process group.",
          tags: ["commands"],
          security: KEY_OR_TEAM,
        },
      },
    );
