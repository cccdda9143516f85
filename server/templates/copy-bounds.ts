/** What a source may say in a copy. It may be a team's own host, which says whatever the team likes. */
import type { ExportPlan, ExportTemplateResponse } from "../../proto/gen/wrenn/host/v1/host_pb.ts";
import { PIECE_BYTES } from "../../proto/template-frames.ts";

/** More than the disk of any template has layers, than any file has bytes, and than any name has characters. */
const MAX_FILES = 100;
const MAX_FILE_BYTES = 2 ** 42;
const MAX_NAME_LENGTH = 500;

/** Throws for a plan no agent makes. */
export const checkPlan = ({ files, runtimeId }: ExportPlan): void => {
  if (files.length > MAX_FILES) throw new Error(`a template of ${files.length} files is none`);
  if (runtimeId.length > MAX_NAME_LENGTH) throw new Error("its runtime's name is too long");
  for (const { name, digest, sizeBytes } of files) {
    if (name.length > MAX_NAME_LENGTH || digest.length > MAX_NAME_LENGTH) {
      throw new Error("a file's name or digest is too long");
    }
    if (sizeBytes > MAX_FILE_BYTES) throw new Error(`a file cannot have ${sizeBytes} bytes`);
  }
};

const within = (size: number, most: number): number => {
  if (size > most) throw new Error(`a piece of ${size} bytes is too large`);
  return size;
};

/** The bytes of a file that a message stands for. Throws for one no agent sends. */
export const measurePiece = ({ part }: ExportTemplateResponse): number => {
  switch (part.case) {
    case "data":
      return within(part.value.byteLength, PIECE_BYTES);
    case "compressed":
      within(part.value.zstd.byteLength, PIECE_BYTES);
      return within(part.value.size, PIECE_BYTES);
    case "hole":
      return within(Number(part.value), MAX_FILE_BYTES);
    case "file":
      within(part.value.name.length, MAX_NAME_LENGTH);
      return 0;
    default:
      throw new Error("a piece must be a file's name or some of its content");
  }
};
