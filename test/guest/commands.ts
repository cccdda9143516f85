/** Runs commands through the generated client and gathers what comes back. */
import type { MessageInitShape } from "@bufbuild/protobuf";
import { type Client, Code, ConnectError } from "@connectrpc/connect";

import type { Process, ProcessEvent, StartRequestSchema } from "../../proto/gen/process/process_pb.ts";

export interface CommandResult {
  pid: number;
  stdout: string;
  stderr: string;
  pty: string;
  stdoutBytes: Buffer;
  stderrBytes: Buffer;
  exitCode: number;
  exited: boolean;
  status: string;
  error: string | undefined;
  keepalives: number;
  /** Kinds in the order they came, runs of equal ones once. */
  order: string[];
}

type Events = AsyncIterable<{ event?: ProcessEvent }>;

/** Everything up to `end`. Throws when the stream ends without one. */
export const gather = async (events: Events): Promise<CommandResult> => {
  const chunks = { stdout: [] as Uint8Array[], stderr: [] as Uint8Array[], pty: [] as Uint8Array[] };
  const order: string[] = [];
  let pid = 0;
  let keepalives = 0;
  for await (const { event } of events) {
    const { case: kind, value } = event?.event ?? { case: undefined };
    if (kind !== undefined && order.at(-1) !== kind) order.push(kind);
    if (kind === "start") pid = value.pid;
    if (kind === "keepalive") keepalives += 1;
    if (kind === "data" && value.output.case !== undefined)
      chunks[value.output.case].push(value.output.value);
    if (kind === "end") {
      const stdoutBytes = Buffer.concat(chunks.stdout);
      const stderrBytes = Buffer.concat(chunks.stderr);
      return {
        pid,
        stdout: stdoutBytes.toString(),
        stderr: stderrBytes.toString(),
        pty: Buffer.concat(chunks.pty).toString(),
        stdoutBytes,
        stderrBytes,
        exitCode: value.exitCode,
        exited: value.exited,
        status: value.status,
        error: value.error,
        keepalives,
        order,
      };
    }
  }
  throw new Error("the stream ended without an end event");
};

export interface ShellOptions {
  cwd?: string;
  envs?: Record<string, string>;
  tag?: string;
  /** @default {false} */
  stdin?: boolean;
}

/** A shell line, run to its end. */
export const shell = (
  client: Client<typeof Process>,
  line: string,
  { cwd, envs = {}, tag, stdin = false }: ShellOptions = {},
): Promise<CommandResult> =>
  gather(client.start({ process: { cmd: "sh", args: ["-c", line], envs, cwd }, tag, stdin }));

/** A command under way: its pid, its stream, and a way to leave without ending it. */
export const begin = async (
  client: Client<typeof Process>,
  request: MessageInitShape<typeof StartRequestSchema>,
): Promise<{ pid: number; rest: Promise<CommandResult>; leave: () => void }> => {
  const controller = new AbortController();
  const started = Promise.withResolvers<number>();
  async function* watched(): Events {
    try {
      for await (const item of client.start(request, { signal: controller.signal })) {
        if (item.event?.event.case === "start") started.resolve(item.event.event.value.pid);
        yield item;
      }
    } catch (error) {
      started.reject(error);
      throw error;
    }
  }
  const rest = gather(watched());
  // A test that leaves does not look at it.
  rest.catch(() => {});
  return { pid: await started.promise, rest, leave: () => controller.abort() };
};

/** Waits until `isTrue`, at most `timeoutMs`. */
export const until = async (
  what: string,
  isTrue: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> => {
  const deadline = performance.now() + timeoutMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await Bun.sleep(20);
  }
};

export const byPid = (pid: number) => ({ selector: { case: "pid" as const, value: pid } });
export const byTag = (tag: string) => ({ selector: { case: "tag" as const, value: tag } });

export const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** `NotFound: what it said`, or `no error`. */
export const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return "no error";
  } catch (error) {
    return error instanceof ConnectError ? `${Code[error.code]}: ${error.rawMessage}` : String(error);
  }
};
