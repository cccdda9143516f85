/** Compresses a file ahead of any request, as small as it gets. */
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

/** Writes `path.gz` and `path.br` beside it; a file that does not gain by it gets none. */
export const compressAhead = async (path: string): Promise<void> => {
  const plain = await Bun.file(path).bytes();
  const packed = {
    gz: gzipSync(plain, { level: 9 }),
    br: brotliCompressSync(plain, {
      params: {
        [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
        [constants.BROTLI_PARAM_SIZE_HINT]: plain.byteLength,
      },
    }),
  };
  for (const [ending, bytes] of Object.entries(packed)) {
    if (bytes.byteLength < plain.byteLength * 0.95) await Bun.write(`${path}.${ending}`, bytes);
  }
};
