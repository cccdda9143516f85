/** Gives a stand-in host templates that go out and come in, with a hand on each piece. */
import { importJWK, jwtVerify } from "jose";

import type { ExportTemplateResponse } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { HOST_ERROR_HEADER, type HostErrorCode } from "../../proto/host-errors.ts";
import { newId, parseHostId, parseTeamId } from "../../proto/ids.ts";
import { decodeFrames } from "../../proto/template-frames.ts";
import type { TestDatabase } from "./database.ts";
import type { StandInHost } from "./stand-in-host.ts";

const PIECES = 10;
const PIECE_BYTES = 1_000;

export class StandInTemplates {
  /** Exports begun. */
  exports = 0;
  /** Imports begun, and how each ended. */
  readonly imports: ("coming" | "whole" | "cut")[] = [];
  /** Ids of templates it was told to delete. */
  readonly deleted: string[] = [];
  /** Awaited before each piece is sent, by its index. */
  beforePiece: (index: number) => Promise<void> = () => Promise.resolve();
  /** Answered to an import instead of taking it. */
  refusal: { status: number; code: HostErrorCode } | null = null;

  constructor(readonly host: StandInHost) {
    const plan = () => ({
      runtimeId: "stand-in",
      files: [{ name: "memory", sizeBytes: BigInt(PIECES * PIECE_BYTES), digest: "any" }],
    });
    host.answers.listTemplateFiles = () => ({ plan: plan() });
    host.answers.listMissingFiles = ({ template }) => ({
      present: this.holds(template?.templateId ?? ""),
      names: ["memory"],
    });
    host.answers.exportTemplate = () => this.#export();
    host.answers.deleteTemplate = ({ template }) => {
      this.deleted.push(template?.templateId ?? "");
      host.templates = host.templates.filter(({ template_id }) => template_id !== template?.templateId);
      return {};
    };
    host.other = (request) => this.#import(request);
  }

  holds(templateId: string): boolean {
    return this.host.templates.some(({ template_id }) => template_id === templateId);
  }

  async *#export() {
    this.exports += 1;
    yield { part: { case: "file" as const, value: { name: "memory" } } };
    for (let index = 0; index < PIECES; index += 1) {
      await this.beforePiece(index);
      yield { part: { case: "data" as const, value: new Uint8Array(PIECE_BYTES) } };
    }
  }

  async #import(request: Request): Promise<Response> {
    const [, teamId = "", templateId = ""] =
      /^\/templates\/([^/]+)\/([^/]+)\/import$/.exec(new URL(request.url).pathname) ?? [];
    const key = await importJWK(this.host.registration.server_public_key, "EdDSA");
    const token = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
    await jwtVerify(token, key, { audience: parseHostId(this.host.id) ?? "" });
    if (this.refusal !== null) {
      const { status, code } = this.refusal;
      return Response.json(
        { message: `refused: ${code}` },
        { status, headers: { [HOST_ERROR_HEADER]: code } },
      );
    }
    const index = this.imports.push("coming") - 1;
    try {
      const bytes = await receivedBytes(decodeFrames(request.body ?? new ReadableStream()));
      if (bytes !== PIECES * PIECE_BYTES) throw new Error(`${bytes} bytes came`);
    } catch {
      this.imports[index] = "cut";
      return new Response(null, { status: 400 });
    }
    this.imports[index] = "whole";
    this.host.templates = [...this.host.templates, { team_id: teamId, template_id: templateId }];
    return Response.json({});
  }
}

const receivedBytes = async (messages: AsyncIterable<ExportTemplateResponse>): Promise<number> => {
  let bytes = 0;
  let isFirst = true;
  for await (const { part } of messages) {
    if (isFirst !== (part.case === "plan")) throw new Error("the plan is not the first thing");
    isFirst = false;
    if (part.case === "data") bytes += part.value.byteLength;
  }
  return bytes;
};

/** A snapshot of the team that these hosts hold. */
export const seedSnapshot = async (
  { ownerSql }: TestDatabase,
  teamId: string,
  holders: StandInTemplates[],
): Promise<{ id: string; name: string }> => {
  const [id, name] = [newId(), `snapshot-${crypto.randomUUID().slice(0, 8)}`];
  const team = parseTeamId(teamId) ?? "";
  await ownerSql`
    insert into templates (id, team_id, name, type, vcpus, memory_mb, disk_size_mb, size_bytes, runtime_id)
    values (${id}, ${team}, ${name}, 'snapshot', 1, 512, 5120, ${PIECES * PIECE_BYTES}, 'stand-in')`;
  for (const { host } of holders) {
    host.templates = [...host.templates, { team_id: team, template_id: id }];
    await ownerSql`
      insert into host_templates (host_id, template_id, state, progress)
      values (${parseHostId(host.id) ?? ""}, ${id}, 'present', 1)`;
  }
  return { id, name };
};
