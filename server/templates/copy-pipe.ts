/** Moves one template from host to host: what the one sends is what the other gets, and nothing is kept. */
import { create } from "@bufbuild/protobuf";
import { type CallOptions, ConnectError } from "@connectrpc/connect";

import { readBoundedJson } from "../../proto/bounded-body.ts";
import {
  type ExportPlan,
  type ExportTemplateResponse,
  ExportTemplateResponseSchema,
} from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { HOST_ERROR_HEADER } from "../../proto/host-errors.ts";
import { encodeFrame } from "../../proto/template-frames.ts";
import type { HostClient, HostClientPool } from "../hosts/client-pool.ts";
import type { HostEndpoint } from "../hosts/host-fetch.ts";
import { checkPlan, measurePiece } from "./copy-bounds.ts";

/** Neither side says anything for so long: it hangs. Also what the target's last checks may take. */
const STALL_MS = 60_000;
/** The source reads every disk layer once for its digest. */
const PLAN_MS = 5 * 60_000;

/** Which side of a copy failed: a source has substitutes, the target has none. */
export class CopyFailed extends Error {
  override name = "CopyFailed";
  constructor(
    readonly side: "source" | "target",
    message: string,
    options: ErrorOptions = {},
  ) {
    super(message, options);
  }
}

const reasonOf = (thrown: unknown): string =>
  thrown instanceof ConnectError
    ? thrown.rawMessage
    : thrown instanceof Error
      ? thrown.message
      : String(thrown);

const failing = async <T>(side: CopyFailed["side"], work: Promise<T>): Promise<T> => {
  try {
    return await work;
  } catch (cause) {
    if (cause instanceof CopyFailed) throw cause;
    throw new CopyFailed(side, reasonOf(cause), { cause });
  }
};

export interface CopyOrder {
  hosts: HostClientPool;
  source: HostEndpoint;
  target: HostEndpoint;
  /** Bare UUIDs. */
  template: { teamId: string; templateId: string };
  /** Told after each piece, 0 to 1. */
  onProgress: (progress: number) => void;
  signal: AbortSignal;
}

/**
 * The import's body, pulled piece by piece: a slow target slows the source down. The source is asked with the
 * first piece, not before: a target that refuses at once would leave a call that nobody hears fail.
 */
const bodyOf = (
  plan: ExportPlan,
  open: () => AsyncIterable<ExportTemplateResponse>,
  onPiece: (message: ExportTemplateResponse) => void,
  onFailure: (error: CopyFailed) => void,
): ReadableStream<Uint8Array> => {
  let hasPlan = false;
  let content: AsyncIterator<ExportTemplateResponse> | null = null;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (!hasPlan) {
          hasPlan = true;
          controller.enqueue(
            encodeFrame(create(ExportTemplateResponseSchema, { part: { case: "plan", value: plan } })),
          );
          return;
        }
        try {
          content ??= open()[Symbol.asyncIterator]();
          const { done, value } = await content.next();
          if (done === true) return controller.close();
          onPiece(value);
          controller.enqueue(encodeFrame(value));
        } catch (cause) {
          const error = new CopyFailed("source", reasonOf(cause), { cause });
          onFailure(error);
          controller.error(error);
        }
      },
    },
    { highWaterMark: 0 },
  );
};

/** A refusal's sentence. */
const readRefusal = async (answer: Response): Promise<string> => {
  const name = answer.headers.get(HOST_ERROR_HEADER);
  const body: unknown = await readBoundedJson(answer).catch(() => null);
  const message = typeof body === "object" && body !== null && "message" in body ? String(body.message) : "";
  return message || name || `it answered ${answer.status}`;
};

const stream = async (order: CopyOrder, plan: ExportPlan, names: string[]): Promise<void> => {
  const { hosts, source, target, template, onProgress, signal } = order;
  const wanted = new Set(names);
  const total = plan.files.reduce(
    (sum, file) => sum + (wanted.has(file.name) ? Number(file.sizeBytes) : 0),
    0,
  );
  const stop = new AbortController();
  const ended = AbortSignal.any([signal, stop.signal]);
  const stalled = () => stop.abort(new CopyFailed("target", `nothing moved for ${STALL_MS / 1_000} s`));
  let timer = setTimeout(stalled, STALL_MS);
  let done = 0;
  const onPiece = (message: ExportTemplateResponse) => {
    clearTimeout(timer);
    timer = setTimeout(stalled, STALL_MS);
    done += measurePiece(message);
    onProgress(Math.min(1, done / Math.max(1, total)));
  };
  const broken = Promise.withResolvers<never>();
  broken.promise.catch(() => {});
  const open = () => hosts.client(source).exportTemplate({ template, names }, { signal: ended });
  const body = bodyOf(plan, open, onPiece, (error) => {
    broken.reject(error);
    stop.abort(error);
  });
  try {
    const path = `/templates/${template.teamId}/${template.templateId}/import`;
    const put = hosts.fetch(target, path, { method: "PUT", body, signal: ended });
    const answer = await Promise.race([put, broken.promise]);
    if (!answer.ok) throw new CopyFailed("target", await readRefusal(answer));
  } finally {
    clearTimeout(timer);
    // A stream that is left is not ended by that.
    stop.abort();
  }
};

const askForPlan = async (
  client: HostClient,
  template: CopyOrder["template"],
  asked: CallOptions,
): Promise<ExportPlan> => {
  const { plan } = await client.listTemplateFiles({ template }, asked);
  if (plan === undefined) throw new Error("it did not say what the template consists of");
  checkPlan(plan);
  return plan;
};

/**
 * Resolves when the target holds the template whole. Throws `CopyFailed`, and why `signal` aborted; nothing
 * usable is on the target then.
 */
export const pipeTemplate = async (order: CopyOrder): Promise<void> => {
  const { hosts, source, target, template, signal } = order;
  const asked = { signal, timeoutMs: PLAN_MS };
  const plan = await failing("source", askForPlan(hosts.client(source), template, asked));
  const missing = await failing(
    "target",
    hosts.client(target).listMissingFiles({ template, plan }, { ...asked, timeoutMs: STALL_MS }),
  );
  if (missing.present) return;
  try {
    await failing("target", stream(order, plan, missing.names));
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
};
