/**
 * The `metadata` filter of E2B's lists. Its clients encode keys and values, make a query string of them, which
 * encodes them again, and put that into the address, which encodes it a third time.
 */
import { invalidRequest } from "../errors.ts";

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw invalidRequest("metadata", "encoding", `metadata: "${text}" is not a URL-encoded text.`);
  }
};

/** @param text of the parameter, as the framework has decoded it once. Throws 400. */
export const readMetadataFilter = (text: string | undefined): Record<string, string> =>
  Object.fromEntries(
    [...new URLSearchParams(text ?? "")].map(([key, value]) => [decode(key), decode(value)]),
  );
