/** `X-Metadata-<key>` request headers: what an upload says about its file. */
import { Code, ConnectError } from "@connectrpc/connect";

const PREFIX = "x-metadata-";
const KEY = /^[a-z0-9][a-z0-9_.-]{0,127}$/;
/** One extended attribute and its neighbours must fit one block of the file system. */
const MAX_TOTAL_BYTES = 3_072;

/** Throws invalid_argument for a key or an amount that cannot be stored. */
export const metadataOf = (headers: Headers): Record<string, string> => {
  const metadata: Record<string, string> = {};
  let bytes = 0;
  headers.forEach((value, header) => {
    const name = header.toLowerCase();
    if (!name.startsWith(PREFIX)) return;
    const key = name.slice(PREFIX.length);
    if (!KEY.test(key))
      throw new ConnectError(`'${header}' is not a valid metadata header`, Code.InvalidArgument);
    metadata[key] = value;
    bytes += key.length + Buffer.byteLength(value);
  });
  if (bytes > MAX_TOTAL_BYTES) {
    throw new ConnectError(`metadata must not exceed ${MAX_TOTAL_BYTES} bytes`, Code.InvalidArgument);
  }
  return metadata;
};
