/** Sandboxes of an agent under test: make them, run commands in them, reach their ports. */
import { createHash } from "node:crypto";

import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";

import { Process } from "../../proto/gen/process/process_pb.ts";
import type {
  CreateSandboxRequest,
  TemplateRefSchema,
  TimeoutSchema,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { GUEST_PORT } from "../../proto/guest-port.ts";
import { formatSandboxId, newId, ZERO_UUID } from "../../proto/ids.ts";
import type { TestAgent } from "./agent.ts";

export const TEAM = "0198c0de-0000-7000-8000-00000000000a";
export const MINIMAL = { teamId: ZERO_UUID, templateId: ZERO_UUID };

/** What the server would compute from its key. */
export const accessTokenOf = (sandboxId: string): string =>
  createHash("sha256").update(`test ${sandboxId}`).digest("hex");

export const newSandboxId = (): string => formatSandboxId(newId());

export type CreateOptions = Partial<
  Omit<CreateSandboxRequest, "$typeName" | "$unknown" | "template" | "timeout">
> & {
  template?: MessageInitShape<typeof TemplateRefSchema>;
  timeout?: MessageInitShape<typeof TimeoutSchema>;
};

/** Creates a sandbox of `minimal` and returns its id. */
export const createSandbox = async (agent: TestAgent, options: CreateOptions = {}): Promise<string> => {
  const sandboxId = options.sandboxId ?? newSandboxId();
  await agent.host.createSandbox({
    sandboxId,
    template: MINIMAL,
    teamId: TEAM,
    vcpus: 1,
    memoryMb: 512,
    diskSizeMb: 5_120,
    accessToken: accessTokenOf(sandboxId),
    ...options,
  });
  return sandboxId;
};

/** A request into the sandbox, as the server forwards it. */
export const trafficFetch = async (
  agent: TestAgent,
  sandboxId: string,
  port: number,
  path: string,
  init: BunFetchRequestInit = {},
): Promise<Response> => {
  const headers = new Headers(init.headers);
  headers.set("wrenn-authorization", `Bearer ${await agent.token()}`);
  if (port === GUEST_PORT) headers.set("x-access-token", accessTokenOf(sandboxId));
  return fetch(`${agent.url}/traffic/${sandboxId}/${port}${path}`, { ...init, headers });
};

export const processClient = (agent: TestAgent, sandboxId: string): Client<typeof Process> =>
  createClient(
    Process,
    createConnectTransport({
      baseUrl: `${agent.url}/traffic/${sandboxId}/${GUEST_PORT}`,
      useBinaryFormat: true,
      interceptors: [
        (next) => async (request) => {
          request.header.set("wrenn-authorization", `Bearer ${await agent.token()}`);
          request.header.set("x-access-token", accessTokenOf(sandboxId));
          request.header.set("authorization", `Basic ${btoa("root:")}`);
          return next(request);
        },
      ],
    }),
  );

export interface Finished {
  stdout: string;
  stderr: string;
  exitCode: number;
}

/** Runs a program as root inside and waits for its end. */
export const execute = async (
  agent: TestAgent,
  sandboxId: string,
  argv: [string, ...string[]],
  timeoutMs = 60_000,
): Promise<Finished> => {
  const stop = new AbortController();
  const [cmd, ...args] = argv;
  const output = { stdout: "", stderr: "" };
  const decoder = new TextDecoder();
  try {
    const events = processClient(agent, sandboxId).start(
      { process: { cmd, args }, stdin: false },
      { signal: AbortSignal.any([stop.signal, AbortSignal.timeout(timeoutMs)]) },
    );
    for await (const { event } of events) {
      if (event?.event.case === "data") {
        const { case: channel, value } = event.event.value.output;
        if (channel === "stdout" || channel === "stderr") output[channel] += decoder.decode(value);
      }
      if (event?.event.case === "end") return { ...output, exitCode: event.event.value.exitCode };
    }
    throw new Error("the command's stream ended without an exit");
  } finally {
    stop.abort();
  }
};

/** The same for a line of bash. */
export const shell = (
  agent: TestAgent,
  sandboxId: string,
  line: string,
  timeoutMs?: number,
): Promise<Finished> => execute(agent, sandboxId, ["/bin/bash", "-c", line], timeoutMs);
