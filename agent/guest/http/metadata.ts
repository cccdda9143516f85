/** `X-Metadata-<key>` request headers: what an upload says about its file. */
import { Code, ConnectError } from "@connectrpc/connect";

import { METADATA_PREFIX } from "../system/xattr.ts";

const HEADER_PREFIX = "x-metadata-";
/** All that a header's name may hold; HTTP has made it lower case. */
const KEY = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;
const VALUE = /^[\x20-\x7e]*$/;
/** The kernel's 255 for an attribute's name, less our prefix. */
const MAX_KEY_BYTES = 255 - METADATA_PREFIX.length;
/** One extended attribute and its neighbours must fit one block of the file system. */
const MAX_TOTAL_BYTES = 4_096;

const refused = (reason: string): ConnectError => new ConnectError(reason, Code.InvalidArgument);

/** Throws invalid_argument for a key, a value or an amount that cannot be stored. */
export const metadataOf = (headers: Headers): Record<string, string> => {
  const entries: [string, string][] = [];
  let bytes = 0;
  headers.forEach((value, header) => {
    const name = header.toLowerCase();
    if (!name.startsWith(HEADER_PREFIX)) return;
    const key = name.slice(HEADER_PREFIX.length);
    if (!KEY.test(key)) throw refused(`'${header}' is not a valid metadata header`);
    if (key.length > MAX_KEY_BYTES)
      throw refused(`the metadata key '${key}' is longer than ${MAX_KEY_BYTES} bytes`);
    if (!VALUE.test(value)) throw refused(`the metadata value of '${key}' must be printable US-ASCII`);
    entries.push([key, value]);
    bytes += METADATA_PREFIX.length + key.length + value.length;
  });
  if (bytes > MAX_TOTAL_BYTES) throw refused(`metadata must not exceed ${MAX_TOTAL_BYTES} bytes`);
  return Object.fromEntries(entries);
};
