/** Makes preview links: signed, expiring addresses of one port that work without any other credential. */
import type { Sql, Tx } from "../../db/sql.ts";
import { formatHexId, formatSandboxId } from "../../proto/ids.ts";
import { record } from "../audit/record.ts";
import { sandboxEvents } from "../audit/sandbox-events.ts";
import type { TeamCaller } from "../auth/context.ts";
import { invalidState, requireSandbox } from "../sandboxes/host-calls.ts";
import { isFinal } from "../sandboxes/status.ts";
import { PREVIEW_QUERY } from "./preview-entry.ts";
import type { PreviewTokens } from "./preview-tokens.ts";
import type { PortRef } from "./target.ts";

export interface PreviewLink {
  /** By host name where there is a domain for sandboxes, else `pathUrl`. */
  url: string;
  pathUrl: string;
  expiresAt: Date;
}

export class PreviewUrls {
  #base = "";

  /** @param host scheme and domain of host names, as `https` and `sbx.example.com:8443`; null: none is set up */
  constructor(
    private readonly sql: Sql,
    private readonly tokens: PreviewTokens,
    private readonly host: { scheme: string; domain: string } | null,
  ) {}

  /** Where the previews' own listener is reached, as `http://192.0.2.1:4401`. */
  get base(): string {
    return this.#base;
  }

  servedAt(base: string): void {
    this.#base = base;
  }

  /** 404 `sandbox_not_found`, 409 `invalid_state` for one that has ended. */
  async create(
    { teamId, actor }: Pick<TeamCaller, "teamId" | "actor">,
    { ttlSec, ...ref }: PortRef & { ttlSec: number },
  ): Promise<PreviewLink> {
    const { sql } = this;
    const { sandboxId, port } = ref;
    const { status } = await requireSandbox({ sql }, { id: sandboxId, teamId });
    if (isFinal(status)) throw invalidState(sandboxId, status, "to exist");
    const expiresSec = Math.floor(Date.now() / 1_000) + ttlSec;
    const expiresAt = new Date(expiresSec * 1_000);
    await sql.begin((tx: Tx) =>
      record(tx, sandboxEvents.previewed({ teamId, actor, sandboxId, port, expiresAt })),
    );
    const query = `?${PREVIEW_QUERY}=${this.tokens.sign(ref, expiresSec)}`;
    const pathUrl = `${this.#base}/preview/${formatSandboxId(sandboxId)}/${port}/${query}`;
    const { host } = this;
    const url =
      host === null ? pathUrl : `${host.scheme}://${port}-${formatHexId(sandboxId)}.${host.domain}/${query}`;
    return { url, pathUrl, expiresAt };
  }
}
