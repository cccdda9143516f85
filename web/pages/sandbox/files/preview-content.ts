/** What of a file can be shown: text, a picture of a kind that cannot run anything, or nothing. */
import { downloadFile, readStart } from "../../../state/files.ts";

/** Of text: more nobody reads here. */
const TEXT_BYTES = 128 * 1024;
const PICTURE_BYTES = 20 * 1024 * 1024;

/** Not SVG: that is text, and shown as text. */
const PICTURES: Record<string, string> = {
  avif: "image/avif",
  gif: "image/gif",
  ico: "image/x-icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  png: "image/png",
  webp: "image/webp",
};

export type Content =
  | { kind: "text"; text: string; isWhole: boolean }
  /** To be revoked when it is not shown any more. */
  | { kind: "picture"; url: string }
  | { kind: "none"; why: string };

const endingOf = (path: string): string => path.slice(path.lastIndexOf(".") + 1).toLowerCase();

/** Null: it is no text. The last character may be cut in half. */
const decode = (bytes: Uint8Array): string | null => {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
  } catch {
    return null;
  }
};

export const readContent = async (
  id: string,
  { path, size, signal }: { path: string; size: number; signal: AbortSignal },
): Promise<Content> => {
  const type = PICTURES[endingOf(path)];
  if (type !== undefined) {
    if (size > PICTURE_BYTES) return { kind: "none", why: "This picture is too large to be shown here." };
    const blob = await downloadFile(id, path, { signal, onProgress: () => {} });
    return { kind: "picture", url: URL.createObjectURL(new Blob([blob], { type })) };
  }
  const bytes = await readStart(id, path, TEXT_BYTES, signal);
  const text = decode(bytes);
  if (text === null) return { kind: "none", why: "This is no text that could be shown here." };
  return { kind: "text", text, isWhole: bytes.byteLength < TEXT_BYTES };
};
