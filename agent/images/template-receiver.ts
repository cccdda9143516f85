/** Writes the files of another host's template aside, each as large as planned and with its digest. */
import { digestFile } from "../system/digest.ts";
import { requireFreeSpace } from "../system/free-space.ts";
import type { Layout } from "./layout.ts";
import { type Piece, PieceWriter } from "./pieces.ts";
import { BadTemplate, type PlannedFile, waitingPath } from "./template-plan.ts";

/** How often the disk is looked at while it fills. */
const SPACE_CHECK_BYTES = 64 * 2 ** 20;

export class TemplateReceiver {
  readonly #files: Map<string, PlannedFile>;
  #current: { file: PlannedFile; path: string; writer: PieceWriter } | null = null;
  #unchecked = 0;

  constructor(
    readonly layout: Layout,
    readonly aside: string,
    missing: readonly PlannedFile[],
  ) {
    this.#files = new Map(missing.map((file) => [file.name, file]));
  }

  /** The pieces from here on are this file's. Throws `BadTemplate` for one that is not awaited. */
  async begin(name: string): Promise<void> {
    await this.#finishCurrent();
    const file = this.#files.get(name);
    if (file === undefined) throw new BadTemplate(`the file ${JSON.stringify(name)} was not asked for`);
    this.#files.delete(name);
    const path = waitingPath(this.aside, name);
    this.#current = { file, path, writer: await PieceWriter.create(path, file.sizeBytes) };
  }

  /** Throws `BadPiece`, `DiskFull`. */
  async add(piece: Piece): Promise<void> {
    if (this.#current === null) throw new BadTemplate("content came before any file was named");
    await this.#current.writer.add(piece);
    if (piece.kind === "hole") return;
    this.#unchecked += piece.kind === "data" ? piece.bytes.byteLength : piece.size;
    if (this.#unchecked < SPACE_CHECK_BYTES) return;
    this.#unchecked = 0;
    await requireFreeSpace(this.layout.staging, 0);
  }

  /** All files are there, whole and durable. Throws `BadTemplate`, `BadPiece`. */
  async finish(): Promise<void> {
    await this.#finishCurrent();
    const [left] = this.#files.keys();
    if (left !== undefined) throw new BadTemplate(`the file ${left} did not come`);
  }

  async close(): Promise<void> {
    await this.#current?.writer.close();
  }

  async #finishCurrent(): Promise<void> {
    if (this.#current === null) return;
    const { file, path, writer } = this.#current;
    await writer.finish();
    this.#current = null;
    if ((await digestFile(path)) !== file.digest) {
      throw new BadTemplate(`${file.name} does not match its digest`);
    }
  }
}
